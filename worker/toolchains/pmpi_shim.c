/* What each MPI rank is doing, for a watcher outside: loaded by LD_PRELOAD, it writes one slot of shared memory a rank.
 *
 * A slot names the blocking call a rank is in, its peers and tags, and the place in the program (return address less load bias);
 * further how a rank ended: exit code, signal, MPI_Abort. worker/toolchains/shim.py reads the same layout.
 * Limits: the program can forge its slot, so this explains verdicts and never makes a good one. MPI-IO, one-sided data
 * calls, neighbourhood collectives and the _c variants are not wrapped: a rank in them counts as running.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <mpi.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

enum { SLOT_BYTES = 512, NONE = -1000, ANY = -1, NOWHERE = -2, TABLE = 1024, LISTED = 3 };
enum { RUNNING = 0, BLOCKED = 1, EXITED = 2 };
#define UNKNOWN_BYTES (UINT64_C(1) << 48)
enum { INITIALISED = 1, FINALIZED = 2, ABORTED = 4, SIGNALLED = 8 };

typedef struct {
    _Atomic uint32_t pid;
    _Atomic uint32_t phase;
    _Atomic uint64_t progress;
    uint64_t site, bytes;
    uint32_t in_program, flags;
    int32_t exit_code, signal;
    int32_t source, source_world, source_tag;
    int32_t dest, dest_world, dest_tag;
    int32_t root;
    uint32_t comm_size, comm_hash, in_call;
    char call[36];
    char requests[256];
} Slot;

_Static_assert(sizeof(Slot) <= SLOT_BYTES, "a slot must fit its place");

typedef struct {
    MPI_Comm handle;
    int known, size;
    uint32_t hash;
    int *world;
} Group;

typedef struct {
    MPI_Request handle;
    const char *call;
    int peer, tag, is_receive;
    uint64_t bytes;
} Pending;

/* What a call is about to do; fields that do not apply are NONE. */
typedef struct {
    const char *call;
    MPI_Comm comm;
    int source, source_tag, dest, dest_tag, root;
    uint64_t bytes;
} Call;

static Slot *mapped;
static Slot *mine;
static Slot unwatched;
static _Atomic int callers, blocked;
static int threaded, threads_at_start;
static _Thread_local int depth, counted;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static Group groups[TABLE];
static Pending pending[TABLE];
static char alternate_stack[16384];

