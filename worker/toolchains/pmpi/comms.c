/* Start and end of MPI, and calls that make or end communicators. */
#include "shim.h"

#include <unistd.h>

static int begun(Lane *l, int code) {
    Slot *s = slot();
    int size = 0;
    if (code == MPI_SUCCESS) {
        PMPI_Comm_size(MPI_COMM_WORLD, &size);
        s->world_size = (uint32_t)size;
        s->flags |= INITIALISED;
        name_world();
        MPI_Comm parent = MPI_COMM_NULL;
        PMPI_Comm_get_parent(&parent);
        if (parent != MPI_COMM_NULL) s->flags |= CONNECTED;
    }
    return leave(l, code);
}

int MPI_Init(int *argc, char ***argv) {
    Lane *l = enter("MPI_Init", HERE);
    if (l) slot()->began_ns = now_ns();
    return begun(l, PMPI_Init(argc, argv));
}

int MPI_Init_thread(int *argc, char ***argv, int required, int *provided) {
    Lane *l = enter("MPI_Init_thread", HERE);
    if (l) slot()->began_ns = now_ns();
    note_threads();
    int code = PMPI_Init_thread(argc, argv, required, provided);
    if (code == MPI_SUCCESS && *provided >= MPI_THREAD_SERIALIZED && required >= MPI_THREAD_SERIALIZED) {
        threaded = 1;
        watch_threads();
    }
    return begun(l, code);
}

int MPI_Finalize(void) {
    Lane *l = enter("MPI_Finalize", HERE);
    Op op = {.kind = COLLECTIVE, .peer = NONE, .peer_world = NONE, .tag = NONE, .root = NONE, .team = FINALIZE_TEAM};
    copy_name(op.call, "MPI_Finalize");
    if (l) op.site = l->site;
    add(l, &op);
    block(l);
    int code = PMPI_Finalize();
    Slot *s = slot();
    s->ended_ns = now_ns();
    s->flags |= FINALIZED;
    return leave(l, code);
}

int MPI_Abort(MPI_Comm comm, int errorcode) {
    Slot *s = slot();
    if (!(s->flags & ABORTED)) {
        s->exit_code = errorcode;
        s->last_site = site_of(HERE);
        s->flags |= ABORTED;
    }
    return PMPI_Abort(comm, errorcode);
}

