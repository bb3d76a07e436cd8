/* What the parts of the shim share. */
#ifndef CODEPAR_SHIM_H
#define CODEPAR_SHIM_H
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
/* Only what replaces a function of MPI may be seen by the program, which may have an `add` of its own. */
#pragma GCC visibility push(default)
#include <mpi.h>
#pragma GCC visibility pop

#include "board.h"

/* A communicator, window or file: those who call its collectives. `world` holds the peers' ranks in MPI_COMM_WORLD. */
typedef struct Team {
    struct Team *next;
    uint64_t handle;
    int space;
    uint32_t id, sequence;
    int size, members, is_inter, place;
    int *world;
    /* Of a window: the ranks that this one accesses, and those that it is open to. */
    int *targets, *origins, target_count, origin_count;
} Team;

enum { COMM = 0, WINDOW = 1, FILES = 2 };

/* Names fill their place with zeros, so that they compare byte by byte. */
static inline void copy_name(char place[NAME], const char *name) {
    memset(place, 0, NAME);
    memcpy(place, name, strnlen(name, NAME - 1));
}

/* slot.c */
Slot *slot(void);
Counters *counters(void);
Notice *notices(void);
int own_rank(void);
int capacity(void);
uint64_t now_ns(void);
uint64_t site_of(uintptr_t address);
extern int threaded;
void guard(void);
void unguard(void);

/* calls.c: enter gives NULL inside another MPI call; everything below takes that. */
Lane *enter(const char *call, uintptr_t from);
int leave(Lane *lane, int code);
int leave_poll(Lane *lane, int code, int answered);
void block(Lane *lane);
void add(Lane *lane, const Op *op);
void moved(Lane *lane, uint64_t bytes);
void free_lane(void *lane);

/* threads.c */
void note_threads(void);
void watch_threads(void);
void refresh_phase(void);

/* teams.c */
Team *team_of(MPI_Comm comm);
Team *team_for(const Lane *lane, MPI_Comm comm);
int *ranks_in_world(MPI_Group group, int size);
Team *team_at(uint64_t handle, int space);
void name_comm(MPI_Comm parent, MPI_Comm comm, int tag);
void name_other(const Team *parent, uint64_t handle, int space);
void forget_team(uint64_t handle, int space);
void name_world(void);
void note_entered(const Team *team);
uint64_t bits(const void *handle, size_t size);
#define BITS(HANDLE) bits(&(HANDLE), sizeof(HANDLE))

/* collective.c */
enum { ROOTLESS = NONE };
#define NO_WEIGHT UINT64_MAX
Op collective(Lane *lane, Team *team, const char *call, int root, uint64_t bytes, uint64_t weight);

/* messages.c */
Op message(Lane *lane, int kind, const char *call, int peer, int tag, MPI_Comm comm, uint64_t bytes);
void sent(const Op *op);
uint64_t size_of(MPI_Count count, MPI_Datatype type);

/* requests.c */
void remember(int code, MPI_Request request, const Op *op, int is_persistent);
void started(int code, MPI_Request request);
void wait_for(Lane *lane, MPI_Count count, const MPI_Request *requests, int mode);
int is_null(MPI_Request request);

/* stress.c */
extern int synchronous;
void configure_stress(void);
void stress(void);

#define HERE ((uintptr_t)__builtin_return_address(0) - 1)
#endif
