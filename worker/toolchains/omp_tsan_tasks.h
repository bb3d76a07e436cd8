/* The tasks of OpenMP as omp_tsan.c tells of them; that file includes this one, and its limits hold here.
 *
 * Each task runs through a record of ours that knows its parent and its team: what was done before it was made comes before it, and
 * what it did comes before the end of whatever waits for it.
 */
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

#define TASKLOOP(name, type) \
    void name(body *run, void *data, void (*copy)(void *, void *), long size, long align, unsigned flags, unsigned long tasks, \
              int priority, type start, type end, type step) { \
        REAL(void, name, (body *, void *, void (*)(void *, void *), long, long, unsigned, unsigned long, int, type, type, type)); \
        size_t unit = align > (long)_Alignof(struct part) ? (size_t)align : _Alignof(struct part); \
        size_t whole = sizeof(struct part) + unit + (size_t)size; \
        struct part *part = aligned_alloc(unit, (whole + unit - 1) / unit * unit); \
        if (!part) abort(); \
        *part = (struct part){.task = {.run = run, .team = here.team, .parent = here.task}, .copy = copy}; \
        part->size = (size_t)size, part->align = unit; \
        part->task.id = new_task(); \
        memcpy(data_of(part), data, (size_t)size); \
        __tsan_release(made_object(part->task.id)); \
        real(run_part, part, copy_part, (long)whole, (long)unit, flags, tasks, priority, start, end, step); \
        __tsan_acquire(done_object(here.task)); \
        free(part); \
    }
TASKLOOP(GOMP_taskloop, long)
TASKLOOP(GOMP_taskloop_ull, ull)

#define WAIT_FOR_TASKS(name) \
    void name(void) { \
        REAL(void, name, (void)); \
        real(); \
        __tsan_acquire(done_object(here.task)); \
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