#define MAKER(NAME, OF, ON, ROOT, TAG, PARAMETERS, ARGUMENTS)                                                                    \
    int MPI_##NAME PARAMETERS {                                                                                                  \
        Lane *l = enter("MPI_" #NAME, HERE);                                                                                     \
        Op op = collective(l, team_for(l, ON), "MPI_" #NAME, ROOT, 0, NO_WEIGHT);                                         \
        add(l, &op);                                                                                                             \
        block(l);                                                                                                                \
        int code = PMPI_##NAME ARGUMENTS;                                                                                        \
        if (l && code == MPI_SUCCESS) name_comm(OF, *out, TAG);                                                                  \
        return leave(l, code);                                                                                                   \
    }
#define MAKER_OF(NAME, PARAMETERS, ARGUMENTS) MAKER(NAME, comm, comm, ROOTLESS, 0, PARAMETERS, ARGUMENTS)

MAKER_OF(Comm_split, (MPI_Comm comm, int color, int key, MPI_Comm *out), (comm, color, key, out))
MAKER_OF(Comm_split_type, (MPI_Comm comm, int type, int key, MPI_Info info, MPI_Comm *out), (comm, type, key, info, out))
MAKER_OF(Comm_dup, (MPI_Comm comm, MPI_Comm *out), (comm, out))
MAKER_OF(Comm_dup_with_info, (MPI_Comm comm, MPI_Info info, MPI_Comm *out), (comm, info, out))
MAKER_OF(Comm_create, (MPI_Comm comm, MPI_Group group, MPI_Comm *out), (comm, group, out))
MAKER_OF(Cart_create, (MPI_Comm comm, int n, const int dims[], const int periods[], int reorder, MPI_Comm *out),
         (comm, n, dims, periods, reorder, out))
MAKER_OF(Cart_sub, (MPI_Comm comm, const int kept[], MPI_Comm *out), (comm, kept, out))
MAKER_OF(Graph_create, (MPI_Comm comm, int n, const int index[], const int edges[], int reorder, MPI_Comm *out),
         (comm, n, index, edges, reorder, out))
MAKER_OF(Dist_graph_create,
         (MPI_Comm comm, int n, const int sources[], const int degrees[], const int targets[], const int weights[], MPI_Info info,
          int reorder, MPI_Comm *out),
         (comm, n, sources, degrees, targets, weights, info, reorder, out))
MAKER_OF(Dist_graph_create_adjacent,
         (MPI_Comm comm, int in, const int sources[], const int sw[], int on, const int targets[], const int tw[], MPI_Info info,
          int reorder, MPI_Comm *out),
         (comm, in, sources, sw, on, targets, tw, info, reorder, out))
MAKER_OF(Intercomm_merge, (MPI_Comm comm, int high, MPI_Comm *out), (comm, high, out))
MAKER(Intercomm_create, MPI_COMM_NULL, comm, leader, tag,
      (MPI_Comm comm, int leader, MPI_Comm peers, int remote, int tag, MPI_Comm *out), (comm, leader, peers, remote, tag, out))

/* Only the members of the group take part: not a collective of the parent. */
int MPI_Comm_create_group(MPI_Comm comm, MPI_Group group, int tag, MPI_Comm *out) {
    Lane *l = enter("MPI_Comm_create_group", HERE);
    Op op = message(l, RECV, "MPI_Comm_create_group", MPI_ANY_SOURCE, tag, comm, 0);
    add(l, &op);
    block(l);
    int code = PMPI_Comm_create_group(comm, group, tag, out);
    if (l && code == MPI_SUCCESS) name_comm(comm, *out, tag + 1);
    return leave(l, code);
}

int MPI_Comm_idup(MPI_Comm comm, MPI_Comm *out, MPI_Request *request) {
    Lane *l = enter("MPI_Comm_idup", HERE);
    Op op = collective(l, team_for(l, comm), "MPI_Comm_idup", ROOTLESS, 0, NO_WEIGHT);
    int code = PMPI_Comm_idup(comm, out, request);
    if (l) remember(code, *request, &op, 0);
    return leave(l, code);
}

#define ENDER(NAME)                                                                                                              \
    int MPI_##NAME(MPI_Comm *comm) {                                                                                             \
        Lane *l = enter("MPI_" #NAME, HERE);                                                                                     \
        uint64_t handle = bits(comm, sizeof *comm);                                                                              \
        if (l && *comm != MPI_COMM_NULL) {                                                                                       \
            Op op = collective(l, team_for(l, *comm), "MPI_" #NAME, ROOTLESS, 0, NO_WEIGHT);                                         \
            add(l, &op);                                                                                                         \
        }                                                                                                                        \
        block(l);                                                                                                                \
        int code = PMPI_##NAME(comm);                                                                                            \
        guard();                                                                                                                 \
        if (l && code == MPI_SUCCESS) forget_team(handle, COMM);                                                                 \
        unguard();                                                                                                               \
        return leave(l, code);                                                                                                   \
    }
ENDER(Comm_free)
ENDER(Comm_disconnect)

/* From here on others than the ranks of this run may send: nobody is accused any more. */
#define MEETING(NAME, PARAMETERS, ARGUMENTS)                                                                                     \
    int MPI_##NAME PARAMETERS {                                                                                                  \
        Lane *l = enter("MPI_" #NAME, HERE);                                                                                     \
        slot()->flags |= CONNECTED;                                                                                              \
        return leave(l, PMPI_##NAME ARGUMENTS);                                                                                  \
    }
MEETING(Comm_spawn,
        (const char *command, char *argv[], int n, MPI_Info info, int root, MPI_Comm comm, MPI_Comm *out, int codes[]),
        (command, argv, n, info, root, comm, out, codes))
MEETING(Comm_spawn_multiple,
        (int count, char *commands[], char **argvs[], const int n[], const MPI_Info infos[], int root, MPI_Comm comm,
         MPI_Comm *out, int codes[]),
        (count, commands, argvs, n, infos, root, comm, out, codes))
MEETING(Comm_accept, (const char *port, MPI_Info info, int root, MPI_Comm comm, MPI_Comm *out), (port, info, root, comm, out))
MEETING(Comm_connect, (const char *port, MPI_Info info, int root, MPI_Comm comm, MPI_Comm *out), (port, info, root, comm, out))
MEETING(Comm_join, (int file, MPI_Comm *out), (file, out))
