/* Tells ThreadSanitizer what libgomp orders: forks, joins, barriers, locks, tasks, ordered and doacross regions.
 *
 * gcc's OpenMP runtime synchronises by futexes that ThreadSanitizer does not see, so every correct program would look racy. Each
 * entry point of the runtime is wrapped here by a definition of the same name in the program, which calls the runtime's own and
 * announces the order by __tsan_acquire and __tsan_release. Compiled without instrumentation and linked into the program.
 *
 * Limits: libgomp's interface as of gcc 9 to 14 on Linux; orders more than the standard does where one object stands for several
 * (single regions, doacross, tasks whose numbers collide): that can hide a race, never invent one. Tasks that one thread
 * happens to run are ordered by it. Target regions run on the host; teams, cancellation and detached tasks only as far as these.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

void __tsan_acquire(void *address);
void __tsan_release(void *address);

typedef unsigned long long ull;
typedef void body(void *);

#define REAL(type, name, arguments) \
    static type(*real) arguments;   \
    if (!real) real = (type(*) arguments)dlsym(RTLD_NEXT, #name)

/* ---- teams ---- */

struct team {
    void *reductions; /* the runtime reads the first word of the data as its table of task reductions */
    body *run;
    void *data;
    char fork, join, single, ordered, across, tasks, barrier[2];
};

/* What a thread is doing: its team (the last one stays when a region ends), barriers passed in it, the task it runs. */
struct place {
    struct team *team;
    unsigned barriers;
    unsigned task;
};

enum { TASK_OBJECTS = 4096 };
static struct team outermost;
static char task_made[TASK_OBJECTS], task_done[TASK_OBJECTS], dependence_in[TASK_OBJECTS], dependence_out[TASK_OBJECTS];
static unsigned last_task = 1;
static __thread struct place here;

static unsigned new_task(void) { return __atomic_add_fetch(&last_task, 1, __ATOMIC_RELAXED); }

static struct team *team(void) { return here.team ? here.team : &outermost; }

/* Short programs would be over before a second thread has begun: the first takers of sections and tasks wait for company. */
static void spread(void) {
    static int left = 200;
    static const struct timespec moment = {0, 200000};
    if (__atomic_sub_fetch(&left, 1, __ATOMIC_RELAXED) > 0) nanosleep(&moment, NULL);
}

static void work(void *opaque) {
    struct team *mine = opaque;
    struct place before = here;
    spread();
    here = (struct place){mine, 0, new_task()};
    __tsan_acquire(&mine->fork);
    mine->run(mine->data);
    __tsan_release(&mine->join);
    here = before;
}

#define IN_TEAM(call)                     \
    struct team mine = {.reductions = data ? *(void **)data : NULL, .run = run, .data = data}; \
    __tsan_release(&mine.fork);                                                                \
    call;                                                                                      \
    __tsan_acquire(&mine.tasks);                                                               \
    __tsan_acquire(&mine.join)

void GOMP_parallel(body *run, void *data, unsigned threads, unsigned flags) {
    REAL(void, GOMP_parallel, (body *, void *, unsigned, unsigned));
    IN_TEAM(real(work, &mine, threads, flags));
}

unsigned GOMP_parallel_reductions(body *run, void *data, unsigned threads, unsigned flags) {
    REAL(unsigned, GOMP_parallel_reductions, (body *, void *, unsigned, unsigned));
    unsigned formed;
    IN_TEAM(formed = real(work, &mine, threads, flags));
    return formed;
}

void GOMP_parallel_sections(body *run, void *data, unsigned threads, unsigned count, unsigned flags) {
    REAL(void, GOMP_parallel_sections, (body *, void *, unsigned, unsigned, unsigned));
    IN_TEAM(real(work, &mine, threads, count, flags));
}

#define PARALLEL_LOOP(name)                                                                                          \
    void name(body *run, void *data, unsigned threads, long start, long end, long step, long chunk, unsigned flags) { \
        REAL(void, name, (body *, void *, unsigned, long, long, long, long, unsigned));                              \
        IN_TEAM(real(work, &mine, threads, start, end, step, chunk, flags));                                         \
    }
#define PARALLEL_LOOP_RUNTIME(name)                                                                      \
    void name(body *run, void *data, unsigned threads, long start, long end, long step, unsigned flags) { \
        REAL(void, name, (body *, void *, unsigned, long, long, long, unsigned));                        \
        IN_TEAM(real(work, &mine, threads, start, end, step, flags));                                    \
    }
PARALLEL_LOOP(GOMP_parallel_loop_static)
PARALLEL_LOOP(GOMP_parallel_loop_dynamic)
PARALLEL_LOOP(GOMP_parallel_loop_guided)
PARALLEL_LOOP(GOMP_parallel_loop_nonmonotonic_dynamic)
PARALLEL_LOOP(GOMP_parallel_loop_nonmonotonic_guided)
PARALLEL_LOOP_RUNTIME(GOMP_parallel_loop_runtime)
PARALLEL_LOOP_RUNTIME(GOMP_parallel_loop_nonmonotonic_runtime)
PARALLEL_LOOP_RUNTIME(GOMP_parallel_loop_maybe_nonmonotonic_runtime)

/* ---- shares that the first comer takes ---- */

#define SPREAD(type, name, parameters, arguments) \
    type name parameters {                        \
        REAL(type, name, parameters);             \
        type taken = real arguments;              \
        if (taken) spread();                      \
        return taken;                             \
    }
