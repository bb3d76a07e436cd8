/* What every hostile program shares: many of them in one file, chosen by the first argument. The second marks its processes;
 * the others are baits of the host. A program prints ESCAPED when it got through a wall; nothing else may print that word. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

struct program { const char *name; int (*run)(char **argument); };

/* Exit code 0: the wall held. */
static int __attribute__((unused)) got(int through, const char *what) {
    if (through) printf("ESCAPED: %s\n", what);
    return through != 0;
}

/* Exit code 0 only when the call failed with that error. */
static int __attribute__((unused)) fails(long result, int wanted, const char *what) {
    if (result != -1) return got(1, what);
    if (errno == wanted) return 0;
    printf("%s: %s\n", what, strerror(errno));
    return 2;
}

static int __attribute__((unused)) opens(const char *path, int flags) {
    int fd = open(path, flags | O_CLOEXEC, 0600);
    if (fd >= 0) close(fd);
    return got(fd >= 0, path);
}

static int choose(const struct program *programs, size_t count, int argc, char **argv) {
    for (size_t i = 0; argc > 2 && i < count; i++)
        if (!strcmp(programs[i].name, argv[1])) return programs[i].run(argv + 3);
    fprintf(stderr, "no such program: %s\n", argc > 1 ? argv[1] : "");
    return 99;
}

#define MAIN(programs) \
    int main(int argc, char **argv) { return choose(programs, sizeof programs / sizeof *programs, argc, argv); }
