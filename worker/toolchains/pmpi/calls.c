/* Entering and leaving MPI calls: what each thread is in, how long, and the counters by call and line. */
#include "shim.h"

#include <sys/syscall.h>
#include <unistd.h>

static _Thread_local Lane *own;
static _Thread_local int depth, counted;
static _Thread_local uint64_t carried;
static _Atomic int callers, blocked;
static Lane spare;
static pthread_key_t at_thread_end;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_mutex_t claim = PTHREAD_MUTEX_INITIALIZER;

static void make_key(void) { pthread_key_create(&at_thread_end, free_lane); }

void free_lane(void *lane) {
    Lane *l = lane;
    pthread_mutex_lock(&claim);
    l->thread = 0;
    atomic_fetch_sub(&callers, 1);
    pthread_mutex_unlock(&claim);
}

/* Each thread that calls MPI has a lane; where there are more threads than lanes nobody is accused of anything. */
static Lane *own_lane(void) {
    if (own) return own;
    Slot *s = slot();
    pthread_once(&once, make_key);
    pthread_mutex_lock(&claim);
    for (int i = 0; i < LANES && !own; i++)
        if (!s->lanes[i].thread) own = &s->lanes[i];
    if (own) {
        own->thread = (uint32_t)syscall(SYS_gettid);
        atomic_fetch_add(&callers, 1);
    } else {
        s->flags |= CROWDED;
    }
    pthread_mutex_unlock(&claim);
    if (!own) return own = &spare;
    pthread_setspecific(at_thread_end, own);
    return own;
}

Lane *enter(const char *call, uintptr_t from) {
    if (depth++) return NULL;
    stress();
    Lane *l = own_lane();
    l->count = l->more = l->unknown = 0;
    l->mode = ALL;
    l->site = site_of(from);
    copy_name(l->call, call);
    carried = 0;
    l->since_ns = now_ns();
    atomic_store_explicit(&l->state, IN_CALL, memory_order_relaxed);
    return l;
}

void add(Lane *l, const Op *op) {
    if (!l) return;
    if (l->count < LISTED) l->ops[l->count++] = *op;
    else l->more++;
}

void moved(Lane *l, uint64_t bytes) {
    if (l) carried += bytes;
}

/* Plain stores do for one thread: the watcher looks at what stands still for seconds. */
static void step(Slot *s) {
    if (threaded) atomic_fetch_add_explicit(&s->progress, 1, memory_order_relaxed);
    else atomic_store_explicit(&s->progress, atomic_load_explicit(&s->progress, memory_order_relaxed) + 1, memory_order_relaxed);
}

/* From here on the call may wait for others. */
void block(Lane *l) {
    if (!l) return;
    Slot *s = slot();
    atomic_store_explicit(&l->state, BLOCKED, memory_order_release);
    step(s);
    if (threaded) return;
    int all = atomic_load_explicit(&callers, memory_order_relaxed);
    if (all > 1) {
        counted = 1;
        if (atomic_fetch_add(&blocked, 1) + 1 < all) return;
    }
    atomic_store_explicit(&s->phase, BLOCKED, memory_order_release);
}

static Callsite *callsite(const Lane *l) {
    Callsite *all = counters()->callsites;
    size_t start = (size_t)((l->site * 0x9E3779B97F4A7C15u) >> 40) + (size_t)(unsigned char)l->call[4] * 7 + (size_t)l->call[5];
    for (size_t i = 0; i < CALLSITES - 1; i++) {
        Callsite *c = &all[(start + i) % (CALLSITES - 1)];
        if (!c->count) {
            memcpy(c->call, l->call, sizeof c->call);
            c->site = l->site;
        }
        if (c->site == l->site && !strncmp(c->call, l->call, sizeof c->call)) return c;
    }
    /* The table is full: what is left goes under one name. */
    copy_name(all[CALLSITES - 1].call, "others");
    return &all[CALLSITES - 1];
}

static void account(const Lane *l) {
    uint64_t took = now_ns() - l->since_ns;
    guard();
    Callsite *c = callsite(l);
    c->count++;
    c->time_ns += took;
    c->bytes += carried;
    if (took > c->longest_ns) c->longest_ns = took;
    unguard();
}

static void unblock(Lane *l) {
    Slot *s = slot();
    if (atomic_load_explicit(&l->state, memory_order_relaxed) == BLOCKED)
        atomic_store_explicit(&s->phase, RUNNING, memory_order_release);
    if (counted) atomic_fetch_sub(&blocked, 1);
    counted = 0;
    atomic_store_explicit(&l->state, 0, memory_order_release);
    /* MPI_Abort may return before the launcher ends the rank; what counts is where it was called. */
    if (!(s->flags & ABORTED)) s->last_site = l->site;
    step(s);
}

int leave(Lane *l, int code) {
    depth--;
    if (!l) return code;
    account(l);
    unblock(l);
    return code;
}

/* A question without an answer is no progress: a rank that only asks on is remembered with what it asks for. */
int leave_poll(Lane *l, int code, int answered) {
    if (!l || answered) return leave(l, code);
    depth--;
    account(l);
    Slot *s = slot();
    atomic_store_explicit(&l->state, 0, memory_order_release);
    atomic_fetch_add_explicit(&s->polls, 1, memory_order_relaxed);
    if (s->poll.site != l->site || s->poll.count != l->count || s->poll.since_ns + 100000000u < l->since_ns) s->poll = *l;
    s->polled_ns = l->since_ns;
    s->last_site = l->site;
    return code;
}
