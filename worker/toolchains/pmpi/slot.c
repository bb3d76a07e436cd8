/* The place of this rank in the shared memory: found at start, owned by the first process that calls MPI; and how a rank ends.
 *
 * Limits: a program that is linked statically, or that clears LD_PRELOAD, is not seen.
 */
#include "shim.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

int threaded;

static char *base;
static Slot *mine, unwatched;
static Counters *my_counters;
static struct { Counters counters; Peer peer; } unwatched_counters;
static Notice unwatched_notices[NOTICES];
static int rank = -1, ranks;
static uint32_t stride;
static uintptr_t program_low, program_high, program_bias;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char alternate_stack[16384];

int own_rank(void) { return rank; }

int capacity(void) { return mine ? ranks : 0; }

uint64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void guard(void) {
    if (threaded) pthread_mutex_lock(&lock);
}

void unguard(void) {
    if (threaded) pthread_mutex_unlock(&lock);
}

/* The first process of a rank that needs its slot owns it; helpers that the program starts do not. */
Slot *slot(void) {
    if (mine) return mine;
    if (!base) return &unwatched;
    char *area = base + HEADER_BYTES + sizeof(Notice) * NOTICES + (size_t)stride * (size_t)rank;
    Slot *place = (Slot *)area;
    uint32_t nobody = 0, self = (uint32_t)getpid();
    if (!atomic_compare_exchange_strong(&place->pid, &nobody, self) && nobody != self) return &unwatched;
    my_counters = (Counters *)(area + SLOT_BYTES);
    ssize_t length = readlink("/proc/self/exe", place->program, sizeof place->program - 1);
    if (length < 0) place->program[0] = 0;
    return mine = place;
}

Counters *counters(void) {
    slot();
    return my_counters ? my_counters : &unwatched_counters.counters;
}

Notice *notices(void) { return mine ? (Notice *)(base + HEADER_BYTES) : unwatched_notices; }

/* An address as linked; 0 outside the program itself. */
uint64_t site_of(uintptr_t address) {
    return address >= program_low && address < program_high ? address - program_bias : 0;
}

static int find_program(struct dl_phdr_info *info, size_t size, void *unused) {
    (void)size;
    (void)unused;
    program_bias = info->dlpi_addr;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &info->dlpi_phdr[i];
        if (part->p_type != PT_LOAD || !(part->p_flags & PF_X)) continue;
        program_low = program_bias + part->p_vaddr;
        program_high = program_low + part->p_memsz;
    }
    return 1;
}

static void note_exit(int status) {
    if (!mine || atomic_load(&mine->pid) != (uint32_t)getpid()) return;
    if (!(mine->flags & ABORTED)) mine->exit_code = status;
    if (!mine->ended_ns) mine->ended_ns = now_ns();
    atomic_store(&mine->phase, EXITED);
    atomic_fetch_add(&mine->progress, 1);
}

static void on_normal_exit(int status, void *unused) {
    (void)unused;
    note_exit(status);
}

__attribute__((visibility("default"))) void _exit(int status) {
    note_exit(status);
    for (;;) syscall(SYS_exit_group, status);
}

__attribute__((visibility("default"))) void _Exit(int status) { _exit(status); }

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

static int is_in_call(const Slot *s) {
    for (int i = 0; i < LANES; i++)
        if (s->lanes[i].state) return 1;
    return 0;
}

/* Records where it happened and lets it happen again with the default action, which SA_RESETHAND has restored. */
static void on_signal(int number, siginfo_t *info, void *context) {
    Slot *s = slot();
    if (s->pid == (uint32_t)getpid() && !(s->flags & SIGNALLED)) {
        s->flags |= SIGNALLED;
        s->signal = number;
        /* Inside an MPI call the place of the call says more than one in the library. */
        if (number != SIGABRT && !is_in_call(s)) s->last_site = site_of(program_counter(context));
    }
    if (info->si_code <= 0) raise(number);
}

static void watch_signals(void) {
    const int fatal[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
    stack_t stack = {.ss_sp = alternate_stack, .ss_size = sizeof alternate_stack};
    struct sigaction action = {.sa_flags = SA_SIGINFO | SA_RESETHAND | SA_ONSTACK};
    sigaltstack(&stack, NULL);
    action.sa_sigaction = on_signal;
    for (size_t i = 0; i < sizeof fatal / sizeof *fatal; i++) sigaction(fatal[i], &action, NULL);
}

static int rank_of_launcher(void) {
    const char *names[] = {"PMI_RANK", "OMPI_COMM_WORLD_RANK", "PMIX_RANK"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (getenv(names[i])) return atoi(getenv(names[i]));
    return -1;
}

static void map_board(const char *path) {
    int file = open(path, O_RDWR | O_CLOEXEC);
    if (file < 0) return;
    Header header = {.ranks = 0};
    off_t size = lseek(file, 0, SEEK_END);
    if (pread(file, &header, sizeof header, 0) == sizeof header && header.version == VERSION && rank < (int)header.ranks) {
        char *memory = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
        if (memory != MAP_FAILED) base = memory;
        ranks = (int)header.ranks;
        stride = header.stride;
    }
    close(file);
}

__attribute__((constructor)) static void attach(void) {
    const char *path = getenv("CODEPAR_SHIM");
    rank = rank_of_launcher();
    if (!path || rank < 0) return;
    dl_iterate_phdr(find_program, NULL);
    map_board(path);
    configure_stress();
    on_exit(on_normal_exit, NULL);
    watch_signals();
}
