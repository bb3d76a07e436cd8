/* Each says more than anyone wants to hear, or says it badly. */
#include "hostile.h"

static char block[1 << 16];

static int flood(int fd) {
    memset(block, 'x', sizeof block);
    for (;;) (void)!write(fd, block, sizeof block);
}

static int to_stdout(char **unused) { (void)unused; return flood(1); }
static int to_stderr(char **unused) { (void)unused; return flood(2); }

static int many_writers(char **unused) {
    (void)unused;
    for (int i = 0; i < 20; i++) if (fork() == 0) flood(1 + i % 2);
    return 0; /* the first is gone, its children go on */
}

static int reopened(char **unused) {
    (void)unused;
    return flood(open("/proc/self/fd/1", O_WRONLY));
}

/* A cap on each call, or on lines, would let these through. */
static int bytewise(char **unused) {
    (void)unused;
    for (;;) (void)!write(2, "\n", 1);
}

static int after_end(char **unused) {
    (void)unused;
    if (fork() == 0) { setsid(); signal(SIGTERM, SIG_IGN); flood(1); }
    usleep(300000);
    return 0;
}

static int nasty_bytes(char **unused) {
    (void)unused;
    for (int i = 0; i < 256; i++) putchar(i);
    fputs("\033[2J\033]0;title\007\xed\xa0\x80\xf4\x90\x80\x80\xc0\x80\xe2\x80\xae{\"status\": \"ok\"}", stdout);
    return 0;
}

static int clogged(char **unused) {
    int size = 0;
    (void)unused;
    fcntl(1, F_SETFL, O_NONBLOCK);
    fcntl(1, F_SETPIPE_SZ, 4096);
    while (size < 1 << 19) {
        ssize_t done = write(1, block, 4096);
        if (done > 0) size += (int)done;
    }
    return 0;
}

static const struct program PROGRAMS[] = {
    {"stdout", to_stdout}, {"stderr", to_stderr}, {"many writers", many_writers}, {"reopened", reopened}, {"bytewise", bytewise},
    {"after the end", after_end}, {"nasty bytes", nasty_bytes}, {"clogged", clogged},
};

MAIN(PROGRAMS)
