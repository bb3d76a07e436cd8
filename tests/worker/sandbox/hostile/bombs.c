/* Each takes more of one thing than it was given. None ends by itself. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <unistd.h>

static void touch(volatile char *block, size_t size) {
    for (size_t i = 0; i < size; i += 4096) block[i] = 1;
}

static void forks(void) { for (;;) fork(); }

static void *idle(void *unused) { pause(); return unused; }

static void threads(void) {
    pthread_t thread;
    pthread_attr_t small;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, 65536);
    for (;;) pthread_create(&thread, &small, idle, NULL);
}

static void memory(void) {
    char *block = malloc(10ul << 30);
    if (block) touch(block, 10ul << 30);
    for (;;) { block = malloc(1 << 20); if (block) touch(block, 1 << 20); }
}

static void many_small(void) {
    for (int i = 0; i < 8; i++) if (fork() == 0) for (;;) { char *block = malloc(1 << 20); if (block) touch(block, 1 << 20); }
    pause();
}

static void shared(void) {
    for (;;) {
        void *block = mmap(NULL, 16 << 20, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (block != MAP_FAILED) touch(block, 16 << 20);
    }
}

static void system_v(void) {
    for (;;) {
        void *block = shmat(shmget(IPC_PRIVATE, 4 << 20, IPC_CREAT | 0600), NULL, 0);
        if (block != (void *)-1) { touch(block, 4 << 20); shmdt(block); }
    }
}

static void inodes(void) {
    char name[64];
    for (unsigned long i = 0;; i++) {
        snprintf(name, sizeof name, "/tmp/%lu", i);
        int fd = open(name, O_CREAT | O_WRONLY, 0600);
        if (fd >= 0) close(fd);
    }
}

static void fill(const char *name) {
    static char block[1 << 20];
    int fd = open(name, O_CREAT | O_WRONLY, 0600);
    while (write(fd, block, sizeof block) > 0) {}
    puts("full");
    exit(0);
}

static void flood(int fd) {
    static char block[1 << 16];
    memset(block, 'x', sizeof block);
    for (;;) (void)!write(fd, block, sizeof block);
}

int main(int argc, char **argv) {
    const char *what = argc > 1 ? argv[1] : "";
    if (!strcmp(what, "forks")) forks();
    if (!strcmp(what, "threads")) threads();
    if (!strcmp(what, "memory")) memory();
    if (!strcmp(what, "many small")) many_small();
    if (!strcmp(what, "shared")) shared();
    if (!strcmp(what, "system v")) system_v();
    if (!strcmp(what, "inodes")) inodes();
    if (!strcmp(what, "file")) fill("/box/file");
    if (!strcmp(what, "dev shm")) fill("/dev/shm/file");
    if (!strcmp(what, "stdout")) flood(1);
    if (!strcmp(what, "stderr")) flood(2);
    return 99;
}
