/* Each wants to talk to somebody outside. The baits: TCP and UDP ports of this host, a unix socket, an abstract name, the socket
 * of a broker. No packet is ever sent to another machine: a route to one would be the escape. */
#include "hostile.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netdb.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

static int internet(int kind, const char *host, const char *port) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
    inet_pton(AF_INET, host, &to.sin_addr);
    int fd = socket(AF_INET, kind, 0);
    int done = fd >= 0 && connect(fd, (void *)&to, sizeof to) == 0;
    if (done && kind == SOCK_DGRAM && to.sin_addr.s_addr == htonl(INADDR_LOOPBACK)) {
        char byte = 'x';
        struct timeval wait = {0, 200000};
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
        done = send(fd, &byte, 1, 0) == 1 && recv(fd, &byte, 1, 0) == 1;
    }
    if (fd >= 0) close(fd);
    return got(done, host);
}

static int unix_socket(const char *name, int abstract) {
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    strncpy(to.sun_path + abstract, name, sizeof to.sun_path - 2);
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)abstract + strlen(name) + !abstract);
    return got(fd >= 0 && connect(fd, (void *)&to, size) == 0, name);
}

static int refused(int family, int kind, int protocol) {
    int fd = socket(family, kind, protocol);
    char name[64];
    snprintf(name, sizeof name, "a socket of family %d", family);
    return got(fd >= 0, name);
}

static int tcp(char **bait) { return internet(SOCK_STREAM, "127.0.0.1", bait[4]); }
static int udp(char **bait) { return internet(SOCK_DGRAM, "127.0.0.1", bait[5]); }

static int tcp6(char **bait) {
    struct sockaddr_in6 to = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)atoi(bait[4])), .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    int fd = socket(AF_INET6, SOCK_STREAM, 0);
    return got(fd >= 0 && connect(fd, (void *)&to, sizeof to) == 0, "::1");
}

static int route(char **unused) { (void)unused; return internet(SOCK_DGRAM, "192.0.2.1", "9"); } /* connect alone: nothing is sent */

static int multicast(char **unused) {
    struct ip_mreqn group = {.imr_multiaddr = {htonl(0xEF000001)}};
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    (void)unused;
    return got(setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &group, sizeof group) == 0, "a multicast group");
}

static int unix_path(char **bait) { return unix_socket(bait[6], 0); }
static int abstract(char **bait) { return unix_socket(bait[7], 1); }
static int broker(char **bait) { return unix_socket(bait[8], 0); }

static int interfaces(char **unused) {
    struct ifaddrs *list = NULL;
    int through = 0;
    (void)unused;
    if (getifaddrs(&list)) return 0;
    for (struct ifaddrs *entry = list; entry; entry = entry->ifa_next) through |= got(strcmp(entry->ifa_name, "lo") != 0, entry->ifa_name);
    freeifaddrs(list);
    return through;
}

static int new_interface(char **unused) {
    struct { struct nlmsghdr header; struct ifinfomsg body; char room[256]; } ask = {
        .header = {NLMSG_LENGTH(sizeof(struct ifinfomsg)), RTM_NEWLINK, NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE, 1, 0},
        .body = {.ifi_index = 1, .ifi_change = IFF_UP}};
    struct { struct nlmsghdr header; struct nlmsgerr error; char room[512]; } answer = {0};
    int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
    (void)unused;
    if (fd < 0 || send(fd, &ask, ask.header.nlmsg_len, 0) < 0 || recv(fd, &answer, sizeof answer, 0) < 0) return 0;
    return got(answer.header.nlmsg_type == NLMSG_ERROR && answer.error.error == 0, "an interface changed");
}

static int raw(char **unused) { (void)unused; return refused(AF_INET, SOCK_RAW, IPPROTO_ICMP) | refused(AF_INET6, SOCK_RAW, 58); }
static int packet(char **unused) { (void)unused; return refused(AF_PACKET, SOCK_RAW, 0) | refused(AF_PACKET, SOCK_DGRAM, 0); }

static int netlink(char **unused) {
    int through = 0;
    (void)unused;
    for (int protocol = 1; protocol < 22; protocol++) through |= refused(AF_NETLINK, SOCK_RAW, protocol);
    return through;
}

static int families(char **unused) {
    int through = 0;
    (void)unused;
    for (int family = 3; family < 46; family++)
        if (family != AF_INET6 && family != AF_NETLINK)
            for (int kind = 1; kind < 6; kind++) through |= refused(family, kind, 0);
    return through;
}

static int lookup(char **unused) {
    struct addrinfo *found = NULL;
    (void)unused;
    return got(getaddrinfo("example.org", "80", NULL, &found) == 0, "a name of the world");
}

/* Takes a name that a service outside may look for; the check afterwards is that the host does not see it. */
static int squats(char **bait) {
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    snprintf(name.sun_path + 1, sizeof name.sun_path - 1, "%s", bait[7]);
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(bait[7]));
    return bind(fd, (void *)&name, size) || listen(fd, 1) ? 2 : 0; /* taken in a namespace of its own, it works */
}

static int own_loopback(char **unused) {
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof name;
    int fd = socket(AF_INET, SOCK_STREAM, 0), other = socket(AF_INET, SOCK_STREAM, 0);
    (void)unused;
    if (bind(fd, (void *)&name, size) || listen(fd, 1) || getsockname(fd, (void *)&name, &size)) return 2;
    return connect(other, (void *)&name, size) ? 3 : 0; /* programs may talk to themselves */
}

static const struct program PROGRAMS[] = {
    {"tcp", tcp}, {"udp", udp}, {"tcp6", tcp6}, {"route", route}, {"multicast", multicast}, {"unix path", unix_path},
    {"abstract name", abstract}, {"broker", broker}, {"interfaces", interfaces}, {"new interface", new_interface}, {"raw", raw},
    {"packet", packet}, {"netlink", netlink}, {"families", families}, {"lookup", lookup}, {"squats", squats},
    {"own loopback", own_loopback},
};

MAIN(PROGRAMS)