SPREAD(unsigned, GOMP_sections_start, (unsigned count), (count))
SPREAD(unsigned, GOMP_sections_next, (void), ())
SPREAD(bool, GOMP_loop_dynamic_start, (long a, long b, long c, long d, long *e, long *f), (a, b, c, d, e, f))
SPREAD(bool, GOMP_loop_nonmonotonic_dynamic_start, (long a, long b, long c, long d, long *e, long *f), (a, b, c, d, e, f))
SPREAD(bool, GOMP_loop_dynamic_next, (long *start, long *end), (start, end))
SPREAD(bool, GOMP_loop_nonmonotonic_dynamic_next, (long *start, long *end), (start, end))

/* ---- barriers, of their own and at the end of work shares ---- */

/* Two objects in turn: a fast thread announces the next barrier before a slow one has left this one. */
#define AT_BARRIER(call)                                        \
    char *object = &team()->barrier[here.barriers++ & 1];       \
    __tsan_release(object);                                     \
    call;                                                       \
    __tsan_acquire(&team()->tasks);                             \
    __tsan_acquire(object)

#define BARRIER(name)                 \
    void name(void) {                 \
        REAL(void, name, (void));     \
        AT_BARRIER(real());           \
    }
#define BARRIER_THAT_TELLS(name)      \
    bool name(void) {                 \
        REAL(bool, name, (void));     \
        bool cancelled;               \
        AT_BARRIER(cancelled = real()); \
        return cancelled;             \
    }
BARRIER(GOMP_barrier)
BARRIER(GOMP_loop_end)
BARRIER(GOMP_sections_end)
BARRIER_THAT_TELLS(GOMP_barrier_cancel)
BARRIER_THAT_TELLS(GOMP_loop_end_cancel)
BARRIER_THAT_TELLS(GOMP_sections_end_cancel)

void GOMP_workshare_task_reduction_unregister(bool cancelled) {
    REAL(void, GOMP_workshare_task_reduction_unregister, (bool));
    AT_BARRIER(real(cancelled));
}

/* ---- mutual exclusion ---- */

static char critical_object, atomic_object;

#define ENTER(name, parameters, arguments, object) \
    void name parameters {                         \
        REAL(void, name, parameters);              \
        real arguments;                            \
        __tsan_acquire(object);                    \
    }
#define LEAVE(name, parameters, arguments, object) \
    void name parameters {                         \
        REAL(void, name, parameters);              \
        __tsan_release(object);                    \
        real arguments;                            \
    }
#define TRY(type, name, parameters, arguments, object) \
    type name parameters {                             \
        REAL(type, name, parameters);                  \
        type taken = real arguments;                   \
        if (taken) __tsan_acquire(object);             \
        return taken;                                  \
    }
ENTER(GOMP_critical_start, (void), (), &critical_object)
LEAVE(GOMP_critical_end, (void), (), &critical_object)
ENTER(GOMP_critical_name_start, (void **lock), (lock), lock)
LEAVE(GOMP_critical_name_end, (void **lock), (lock), lock)
ENTER(GOMP_atomic_start, (void), (), &atomic_object)
LEAVE(GOMP_atomic_end, (void), (), &atomic_object)
ENTER(omp_set_lock, (void *lock), (lock), lock)
LEAVE(omp_unset_lock, (void *lock), (lock), lock)
TRY(int, omp_test_lock, (void *lock), (lock), lock)
ENTER(omp_set_nest_lock, (void *lock), (lock), lock)
LEAVE(omp_unset_nest_lock, (void *lock), (lock), lock)
TRY(int, omp_test_nest_lock, (void *lock), (lock), lock)
ENTER(GOMP_ordered_start, (void), (), &team()->ordered)
LEAVE(GOMP_ordered_end, (void), (), &team()->ordered)
LEAVE(GOMP_doacross_post, (long *counts), (counts), &team()->across)
LEAVE(GOMP_doacross_ull_post, (ull *counts), (counts), &team()->across)

/* Variadic with as many numbers as loops are nested; more are passed on than were given, and not read by the runtime. */
#define DOACROSS_WAIT(name, type)                                                                                    \
    void name(type first, ...) {                                                                                     \
        REAL(void, name, (type, ...));                                                                               \
        type rest[MOST_LOOPS];                                                                                       \
        va_list given;                                                                                               \
        va_start(given, first);                                                                                      \
        for (int i = 0; i < MOST_LOOPS; i++) rest[i] = va_arg(given, type);                                          \
        va_end(given);                                                                                               \
        real(first, rest[0], rest[1], rest[2], rest[3], rest[4], rest[5], rest[6]);                                  \
        __tsan_acquire(&team()->across);                                                                             \
    }
enum { MOST_LOOPS = 7 };
DOACROSS_WAIT(GOMP_doacross_wait, long)
DOACROSS_WAIT(GOMP_doacross_ull_wait, ull)

/* One copies out of a single region, the others wait for what it copied. */
void *GOMP_single_copy_start(void) {
    REAL(void *, GOMP_single_copy_start, (void));
    void *copied = real();
    if (copied) __tsan_acquire(&team()->single);
    return copied;
}

LEAVE(GOMP_single_copy_end, (void *data), (data), &team()->single)

#include "omp_tsan_tasks.h"
