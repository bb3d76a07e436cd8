/* Collective communication: blocking, nonblocking, persistent, on neighbourhoods. */
#include "shim.h"

#include "collective_calls.h"
#if MPI_VERSION >= 4
#define LARGE
#include "collective_calls.h"
#undef LARGE

int MPI_Barrier_init(MPI_Comm comm, MPI_Info info, MPI_Request *request) {
    Lane *l = enter("MPI_Barrier_init", HERE);
    Op op = collective(l, team_for(l, comm), "MPI_Barrier_init", ROOTLESS, 0, 0);
    int code = PMPI_Barrier_init(comm, info, request);
    op.kind = UNKNOWN;
    if (l) remember(code, *request, &op, 1);
    return leave(l, code);
}
#endif

int MPI_Barrier(MPI_Comm comm) {
    Lane *l = enter("MPI_Barrier", HERE);
    Op op = collective(l, team_for(l, comm), "MPI_Barrier", ROOTLESS, 0, 0);
    add(l, &op);
    block(l);
    return leave(l, PMPI_Barrier(comm));
}

int MPI_Ibarrier(MPI_Comm comm, MPI_Request *request) {
    Lane *l = enter("MPI_Ibarrier", HERE);
    Op op = collective(l, team_for(l, comm), "MPI_Ibarrier", ROOTLESS, 0, 0);
    int code = PMPI_Ibarrier(comm, request);
    if (l) remember(code, *request, &op, 0);
    return leave(l, code);
}
