/* The memory that the ranks of one run share with the watcher outside. worker/toolchains/board.py reads the same layout.
 *
 * File: a header, a table of notices (what the collectives of a team were called with), then one area a rank: its slot, its
 * counters by call and line, its counters by destination. Limits: one machine; the program under test can forge all of it.
 */
#ifndef CODEPAR_BOARD_H
#define CODEPAR_BOARD_H
#include <stdatomic.h>
#include <stdint.h>

enum { HEADER_BYTES = 4096, SLOT_BYTES = 10240, NAME = 32 };
enum { LANES = 8, LISTED = 8, TEAMS = 128, CALLSITES = 192, SIZES = 40, NOTICES = 1024 };
enum { NONE = -1000, ANY = -1, NOWHERE = -2 };
enum { RUNNING = 0, BLOCKED = 1, EXITED = 2, IN_CALL = 3 };
enum { INITIALISED = 1, FINALIZED = 2, ABORTED = 4, SIGNALLED = 8, CONNECTED = 16, CROWDED = 32, MISMATCHED = 64 };
enum { SEND = 1, RECV = 2, COLLECTIVE = 3, LOCK = 4, EXPOSE = 5, ACCESS = 6, UNKNOWN = 7 };
enum { ALL = 0, FIRST = 1 };
enum { WORLD_TEAM = 1, INIT_TEAM = 2, FINALIZE_TEAM = 3 };
#define VERSION 2u

typedef struct {
    char magic[8];
    uint32_t version, ranks, stride, notices;
} Header;

/* What the first rank called the collective number `sequence` of `team`; the others compare. */
typedef struct {
    _Atomic uint64_t key;
    uint64_t site, weight;
    int32_t rank, root;
    char call[NAME];
} Notice;

/* One thing that a call waits for. `site`: where a request was started. */
typedef struct {
    int32_t kind, peer, peer_world, tag, root;
    uint32_t team, team_size, sequence;
    uint64_t bytes, site;
    char call[NAME];
} Op;

/* What one thread is doing. `more` counts operations that are not listed, `unknown` requests that the shim did not see. */
typedef struct {
    _Atomic uint32_t state;
    uint32_t thread, mode, count, more, unknown;
    uint64_t site, since_ns;
    char call[NAME];
    Op ops[LISTED];
} Lane;

typedef struct {
    uint32_t team, entered;
} Entered;

/* A collective that the ranks of a team called differently. */
typedef struct {
    uint32_t team, sequence;
    int32_t root, other_rank, other_root;
    uint32_t is_weight;
    uint64_t site, other_site;
    char call[NAME], other_call[NAME];
} Mismatch;

typedef struct {
    _Atomic uint32_t pid, phase;
    _Atomic uint64_t progress, polls;
    uint64_t began_ns, ended_ns, polled_ns, last_site;
    uint32_t flags, world_size;
    int32_t exit_code, signal;
    char program[256];
    Mismatch mismatch;
    Entered entered[TEAMS];
    Lane poll;
    Lane lanes[LANES];
} Slot;

typedef struct {
    char call[NAME];
    uint64_t site, count, time_ns, longest_ns, bytes;
} Callsite;

/* Messages sent to one rank of MPI_COMM_WORLD, and the last of them. */
typedef struct {
    uint64_t messages, bytes, site;
    int32_t tag;
    uint32_t team;
} Peer;

typedef struct {
    uint64_t sizes[SIZES];
    Callsite callsites[CALLSITES];
    Peer peers[];
} Counters;

_Static_assert(sizeof(Op) == 80 && sizeof(Lane) == 712 && sizeof(Notice) == 64, "board.py reads this layout");
_Static_assert(sizeof(Mismatch) == 104 && sizeof(Callsite) == 72 && sizeof(Peer) == 32, "board.py reads this layout");
_Static_assert(sizeof(Slot) <= SLOT_BYTES, "a slot must fit its place");
#endif