static int own_rank(void) {
    const char *names[] = {"PMI_RANK", "OMPI_COMM_WORLD_RANK", "PMIX_RANK"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (getenv(names[i])) return atoi(getenv(names[i]));
    return -1;
}

/* The first process of a rank that needs its slot owns it; helpers that the program starts do not. */
static Slot *slot(void) {
    if (mine) return mine;
    if (!mapped) return &unwatched;
    uint32_t nobody = 0, self = (uint32_t)getpid();
    if (!atomic_compare_exchange_strong(&mapped->pid, &nobody, self) && nobody != self) return &unwatched;
    return mine = mapped;
}

static void note_site(Slot *s, uintptr_t address) {
    Dl_info info;
    struct link_map *map = NULL;
    s->in_program = 0;
    s->site = 0;
    if (dladdr1((void *)address, &info, (void **)&map, RTLD_DL_LINKMAP) && map) {
        s->site = address - map->l_addr;
        s->in_program = map->l_name[0] == 0;
    }
}

static size_t place_of(const void *handle, size_t size) {
    uint64_t value = 0;
    memcpy(&value, handle, size);
    return (size_t)((value * 0x9E3779B97F4A7C15u) >> 54) % TABLE;
}

static void learn_group(Group *g, MPI_Comm comm) {
    int inter = 0;
    MPI_Group local, world;
    g->handle = comm;
    g->known = 1;
    g->hash = 1;
    PMPI_Comm_size(comm, &g->size);
    PMPI_Comm_test_inter(comm, &inter);
    free(g->world);
    g->world = NULL;
    if (inter) { g->hash = 0; return; }
    int *ranks = malloc(sizeof(int) * (size_t)g->size);
    g->world = malloc(sizeof(int) * (size_t)g->size);
    for (int i = 0; i < g->size; i++) ranks[i] = i;
    PMPI_Comm_group(comm, &local);
    PMPI_Comm_group(MPI_COMM_WORLD, &world);
    PMPI_Group_translate_ranks(local, g->size, ranks, world, g->world);
    PMPI_Group_free(&local);
    PMPI_Group_free(&world);
    free(ranks);
    for (int i = 0; i < g->size; i++) g->hash = g->hash * 31u + (uint32_t)g->world[i] + 7u;
}

static Group *group_of(MPI_Comm comm) {
    Group *g = &groups[place_of(&comm, sizeof comm)];
    if (!g->known || g->handle != comm) learn_group(g, comm);
    return g;
}

static int peer(int rank) { return rank == MPI_ANY_SOURCE ? ANY : rank == MPI_PROC_NULL ? NOWHERE : rank; }

static int tag_of(int tag) { return tag == MPI_ANY_TAG ? ANY : tag; }

static int in_world(const Group *g, int rank) {
    return rank >= 0 && rank < g->size && g->world ? g->world[rank] : rank == ANY || rank == NOWHERE ? rank : NONE;
}

static void describe(Slot *s, const Call *c, uintptr_t from) {
    /* MPI_Abort may return before the launcher kills the rank; what counts is where it was called. */
    if (s->flags & ABORTED) return;
    s->source = c->source;
    s->source_tag = c->source_tag;
    s->dest = c->dest;
    s->dest_tag = c->dest_tag;
    s->root = c->root;
    s->bytes = c->bytes;
    s->comm_size = s->comm_hash = 0;
    s->source_world = s->dest_world = NONE;
    if (c->comm != MPI_COMM_NULL) {
        pthread_mutex_lock(&lock);
        Group *g = group_of(c->comm);
        s->comm_size = (uint32_t)g->size;
        s->comm_hash = g->hash;
        s->source_world = in_world(g, c->source);
        s->dest_world = in_world(g, c->dest);
        pthread_mutex_unlock(&lock);
    }
    strncpy(s->call, c->call, sizeof s->call - 1);
    s->in_call = 1;
    note_site(s, from);
}

static int threads(void) {
    int count = 0;
    DIR *tasks = opendir("/proc/self/task");
    if (!tasks) return 1;
    while (readdir(tasks)) count++;
    closedir(tasks);
    return count;
}

/* Where several threads may call MPI, any that is not in a call may yet send what the others wait for. */
static int threads_that_may_call(void) {
    int known = atomic_load(&callers), now = threaded ? threads() - threads_at_start + 1 : 1;
    return known > now ? known : now;
}

static void enter(Call c, uintptr_t from) {
    if (depth++) return;
    Slot *s = slot();
    if (!counted) { counted = 1; atomic_fetch_add(&callers, 1); }
    describe(s, &c, from);
    atomic_fetch_add(&s->progress, 1);
    if (atomic_fetch_add(&blocked, 1) + 1 >= threads_that_may_call()) atomic_store(&s->phase, BLOCKED);
}

static int leave(int code) {
    if (--depth) return code;
    Slot *s = slot();
    atomic_store(&s->phase, RUNNING);
    atomic_fetch_sub(&blocked, 1);
    atomic_fetch_add(&s->progress, 1);
    s->in_call = 0;
    s->requests[0] = 0;
    return code;
}

static uint64_t size_of(int count, MPI_Datatype type) {
    int size = 0;
    if (count <= 0 || type == MPI_DATATYPE_NULL) return 0;
    PMPI_Type_size(type, &size);
    return (uint64_t)count * (uint64_t)size;
}

static int remember(int code, MPI_Request request, const char *call, int other, int tag, int is_receive, uint64_t bytes) {
    pthread_mutex_lock(&lock);
    pending[place_of(&request, sizeof request)] = (Pending){request, call, peer(other), tag_of(tag), is_receive, bytes};
    pthread_mutex_unlock(&lock);
    return code;
}

static const char *number(char *text, int value) {
    if (value == ANY) return "any";
    if (value == NOWHERE) return "none";
    snprintf(text, 16, "%d", value);
    return text;
}

/* Names the first requests of a wait, as "MPI_Irecv(source=1, tag=7)"; those that are complete already may be among them.
 * Returns the bytes they may move; what is not known counts as without end, so that nobody is accused for it. */
static uint64_t list_requests(int count, const MPI_Request *requests) {
    Slot *s = slot();
    size_t used = 0;
    uint64_t bytes = 0;
    int named = 0, more = 0;
    char a[16], b[16];
    if (depth) return 0;
    s->requests[0] = 0;
    pthread_mutex_lock(&lock);
    for (int i = 0; i < count; i++) {
        const Pending *p = &pending[place_of(&requests[i], sizeof *requests)];
        if (requests[i] == MPI_REQUEST_NULL) continue;
        int known = p->call && p->handle == requests[i];
        bytes += known ? p->bytes : UNKNOWN_BYTES;
        if (named == LISTED || !known) { more++; continue; }
        const char *separator = named++ ? ", " : "";
        const char *role = p->is_receive < 0 ? NULL : p->is_receive ? "source" : "dest";
        if (role)
            used += (size_t)snprintf(s->requests + used, sizeof s->requests - used, "%s%s(%s=%s, tag=%s)", separator, p->call, role,
                                     number(a, p->peer), number(b, p->tag));
        else
            used += (size_t)snprintf(s->requests + used, sizeof s->requests - used, "%s%s()", separator, p->call);
    }
    if (more) snprintf(s->requests + used, sizeof s->requests - used, "%s%d more", named ? " and " : "", more);
    pthread_mutex_unlock(&lock);
    return bytes;
}

static void note_exit(int status) {
    if (!mine || atomic_load(&mine->pid) != (uint32_t)getpid()) return;
    if (!(mine->flags & ABORTED)) mine->exit_code = status;
    atomic_store(&mine->phase, EXITED);
    atomic_fetch_add(&mine->progress, 1);
}

static void on_normal_exit(int status, void *unused) {
    (void)unused;
    note_exit(status);
}

void _exit(int status) {
    note_exit(status);
    for (;;) syscall(SYS_exit_group, status);
}

void _Exit(int status) { _exit(status); }

static uintptr_t program_counter(const ucontext_t *context) {
#if defined(__x86_64__)
    return (uintptr_t)context->uc_mcontext.gregs[REG_RIP];
#elif defined(__aarch64__)
    return (uintptr_t)context->uc_mcontext.pc;
#else
    (void)context;
    return 0;
#endif
}

/* Records where it happened and lets it happen again with the default action, which SA_RESETHAND has restored. */
static void on_signal(int number_, siginfo_t *info, void *context) {
    Slot *s = slot();
    if (s->pid == (uint32_t)getpid() && !(s->flags & SIGNALLED)) {
        s->flags |= SIGNALLED;
        s->signal = number_;
        /* Inside an MPI call the place of the call says more than one in the library. */
        if (number_ != SIGABRT && !depth) note_site(s, program_counter(context));
    }
    if (info->si_code <= 0) raise(number_);
}

static void watch_signals(void) {
    const int fatal[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
    stack_t stack = {.ss_sp = alternate_stack, .ss_size = sizeof alternate_stack};
    struct sigaction action = {.sa_flags = SA_SIGINFO | SA_RESETHAND | SA_ONSTACK};
    sigaltstack(&stack, NULL);
    action.sa_sigaction = on_signal;
    for (size_t i = 0; i < sizeof fatal / sizeof *fatal; i++) sigaction(fatal[i], &action, NULL);
}

__attribute__((constructor)) static void attach(void) {
    const char *path = getenv("CODEPAR_SHIM");
    int rank = own_rank();
    if (!path || rank < 0) return;
    int file = open(path, O_RDWR | O_CLOEXEC);
    if (file < 0) return;
    off_t size = lseek(file, 0, SEEK_END);
    if (size >= (off_t)SLOT_BYTES * (rank + 1)) {
        char *base = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
        if (base != MAP_FAILED) mapped = (Slot *)(base + (size_t)SLOT_BYTES * (size_t)rank);
    }
    close(file);
    on_exit(on_normal_exit, NULL);
    watch_signals();
}

#define HERE ((uintptr_t)__builtin_return_address(0) - 1)
#define CALL(...) (Call){.source = NONE, .source_tag = NONE, .dest = NONE, .dest_tag = NONE, .root = NONE, __VA_ARGS__}

static int started(int code) {
    slot()->flags |= INITIALISED;
    atomic_fetch_add(&slot()->progress, 1);
    return code;
}

int MPI_Init(int *argc, char ***argv) { return started(PMPI_Init(argc, argv)); }

int MPI_Init_thread(int *argc, char ***argv, int required, int *provided) {
    int code = started(PMPI_Init_thread(argc, argv, required, provided));
    threaded = *provided >= MPI_THREAD_SERIALIZED && required >= MPI_THREAD_SERIALIZED;
    threads_at_start = threads();
    return code;
}

int MPI_Finalize(void) {
    enter(CALL(.call = "MPI_Finalize", .comm = MPI_COMM_WORLD), HERE);
    int code = PMPI_Finalize();
    slot()->flags |= FINALIZED;
    return leave(code);
}

int MPI_Abort(MPI_Comm comm, int errorcode) {
    Slot *s = slot();
    s->flags |= ABORTED;
    s->exit_code = errorcode;
    note_site(s, HERE);
    return PMPI_Abort(comm, errorcode);
}

int MPI_Comm_free(MPI_Comm *comm) {
    pthread_mutex_lock(&lock);
    groups[place_of(comm, sizeof *comm)].known = 0;
    pthread_mutex_unlock(&lock);
    return PMPI_Comm_free(comm);
}

#define SEND(NAME)                                                                                                               \
    int MPI_##NAME(const void *b, int n, MPI_Datatype t, int to, int tag, MPI_Comm comm) {                                       \
        enter(CALL(.call = "MPI_" #NAME, .comm = comm, .dest = peer(to), .dest_tag = tag, .bytes = size_of(n, t)), HERE);        \
        return leave(PMPI_##NAME(b, n, t, to, tag, comm));                                                                       \
    }
SEND(Send)
SEND(Ssend)
SEND(Rsend)

int MPI_Recv(void *b, int n, MPI_Datatype t, int from, int tag, MPI_Comm comm, MPI_Status *status) {
    enter(CALL(.call = "MPI_Recv", .comm = comm, .source = peer(from), .source_tag = tag_of(tag), .bytes = size_of(n, t)), HERE);
    return leave(PMPI_Recv(b, n, t, from, tag, comm, status));
}

int MPI_Probe(int from, int tag, MPI_Comm comm, MPI_Status *status) {
    enter(CALL(.call = "MPI_Probe", .comm = comm, .source = peer(from), .source_tag = tag_of(tag)), HERE);
    return leave(PMPI_Probe(from, tag, comm, status));
}

int MPI_Mprobe(int from, int tag, MPI_Comm comm, MPI_Message *message, MPI_Status *status) {
    enter(CALL(.call = "MPI_Mprobe", .comm = comm, .source = peer(from), .source_tag = tag_of(tag)), HERE);
    return leave(PMPI_Mprobe(from, tag, comm, message, status));
}

int MPI_Sendrecv(const void *sb, int sn, MPI_Datatype st, int to, int stag, void *rb, int rn, MPI_Datatype rt, int from, int rtag,
                 MPI_Comm comm, MPI_Status *status) {
    enter(CALL(.call = "MPI_Sendrecv", .comm = comm, .source = peer(from), .source_tag = tag_of(rtag), .dest = peer(to),
               .dest_tag = stag, .bytes = size_of(sn, st) + size_of(rn, rt)),
          HERE);
    return leave(PMPI_Sendrecv(sb, sn, st, to, stag, rb, rn, rt, from, rtag, comm, status));
}

int MPI_Sendrecv_replace(void *b, int n, MPI_Datatype t, int to, int stag, int from, int rtag, MPI_Comm comm, MPI_Status *status) {
    enter(CALL(.call = "MPI_Sendrecv_replace", .comm = comm, .source = peer(from), .source_tag = tag_of(rtag), .dest = peer(to),
               .dest_tag = stag, .bytes = size_of(n, t)),
          HERE);
    return leave(PMPI_Sendrecv_replace(b, n, t, to, stag, from, rtag, comm, status));
}

#define ISEND(NAME)                                                                                                              \
    int MPI_##NAME(const void *b, int n, MPI_Datatype t, int to, int tag, MPI_Comm comm, MPI_Request *request) {                 \
        int code = PMPI_##NAME(b, n, t, to, tag, comm, request);                                                                 \
        return remember(code, *request, "MPI_" #NAME, to, tag, 0, size_of(n, t));                                                               \
    }
ISEND(Isend)
ISEND(Issend)
ISEND(Irsend)
ISEND(Ibsend)
ISEND(Send_init)
ISEND(Ssend_init)

#define IRECV(NAME)                                                                                                              \
    int MPI_##NAME(void *b, int n, MPI_Datatype t, int from, int tag, MPI_Comm comm, MPI_Request *request) {                     \
        int code = PMPI_##NAME(b, n, t, from, tag, comm, request);                                                               \
        return remember(code, *request, "MPI_" #NAME, from, tag, 1, size_of(n, t));                                                             \
    }
IRECV(Irecv)
IRECV(Recv_init)

#define NONBLOCKING(NAME, PARAMETERS, ARGUMENTS, BYTES)                                                                                 \
    int MPI_##NAME PARAMETERS {                                                                                                  \
        int code = PMPI_##NAME ARGUMENTS;                                                                                        \
        return remember(code, *request, "MPI_" #NAME, 0, 0, -1, BYTES);                                                                 \
    }
NONBLOCKING(Ibarrier, (MPI_Comm comm, MPI_Request *request), (comm, request), 0)
NONBLOCKING(Ibcast, (void *b, int n, MPI_Datatype t, int root, MPI_Comm comm, MPI_Request *request), (b, n, t, root, comm, request),
            size_of(n, t))
NONBLOCKING(Ireduce,
            (const void *s, void *r, int n, MPI_Datatype t, MPI_Op op, int root, MPI_Comm comm, MPI_Request *request),
            (s, r, n, t, op, root, comm, request), size_of(n, t))
NONBLOCKING(Iallreduce, (const void *s, void *r, int n, MPI_Datatype t, MPI_Op op, MPI_Comm comm, MPI_Request *request),
            (s, r, n, t, op, comm, request), size_of(n, t))

int MPI_Wait(MPI_Request *request, MPI_Status *status) {
    uint64_t bytes = list_requests(1, request);
    enter(CALL(.call = "MPI_Wait", .comm = MPI_COMM_NULL, .bytes = bytes), HERE);
    return leave(PMPI_Wait(request, status));
}

int MPI_Waitall(int n, MPI_Request requests[], MPI_Status statuses[]) {
    uint64_t bytes = list_requests(n, requests);
    enter(CALL(.call = "MPI_Waitall", .comm = MPI_COMM_NULL, .bytes = bytes), HERE);
    return leave(PMPI_Waitall(n, requests, statuses));
}

int MPI_Waitany(int n, MPI_Request requests[], int *index, MPI_Status *status) {
    uint64_t bytes = list_requests(n, requests);
    enter(CALL(.call = "MPI_Waitany", .comm = MPI_COMM_NULL, .bytes = bytes), HERE);
    return leave(PMPI_Waitany(n, requests, index, status));
}

int MPI_Waitsome(int n, MPI_Request requests[], int *done, int indices[], MPI_Status statuses[]) {
    uint64_t bytes = list_requests(n, requests);
    enter(CALL(.call = "MPI_Waitsome", .comm = MPI_COMM_NULL, .bytes = bytes), HERE);
    return leave(PMPI_Waitsome(n, requests, done, indices, statuses));
}

#define COLLECTIVE(NAME, PARAMETERS, ARGUMENTS, ...)                                                                             \
    int MPI_##NAME PARAMETERS {                                                                                                  \
        enter(CALL(.call = "MPI_" #NAME, .comm = comm, __VA_ARGS__), HERE);                                                      \
        return leave(PMPI_##NAME ARGUMENTS);                                                                                     \
    }

COLLECTIVE(Barrier, (MPI_Comm comm), (comm), .bytes = 0)
COLLECTIVE(Bcast, (void *b, int n, MPI_Datatype t, int root, MPI_Comm comm), (b, n, t, root, comm), .root = root,
           .bytes = size_of(n, t))
COLLECTIVE(Gather,
           (const void *s, int sn, MPI_Datatype st, void *r, int rn, MPI_Datatype rt, int root, MPI_Comm comm),
           (s, sn, st, r, rn, rt, root, comm), .root = root, .bytes = size_of(sn, st))
COLLECTIVE(Gatherv,
           (const void *s, int sn, MPI_Datatype st, void *r, const int rn[], const int d[], MPI_Datatype rt, int root, MPI_Comm comm),
           (s, sn, st, r, rn, d, rt, root, comm), .root = root, .bytes = size_of(sn, st))
COLLECTIVE(Scatter,
           (const void *s, int sn, MPI_Datatype st, void *r, int rn, MPI_Datatype rt, int root, MPI_Comm comm),
           (s, sn, st, r, rn, rt, root, comm), .root = root, .bytes = size_of(rn, rt))
COLLECTIVE(Scatterv,
           (const void *s, const int sn[], const int d[], MPI_Datatype st, void *r, int rn, MPI_Datatype rt, int root, MPI_Comm comm),
           (s, sn, d, st, r, rn, rt, root, comm), .root = root, .bytes = size_of(rn, rt))
COLLECTIVE(Allgather,
           (const void *s, int sn, MPI_Datatype st, void *r, int rn, MPI_Datatype rt, MPI_Comm comm),
           (s, sn, st, r, rn, rt, comm), .bytes = size_of(sn, st))
COLLECTIVE(Allgatherv,
           (const void *s, int sn, MPI_Datatype st, void *r, const int rn[], const int d[], MPI_Datatype rt, MPI_Comm comm),
           (s, sn, st, r, rn, d, rt, comm), .bytes = size_of(sn, st))
COLLECTIVE(Alltoall,
           (const void *s, int sn, MPI_Datatype st, void *r, int rn, MPI_Datatype rt, MPI_Comm comm),
           (s, sn, st, r, rn, rt, comm), .bytes = size_of(sn, st))
COLLECTIVE(Alltoallv,
           (const void *s, const int sn[], const int sd[], MPI_Datatype st, void *r, const int rn[], const int rd[],
            MPI_Datatype rt, MPI_Comm comm),
           (s, sn, sd, st, r, rn, rd, rt, comm), .bytes = 0)
COLLECTIVE(Alltoallw,
           (const void *s, const int sn[], const int sd[], const MPI_Datatype st[], void *r, const int rn[], const int rd[],
            const MPI_Datatype rt[], MPI_Comm comm),
           (s, sn, sd, st, r, rn, rd, rt, comm), .bytes = 0)
COLLECTIVE(Reduce,
           (const void *s, void *r, int n, MPI_Datatype t, MPI_Op op, int root, MPI_Comm comm),
           (s, r, n, t, op, root, comm), .root = root, .bytes = size_of(n, t))
COLLECTIVE(Allreduce,
           (const void *s, void *r, int n, MPI_Datatype t, MPI_Op op, MPI_Comm comm),
           (s, r, n, t, op, comm), .bytes = size_of(n, t))
COLLECTIVE(Reduce_scatter,
           (const void *s, void *r, const int n[], MPI_Datatype t, MPI_Op op, MPI_Comm comm),
           (s, r, n, t, op, comm), .bytes = 0)
COLLECTIVE(Reduce_scatter_block,
           (const void *s, void *r, int n, MPI_Datatype t, MPI_Op op, MPI_Comm comm),
           (s, r, n, t, op, comm), .bytes = size_of(n, t))
COLLECTIVE(Scan,
           (const void *s, void *r, int n, MPI_Datatype t, MPI_Op op, MPI_Comm comm),
           (s, r, n, t, op, comm), .bytes = size_of(n, t))
COLLECTIVE(Exscan,
           (const void *s, void *r, int n, MPI_Datatype t, MPI_Op op, MPI_Comm comm),
           (s, r, n, t, op, comm), .bytes = size_of(n, t))
COLLECTIVE(Comm_split, (MPI_Comm comm, int color, int key, MPI_Comm *out), (comm, color, key, out), .bytes = 0)
COLLECTIVE(Comm_split_type,
           (MPI_Comm comm, int type, int key, MPI_Info info, MPI_Comm *out),
           (comm, type, key, info, out), .bytes = 0)
COLLECTIVE(Comm_dup, (MPI_Comm comm, MPI_Comm *out), (comm, out), .bytes = 0)
COLLECTIVE(Comm_create, (MPI_Comm comm, MPI_Group group, MPI_Comm *out), (comm, group, out), .bytes = 0)
COLLECTIVE(Cart_create,
           (MPI_Comm comm, int n, const int dims[], const int periods[], int reorder, MPI_Comm *out),
           (comm, n, dims, periods, reorder, out), .bytes = 0)
COLLECTIVE(Win_create,
           (void *base, MPI_Aint size, int unit, MPI_Info info, MPI_Comm comm, MPI_Win *win),
           (base, size, unit, info, comm, win), .bytes = 0)
COLLECTIVE(Win_allocate,
           (MPI_Aint size, int unit, MPI_Info info, MPI_Comm comm, void *base, MPI_Win *win),
           (size, unit, info, comm, base, win), .bytes = 0)

int MPI_Win_fence(int assert_, MPI_Win win) {
    enter(CALL(.call = "MPI_Win_fence", .comm = MPI_COMM_NULL), HERE);
    return leave(PMPI_Win_fence(assert_, win));
}

int MPI_Win_lock(int type, int rank, int assert_, MPI_Win win) {
    enter(CALL(.call = "MPI_Win_lock", .comm = MPI_COMM_NULL, .dest = peer(rank)), HERE);
    return leave(PMPI_Win_lock(type, rank, assert_, win));
}

int MPI_Win_wait(MPI_Win win) {
    enter(CALL(.call = "MPI_Win_wait", .comm = MPI_COMM_NULL), HERE);
    return leave(PMPI_Win_wait(win));
}
