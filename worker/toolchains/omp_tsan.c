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

/* ---- tasks ---- */

struct task {
    body *run;
    void *data;
    struct team *team;
    unsigned parent, id;
    void **depend;
};

static char *made_object(unsigned id) { return &task_made[id % TASK_OBJECTS]; }

static char *done_object(unsigned id) { return &task_done[id % TASK_OBJECTS]; }

static unsigned address_number(void *address) { return (unsigned)(((uintptr_t)address >> 3) % TASK_OBJECTS); }

struct dependences {
    size_t all, out;
    void **first;
};

static struct dependences dependences(void **depend) {
    if (depend[0]) return (struct dependences){(size_t)depend[0], (size_t)depend[1], depend + 2};
    /* OpenMP 5: the number of all, of out and inout, of mutexinoutset, of in; mutexinoutset counts as out. */
    return (struct dependences){(size_t)depend[1], (size_t)depend[2] + (size_t)depend[3], depend + 5};
}

static void after_dependences(void **depend) {
    if (!depend) return;
    struct dependences list = dependences(depend);
    for (size_t i = 0; i < list.all; i++) {
        unsigned number = address_number(list.first[i]);
        __tsan_acquire(&dependence_out[number]);
        if (i < list.out) __tsan_acquire(&dependence_in[number]);
    }
}

static void before_dependants(void **depend) {
    struct dependences list = dependences(depend);
    for (size_t i = 0; i < list.all; i++) {
        unsigned number = address_number(list.first[i]);
        __tsan_release(i < list.out ? &dependence_out[number] : &dependence_in[number]);
    }
}

static void begin(const struct task *task, struct place *before) {
    *before = here;
    here.team = task->team;
    here.task = task->id;
    after_dependences(task->depend);
}

static void end(const struct task *task, const struct place *before) {
    if (task->depend) before_dependants(task->depend);
    __tsan_release(done_object(task->parent));
    __tsan_release(&(task->team ? task->team : &outermost)->tasks);
    here.team = before->team;
    here.task = before->task;
}

static void run_task(void *opaque) {
    struct task *task = *(struct task **)opaque;
    struct place before;
    __tsan_acquire(made_object(task->id));
    begin(task, &before);
    spread();
    task->run(task->data);
    end(task, &before);
    free(task->depend);
    free(task);
}

static void **copied_depend(void **depend) {
    if (!depend) return NULL;
    size_t length = depend[0] ? 2 + (size_t)depend[0] : 5 + (size_t)depend[1];
    void **copy = malloc(length * sizeof *copy);
    return copy ? memcpy(copy, depend, length * sizeof *copy) : NULL;
}

/* A record of ours with the task's data behind it, copied as the runtime would have done. */
static struct task *record(body *run, void *data, void (*copy)(void *, void *), long size, long align) {
    size_t start = sizeof(struct task) + (size_t)align;
    struct task *task = malloc(start + (size_t)size);
    if (!task) abort();
    uintptr_t place = ((uintptr_t)(task + 1) + (uintptr_t)align - 1) / (uintptr_t)align * (uintptr_t)align;
    *task = (struct task){.run = run, .data = (void *)place, .team = here.team, .parent = here.task};
    task->id = new_task();
    if (copy) copy(task->data, data);
    else memcpy(task->data, data, (size_t)size);
    return task;
}

enum { DEPEND = 8, DETACH = 64 };

void GOMP_task(body *run, void *data, void (*copy)(void *, void *), long size, long align, bool deferred, unsigned flags,
               void **depend, int priority, void *detach) {
    REAL(void, GOMP_task, (body *, void *, void (*)(void *, void *), long, long, bool, unsigned, void **, int, void *));
    if (!(flags & DEPEND)) depend = NULL;
    /* The event of a detached task is written into its data by the runtime. */
    if (flags & DETACH) {
        after_dependences(depend);
        real(run, data, copy, size, align, deferred, flags, depend, priority, detach);
        if (depend) before_dependants(depend);
        return;
    }
    struct task *task = record(run, data, copy, size, align ? align : 1);
    task->depend = copied_depend(depend);
    __tsan_release(made_object(task->id));
    real(run_task, &task, NULL, sizeof task, _Alignof(struct task *), deferred, flags, depend, priority, detach);
}

/* The runtime writes the bounds of each part into the first two words of its copy of the data. */
struct part {
    long start, end;
    struct task task;
    void (*copy)(void *, void *);
    size_t size, align;
};

static char *data_of(struct part *part) {
    return (char *)(((uintptr_t)(part + 1) + part->align - 1) / part->align * part->align);
}

static void copy_part(void *to, void *from) {
    struct part *source = from, *target = to;
    *target = *source;
    if (source->copy) source->copy(data_of(target), data_of(source));
    else memcpy(data_of(target), data_of(source), source->size);
}

static void run_part(void *opaque) {
    struct part *part = opaque;
    struct place before;
    long *bounds = (long *)data_of(part);
    bounds[0] = part->start;
    bounds[1] = part->end;
    __tsan_acquire(made_object(part->task.id));
    part->task.id = new_task();
    begin(&part->task, &before);
    spread();
    part->task.run(bounds);
    end(&part->task, &before);
}

#define TASKLOOP(name, type)                                                                                                    \
    void name(body *run, void *data, void (*copy)(void *, void *), long size, long align, unsigned flags, unsigned long tasks, \
              int priority, type start, type end, type step) {                                                                  \
        REAL(void, name, (body *, void *, void (*)(void *, void *), long, long, unsigned, unsigned long, int, type, type, type)); \
        size_t unit = align > (long)_Alignof(struct part) ? (size_t)align : _Alignof(struct part);                              \
        size_t whole = sizeof(struct part) + unit + (size_t)size;                                                               \
        struct part *part = aligned_alloc(unit, (whole + unit - 1) / unit * unit);                                              \
        if (!part) abort();                                                                                                     \
        *part = (struct part){.task = {.run = run, .team = here.team, .parent = here.task}, .copy = copy};                      \
        part->size = (size_t)size, part->align = unit;                                                                          \
        part->task.id = new_task();                                                    \
        memcpy(data_of(part), data, (size_t)size);                                                                              \
        __tsan_release(made_object(part->task.id));                                                                                              \
        real(run_part, part, copy_part, (long)whole, (long)unit, flags, tasks, priority, start, end, step);                     \
        __tsan_acquire(done_object(here.task));                                                                                 \
        free(part);                                                                                                             \
    }
TASKLOOP(GOMP_taskloop, long)
TASKLOOP(GOMP_taskloop_ull, ull)

#define WAIT_FOR_TASKS(name)                       \
    void name(void) {                              \
        REAL(void, name, (void));                  \
        real();                                    \
        __tsan_acquire(done_object(here.task));    \
    }
WAIT_FOR_TASKS(GOMP_taskwait)

void GOMP_taskgroup_end(void) {
    REAL(void, GOMP_taskgroup_end, (void));
    real();
    /* All descendants are done, not the children alone. */
    __tsan_acquire(&team()->tasks);
}

void GOMP_taskwait_depend(void **depend) {
    REAL(void, GOMP_taskwait_depend, (void **));
    real(depend);
    after_dependences(depend);
}
