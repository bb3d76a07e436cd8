/* MPI-IO: collectives of a file wait for its ranks; reading and writing alone counts as work.
 *
 * Limits: shared file pointers and the _c variants are not wrapped, a rank in them counts as running.
 */
#include "shim.h"

static Team *file(const Lane *l, MPI_File f) {
    if (!l) return NULL;
    guard();
    Team *t = team_at(BITS(f), FILES);
    unguard();
    return t;
}

int MPI_File_open(MPI_Comm comm, const char *name, int mode, MPI_Info info, MPI_File *f) {
    Lane *l = enter("MPI_File_open", HERE);
    Team *t = team_for(l, comm);
    Op op = collective(l, t, "MPI_File_open", ROOTLESS, 0, NO_WEIGHT);
    add(l, &op);
    block(l);
    int code = PMPI_File_open(comm, name, mode, info, f);
    guard();
    if (l && t && code == MPI_SUCCESS) name_other(t, BITS(*f), FILES);
    unguard();
    return leave(l, code);
}

int MPI_File_close(MPI_File *f) {
    Lane *l = enter("MPI_File_close", HERE);
    uint64_t handle = bits(f, sizeof *f);
    Op op = collective(l, file(l, *f), "MPI_File_close", ROOTLESS, 0, NO_WEIGHT);
    add(l, &op);
    block(l);
    int code = PMPI_File_close(f);
    guard();
    if (l && code == MPI_SUCCESS) forget_team(handle, FILES);
    unguard();
    return leave(l, code);
}

#define OF_ALL(NAME, BYTES, PARAMETERS, ARGUMENTS)                                                                               \
    int MPI_##NAME PARAMETERS {                                                                                                  \
        Lane *l = enter("MPI_" #NAME, HERE);                                                                                     \
        Op op = collective(l, file(l, f), "MPI_" #NAME, ROOTLESS, BYTES, NO_WEIGHT);                                             \
        add(l, &op);                                                                                                             \
        block(l);                                                                                                                \
        return leave(l, PMPI_##NAME ARGUMENTS);                                                                                  \
    }
OF_ALL(File_set_size, 0, (MPI_File f, MPI_Offset size), (f, size))
OF_ALL(File_preallocate, 0, (MPI_File f, MPI_Offset size), (f, size))
OF_ALL(File_sync, 0, (MPI_File f), (f))
OF_ALL(File_set_view, 0, (MPI_File f, MPI_Offset at, MPI_Datatype e, MPI_Datatype t, const char *how, MPI_Info info),
       (f, at, e, t, how, info))
OF_ALL(File_read_all, size_of(n, t), (MPI_File f, void *b, int n, MPI_Datatype t, MPI_Status *status), (f, b, n, t, status))
OF_ALL(File_write_all, size_of(n, t), (MPI_File f, const void *b, int n, MPI_Datatype t, MPI_Status *status),
       (f, b, n, t, status))
OF_ALL(File_read_at_all, size_of(n, t), (MPI_File f, MPI_Offset at, void *b, int n, MPI_Datatype t, MPI_Status *status),
       (f, at, b, n, t, status))
OF_ALL(File_write_at_all, size_of(n, t), (MPI_File f, MPI_Offset at, const void *b, int n, MPI_Datatype t, MPI_Status *status),
       (f, at, b, n, t, status))
OF_ALL(File_read_ordered, size_of(n, t), (MPI_File f, void *b, int n, MPI_Datatype t, MPI_Status *status), (f, b, n, t, status))
OF_ALL(File_write_ordered, size_of(n, t), (MPI_File f, const void *b, int n, MPI_Datatype t, MPI_Status *status),
       (f, b, n, t, status))

#define ALONE(NAME, PARAMETERS, ARGUMENTS)                                                                                       \
    int MPI_##NAME PARAMETERS {                                                                                                  \
        Lane *l = enter("MPI_" #NAME, HERE);                                                                                     \
        moved(l, size_of(n, t));                                                                                                 \
        return leave(l, PMPI_##NAME ARGUMENTS);                                                                                  \
    }
ALONE(File_read, (MPI_File f, void *b, int n, MPI_Datatype t, MPI_Status *status), (f, b, n, t, status))
ALONE(File_write, (MPI_File f, const void *b, int n, MPI_Datatype t, MPI_Status *status), (f, b, n, t, status))
ALONE(File_read_at, (MPI_File f, MPI_Offset at, void *b, int n, MPI_Datatype t, MPI_Status *status), (f, at, b, n, t, status))
ALONE(File_write_at, (MPI_File f, MPI_Offset at, const void *b, int n, MPI_Datatype t, MPI_Status *status),
      (f, at, b, n, t, status))

#define STARTED(NAME, PARAMETERS, ARGUMENTS)                                                                                     \
    int MPI_##NAME PARAMETERS {                                                                                                  \
        Lane *l = enter("MPI_" #NAME, HERE);                                                                                     \
        moved(l, size_of(n, t));                                                                                                 \
        int code = PMPI_##NAME ARGUMENTS;                                                                                        \
        if (l) remember(code, *request, &(Op){.kind = UNKNOWN, .call = "MPI_" #NAME}, 0);                                        \
        return leave(l, code);                                                                                                   \
    }
STARTED(File_iread, (MPI_File f, void *b, int n, MPI_Datatype t, MPI_Request *request), (f, b, n, t, request))
STARTED(File_iwrite, (MPI_File f, const void *b, int n, MPI_Datatype t, MPI_Request *request), (f, b, n, t, request))
STARTED(File_iread_at, (MPI_File f, MPI_Offset at, void *b, int n, MPI_Datatype t, MPI_Request *request),
        (f, at, b, n, t, request))
STARTED(File_iwrite_at, (MPI_File f, MPI_Offset at, const void *b, int n, MPI_Datatype t, MPI_Request *request),
        (f, at, b, n, t, request))
STARTED(File_iread_all, (MPI_File f, void *b, int n, MPI_Datatype t, MPI_Request *request), (f, b, n, t, request))
STARTED(File_iwrite_all, (MPI_File f, const void *b, int n, MPI_Datatype t, MPI_Request *request), (f, b, n, t, request))
