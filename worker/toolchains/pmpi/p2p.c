/* Messages between two ranks. Limits: partitioned communication is seen as requests of an unknown kind. */
#include "shim.h"

#include "p2p_calls.h"
#if MPI_VERSION >= 4
#define LARGE
#include "p2p_calls.h"
#undef LARGE

int MPI_Isendrecv(const void *sb, int sn, MPI_Datatype st, int to, int stag, void *rb, int rn, MPI_Datatype rt, int from,
                  int rtag, MPI_Comm comm, MPI_Request *request) {
    Lane *l = enter("MPI_Isendrecv", HERE);
    Op out = message(l, SEND, "MPI_Isendrecv", to, stag, comm, size_of(sn, st));
    int code = PMPI_Isendrecv(sb, sn, st, to, stag, rb, rn, rt, from, rtag, comm, request);
    if (l) sent(&out);
    if (l) remember(code, *request, &(Op){.kind = UNKNOWN, .call = "MPI_Isendrecv"}, 0);
    return leave(l, code);
}
#endif

#define PROBE(NAME, PARAMETERS, ARGUMENTS)                                                                                       \
    int MPI_##NAME PARAMETERS {                                                                                                  \
        Lane *l = enter("MPI_" #NAME, HERE);                                                                                     \
        Op op = message(l, RECV, "MPI_" #NAME, from, tag, comm, 0);                                                              \
        add(l, &op);                                                                                                             \
        block(l);                                                                                                                \
        return leave(l, PMPI_##NAME ARGUMENTS);                                                                                  \
    }
PROBE(Probe, (int from, int tag, MPI_Comm comm, MPI_Status *status), (from, tag, comm, status))
PROBE(Mprobe, (int from, int tag, MPI_Comm comm, MPI_Message *m, MPI_Status *status), (from, tag, comm, m, status))

int MPI_Iprobe(int from, int tag, MPI_Comm comm, int *flag, MPI_Status *status) {
    Lane *l = enter("MPI_Iprobe", HERE);
    Op op = message(l, RECV, "MPI_Iprobe", from, tag, comm, 0);
    add(l, &op);
    int code = PMPI_Iprobe(from, tag, comm, flag, status);
    return leave_poll(l, code, code || *flag);
}

int MPI_Improbe(int from, int tag, MPI_Comm comm, int *flag, MPI_Message *m, MPI_Status *status) {
    Lane *l = enter("MPI_Improbe", HERE);
    Op op = message(l, RECV, "MPI_Improbe", from, tag, comm, 0);
    add(l, &op);
    int code = PMPI_Improbe(from, tag, comm, flag, m, status);
    return leave_poll(l, code, code || *flag);
}

int MPI_Start(MPI_Request *request) {
    Lane *l = enter("MPI_Start", HERE);
    int code = PMPI_Start(request);
    if (l) started(code, *request);
    return leave(l, code);
}

int MPI_Startall(int n, MPI_Request requests[]) {
    Lane *l = enter("MPI_Startall", HERE);
    int code = PMPI_Startall(n, requests);
    for (int i = 0; l && i < n; i++) started(code, requests[i]);
    return leave(l, code);
}

static const Op unseen = {.kind = UNKNOWN};

int MPI_Grequest_start(MPI_Grequest_query_function *query, MPI_Grequest_free_function *free_, MPI_Grequest_cancel_function *cancel,
                       void *state, MPI_Request *request) {
    Lane *l = enter("MPI_Grequest_start", HERE);
    int code = PMPI_Grequest_start(query, free_, cancel, state, request);
    if (l) remember(code, *request, &unseen, 0);
    return leave(l, code);
}

#if MPI_VERSION >= 4
int MPI_Psend_init(const void *b, int parts, MPI_Count n, MPI_Datatype t, int to, int tag, MPI_Comm comm, MPI_Info info,
                   MPI_Request *request) {
    Lane *l = enter("MPI_Psend_init", HERE);
    int code = PMPI_Psend_init(b, parts, n, t, to, tag, comm, info, request);
    if (l) remember(code, *request, &unseen, 1);
    return leave(l, code);
}

int MPI_Precv_init(void *b, int parts, MPI_Count n, MPI_Datatype t, int from, int tag, MPI_Comm comm, MPI_Info info,
                   MPI_Request *request) {
    Lane *l = enter("MPI_Precv_init", HERE);
    int code = PMPI_Precv_init(b, parts, n, t, from, tag, comm, info, request);
    if (l) remember(code, *request, &unseen, 1);
    return leave(l, code);
}
#endif
