/* One-sided communication. Data calls are counted; calls that synchronise may wait.
 *
 * Limits: who holds a lock is not known, so a wait for one is judged only when nobody can go on.
 */
#include "shim.h"

static _Atomic uint64_t under_way;

static Team *window(const Lane *l, MPI_Win win) {
    if (!l) return NULL;
    guard();
    Team *t = team_at(BITS(win), WINDOW);
    unguard();
    return t;
}

static Op one_sided(const Lane *l, int kind, const char *call, const Team *t, int peer_world) {
    Op op = {.kind = t ? kind : UNKNOWN, .peer = NONE, .peer_world = peer_world, .tag = NONE, .root = NONE};
    if (!l) return op;
    copy_name(op.call, call);
    op.site = l->site;
    op.bytes = atomic_load(&under_way);
    if (t) op.team = t->id;
    for (int i = 0; t && i < t->members; i++)
        if (t->world[i] == peer_world) op.peer = i;
    return op;
}

static int in_window(const Team *t, int rank) {
    if (rank == MPI_PROC_NULL) return NOWHERE;
    return t && rank >= 0 && rank < t->members ? t->world[rank] : NONE;
}

#define WINDOW_MAKER(NAME, PARAMETERS, ARGUMENTS)                                                                                \
    int MPI_##NAME PARAMETERS {                                                                                                  \
        Lane *l = enter("MPI_" #NAME, HERE);                                                                                     \
        Team *t = team_for(l, comm);                                                                                             \
        Op op = collective(l, t, "MPI_" #NAME, ROOTLESS, 0, NO_WEIGHT);                                                          \
        add(l, &op);                                                                                                             \
        block(l);                                                                                                                \
        int code = PMPI_##NAME ARGUMENTS;                                                                                        \
        guard();                                                                                                                 \
        if (l && t && code == MPI_SUCCESS) name_other(t, BITS(*win), WINDOW);                                                    \
        unguard();                                                                                                               \
        return leave(l, code);                                                                                                   \
    }
WINDOW_MAKER(Win_create, (void *b, MPI_Aint size, int unit, MPI_Info info, MPI_Comm comm, MPI_Win *win),
             (b, size, unit, info, comm, win))
WINDOW_MAKER(Win_allocate, (MPI_Aint size, int unit, MPI_Info info, MPI_Comm comm, void *b, MPI_Win *win),
             (size, unit, info, comm, b, win))
WINDOW_MAKER(Win_allocate_shared, (MPI_Aint size, int unit, MPI_Info info, MPI_Comm comm, void *b, MPI_Win *win),
             (size, unit, info, comm, b, win))
WINDOW_MAKER(Win_create_dynamic, (MPI_Info info, MPI_Comm comm, MPI_Win *win), (info, comm, win))

static Op of_all(Lane *l, const char *call, Team *t) {
    Op op = collective(l, t, call, ROOTLESS, 0, NO_WEIGHT);
    op.bytes = atomic_load(&under_way);
    return op;
}

int MPI_Win_fence(int assert_, MPI_Win win) {
    Lane *l = enter("MPI_Win_fence", HERE);
    Op op = of_all(l, "MPI_Win_fence", window(l, win));
    add(l, &op);
    block(l);
    int code = PMPI_Win_fence(assert_, win);
    atomic_store(&under_way, 0);
    return leave(l, code);
}

int MPI_Win_free(MPI_Win *win) {
    Lane *l = enter("MPI_Win_free", HERE);
    uint64_t handle = bits(win, sizeof *win);
    Op op = of_all(l, "MPI_Win_free", window(l, *win));
    add(l, &op);
    block(l);
    int code = PMPI_Win_free(win);
    guard();
    if (l && code == MPI_SUCCESS) forget_team(handle, WINDOW);
    unguard();
    return leave(l, code);
}

/* Groups are known by their ranks in MPI_COMM_WORLD. */
static void keep_group(int **kept, int *count, MPI_Group group) {
    PMPI_Group_size(group, count);
    free(*kept);
    *kept = ranks_in_world(group, *count);
}

static void add_each(Lane *l, int kind, const char *call, const Team *t, const int *ranks, int count) {
    Op op = one_sided(l, kind, call, t, NONE);
    if (l && !t) add(l, &op);
    for (int i = 0; l && t && i < count; i++) {
        op = one_sided(l, kind, call, t, ranks[i]);
        add(l, &op);
    }
}

int MPI_Win_start(MPI_Group group, int assert_, MPI_Win win) {
    Lane *l = enter("MPI_Win_start", HERE);
    Team *t = window(l, win);
    if (t) keep_group(&t->targets, &t->target_count, group);
    add_each(l, ACCESS, "MPI_Win_start", t, t ? t->targets : NULL, t ? t->target_count : 0);
    block(l);
    return leave(l, PMPI_Win_start(group, assert_, win));
}

int MPI_Win_complete(MPI_Win win) {
    Lane *l = enter("MPI_Win_complete", HERE);
    Team *t = window(l, win);
    add_each(l, ACCESS, "MPI_Win_complete", t, t ? t->targets : NULL, t ? t->target_count : 0);
    block(l);
    int code = PMPI_Win_complete(win);
    atomic_store(&under_way, 0);
    return leave(l, code);
}

int MPI_Win_post(MPI_Group group, int assert_, MPI_Win win) {
    Lane *l = enter("MPI_Win_post", HERE);
    Team *t = window(l, win);
    if (t) keep_group(&t->origins, &t->origin_count, group);
    return leave(l, PMPI_Win_post(group, assert_, win));
}

int MPI_Win_wait(MPI_Win win) {
    Lane *l = enter("MPI_Win_wait", HERE);
    Team *t = window(l, win);
    add_each(l, EXPOSE, "MPI_Win_wait", t, t ? t->origins : NULL, t ? t->origin_count : 0);
    block(l);
    return leave(l, PMPI_Win_wait(win));
}

int MPI_Win_test(MPI_Win win, int *flag) {
    Lane *l = enter("MPI_Win_test", HERE);
    Team *t = window(l, win);
    int code = PMPI_Win_test(win, flag);
    if (code == MPI_SUCCESS && !*flag) add_each(l, EXPOSE, "MPI_Win_test", t, t ? t->origins : NULL, t ? t->origin_count : 0);
    return leave_poll(l, code, code || *flag);
}

#define PASSIVE(NAME, TARGET, PARAMETERS, ARGUMENTS)                                                                             \
    int MPI_##NAME PARAMETERS {                                                                                                  \
        Lane *l = enter("MPI_" #NAME, HERE);                                                                                     \
        Team *t = window(l, win);                                                                                                \
        Op op = one_sided(l, LOCK, "MPI_" #NAME, t, TARGET);                                                                     \
        add(l, &op);                                                                                                             \
        block(l);                                                                                                                \
        int code = PMPI_##NAME ARGUMENTS;                                                                                        \
        atomic_store(&under_way, 0);                                                                                             \
        return leave(l, code);                                                                                                   \
    }
PASSIVE(Win_lock, in_window(t, rank), (int type, int rank, int assert_, MPI_Win win), (type, rank, assert_, win))
PASSIVE(Win_unlock, in_window(t, rank), (int rank, MPI_Win win), (rank, win))
PASSIVE(Win_lock_all, ANY, (int assert_, MPI_Win win), (assert_, win))
PASSIVE(Win_unlock_all, ANY, (MPI_Win win), (win))
PASSIVE(Win_flush, in_window(t, rank), (int rank, MPI_Win win), (rank, win))
PASSIVE(Win_flush_all, ANY, (MPI_Win win), (win))
PASSIVE(Win_flush_local, in_window(t, rank), (int rank, MPI_Win win), (rank, win))
PASSIVE(Win_flush_local_all, ANY, (MPI_Win win), (win))

static void transfer(Lane *l, const char *call, MPI_Win win, int target, MPI_Count n, MPI_Datatype type) {
    if (!l) return;
    Op op = one_sided(l, SEND, call, window(l, win), in_window(window(l, win), target));
    op.bytes = size_of(n, type);
    atomic_fetch_add(&under_way, op.bytes);
    moved(l, op.bytes);
    sent(&op);
}

#define TRANSFER(NAME, PARAMETERS, ARGUMENTS)                                                                                    \
    int MPI_##NAME PARAMETERS {                                                                                                  \
        Lane *l = enter("MPI_" #NAME, HERE);                                                                                     \
        transfer(l, "MPI_" #NAME, win, target, tn, tt);                                                                          \
        return leave(l, PMPI_##NAME ARGUMENTS);                                                                                  \
    }
#define REQUESTED(NAME, PARAMETERS, ARGUMENTS)                                                                                   \
    int MPI_##NAME PARAMETERS {                                                                                                  \
        Lane *l = enter("MPI_" #NAME, HERE);                                                                                     \
        transfer(l, "MPI_" #NAME, win, target, tn, tt);                                                                          \
        int code = PMPI_##NAME ARGUMENTS;                                                                                        \
        if (l) remember(code, *request, &(Op){.kind = UNKNOWN, .call = "MPI_" #NAME}, 0);                                        \
        return leave(l, code);                                                                                                   \
    }
TRANSFER(Put, (const void *b, int n, MPI_Datatype t, int target, MPI_Aint at, int tn, MPI_Datatype tt, MPI_Win win),
         (b, n, t, target, at, tn, tt, win))
TRANSFER(Get, (void *b, int n, MPI_Datatype t, int target, MPI_Aint at, int tn, MPI_Datatype tt, MPI_Win win),
         (b, n, t, target, at, tn, tt, win))
TRANSFER(Accumulate,
         (const void *b, int n, MPI_Datatype t, int target, MPI_Aint at, int tn, MPI_Datatype tt, MPI_Op o, MPI_Win win),
         (b, n, t, target, at, tn, tt, o, win))
TRANSFER(Get_accumulate,
         (const void *b, int n, MPI_Datatype t, void *r, int rn, MPI_Datatype rt, int target, MPI_Aint at, int tn,
          MPI_Datatype tt, MPI_Op o, MPI_Win win),
         (b, n, t, r, rn, rt, target, at, tn, tt, o, win))
REQUESTED(Rput,
          (const void *b, int n, MPI_Datatype t, int target, MPI_Aint at, int tn, MPI_Datatype tt, MPI_Win win,
           MPI_Request *request),
          (b, n, t, target, at, tn, tt, win, request))
REQUESTED(Rget,
          (void *b, int n, MPI_Datatype t, int target, MPI_Aint at, int tn, MPI_Datatype tt, MPI_Win win, MPI_Request *request),
          (b, n, t, target, at, tn, tt, win, request))
REQUESTED(Raccumulate,
          (const void *b, int n, MPI_Datatype t, int target, MPI_Aint at, int tn, MPI_Datatype tt, MPI_Op o, MPI_Win win,
           MPI_Request *request),
          (b, n, t, target, at, tn, tt, o, win, request))
REQUESTED(Rget_accumulate,
          (const void *b, int n, MPI_Datatype t, void *r, int rn, MPI_Datatype rt, int target, MPI_Aint at, int tn,
           MPI_Datatype tt, MPI_Op o, MPI_Win win, MPI_Request *request),
          (b, n, t, r, rn, rt, target, at, tn, tt, o, win, request))
