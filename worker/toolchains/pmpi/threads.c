/* Ranks with several threads: such a rank waits only when every thread that could call MPI waits.
 *
 * A helper looks ten times a second: threads in a blocking MPI call wait; so do threads asleep on a futex without a time limit
 * (pthread_join, a mutex, a condition), for only another thread wakes them. Any other thread excuses the rank. Limits: where
 * /proc/self/task/N/syscall cannot be read every rank with threads counts as running; a thread that waits for another process
 * through a futex in shared memory is taken for one that waits for this process.
 */
#include "shim.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { MANY = 256, FUTEX_WAIT_FOREVER = 0, FUTEX_WAIT_BITS = 9, FUTEX_COMMAND = 0x7f };

static uint32_t of_library[MANY], of_program[MANY];
static int library_threads, programs_threads;
static uint32_t helper;

static int list(uint32_t *found) {
    int count = 0;
    DIR *tasks = opendir("/proc/self/task");
    if (!tasks) return MANY + 1;
    for (struct dirent *entry = readdir(tasks); entry; entry = readdir(tasks)) {
        int thread = atoi(entry->d_name);
        if (thread <= 0) continue;
        if (count < MANY) found[count] = (uint32_t)thread;
        count++;
    }
    closedir(tasks);
    return count;
}

static int is_asleep(uint32_t thread) {
    char path[64], text[256];
    unsigned long number, address, operation, value, limit;
    snprintf(path, sizeof path, "/proc/self/task/%u/syscall", thread);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return 0;
    ssize_t length = read(file, text, sizeof text - 1);
    close(file);
    if (length <= 0) return 0;
    text[length] = 0;
    if (sscanf(text, "%lu 0x%lx 0x%lx 0x%lx 0x%lx", &number, &address, &operation, &value, &limit) != 5) return 0;
    int command = (int)(operation & FUTEX_COMMAND);
    return number == SYS_futex && limit == 0 && (command == FUTEX_WAIT_FOREVER || command == FUTEX_WAIT_BITS);
}

static int waits(const Slot *s, uint32_t thread) {
    for (int i = 0; i < library_threads; i++)
        if (of_library[i] == thread) return 1;
    for (int i = 0; i < LANES; i++)
        if (s->lanes[i].thread == thread && atomic_load(&s->lanes[i].state) == BLOCKED) return 1;
    return thread == helper || is_asleep(thread);
}

static int in_calls(const Slot *s) {
    int count = 0;
    for (int i = 0; i < LANES; i++) count += s->lanes[i].thread && atomic_load(&s->lanes[i].state) == BLOCKED;
    return count;
}

void refresh_phase(void) {
    Slot *s = slot();
    uint32_t found[MANY];
    uint64_t before = atomic_load(&s->progress);
    int count = list(found), all = count <= MANY && in_calls(s);
    for (int i = 0; i < count && all; i++) all = waits(s, found[i]);
    if (atomic_load(&s->phase) != EXITED && atomic_load(&s->progress) == before) atomic_store(&s->phase, all ? BLOCKED : RUNNING);
}

static void *look(void *unused) {
    (void)unused;
    helper = (uint32_t)syscall(SYS_gettid);
    for (;;) {
        usleep(100000);
        refresh_phase();
    }
    return NULL;
}

void note_threads(void) {
    programs_threads = list(of_program);
}

/* Called after MPI_Init_thread: the threads that came with it belong to the library. */
void watch_threads(void) {
    pthread_t thread;
    uint32_t found[MANY];
    int count = list(found);
    for (int i = 0; i < count && i < MANY && programs_threads <= MANY; i++) {
        int known = 0;
        for (int j = 0; j < programs_threads; j++) known |= of_program[j] == found[i];
        if (!known) of_library[library_threads++] = found[i];
    }
    if (!pthread_create(&thread, NULL, look, NULL)) pthread_detach(thread);
}
