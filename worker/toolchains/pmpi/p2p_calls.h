/* Point-to-point calls with a count; included by p2p.c once or twice. */
#include "counted.h"

#define SEND_PARAMETERS const void *b, COUNT n, MPI_Datatype t, int to, int tag, MPI_Comm comm
#define SEND_ARGUMENTS b, n, t, to, tag, comm

#define BLOCKING_SEND(NAME, WAITS, INNER)                                                                                        \
    int F(NAME)(SEND_PARAMETERS) {                                                                                               \
        Lane *l = enter("MPI_" #NAME, HERE);                                                                                     \
        Op op = message(l, SEND, "MPI_" #NAME, to, tag, comm, size_of(n, t));                                                    \
        add(l, &op);                                                                                                             \
        if (l) sent(&op);                                                                                                        \
        moved(l, op.bytes);                                                                                                      \
        if (WAITS) block(l);                                                                                                     \
        return leave(l, INNER(SEND_ARGUMENTS));                                                                                  \
    }
BLOCKING_SEND(Send, 1, (synchronous && l ? P(Ssend) : P(Send)))
BLOCKING_SEND(Ssend, 1, P(Ssend))
BLOCKING_SEND(Rsend, 1, P(Rsend))
BLOCKING_SEND(Bsend, 0, P(Bsend))

#define STARTED_SEND(NAME, IS_PERSISTENT, INNER)                                                                                 \
    int F(NAME)(SEND_PARAMETERS, MPI_Request *request) {                                                                         \
        Lane *l = enter("MPI_" #NAME, HERE);                                                                                     \
        Op op = message(l, SEND, "MPI_" #NAME, to, tag, comm, size_of(n, t));                                                    \
        int code = INNER(SEND_ARGUMENTS, request);                                                                               \
        if (l) remember(code, *request, &op, IS_PERSISTENT);                                                                     \
        if (l && !IS_PERSISTENT) sent(&op);                                                                                      \
        if (!IS_PERSISTENT) moved(l, op.bytes);                                                                                  \
        return leave(l, code);                                                                                                   \
    }
STARTED_SEND(Isend, 0, (synchronous && l ? P(Issend) : P(Isend)))
STARTED_SEND(Issend, 0, P(Issend))
STARTED_SEND(Irsend, 0, P(Irsend))
STARTED_SEND(Ibsend, 0, P(Ibsend))
STARTED_SEND(Send_init, 1, (synchronous && l ? P(Ssend_init) : P(Send_init)))
STARTED_SEND(Ssend_init, 1, P(Ssend_init))
STARTED_SEND(Rsend_init, 1, P(Rsend_init))
STARTED_SEND(Bsend_init, 1, P(Bsend_init))

int F(Recv)(void *b, COUNT n, MPI_Datatype t, int from, int tag, MPI_Comm comm, MPI_Status *status) {
    Lane *l = enter("MPI_Recv", HERE);
    Op op = message(l, RECV, "MPI_Recv", from, tag, comm, size_of(n, t));
    add(l, &op);
    block(l);
    return leave(l, P(Recv)(b, n, t, from, tag, comm, status));
}

#define STARTED_RECV(NAME, IS_PERSISTENT)                                                                                        \
    int F(NAME)(void *b, COUNT n, MPI_Datatype t, int from, int tag, MPI_Comm comm, MPI_Request *request) {                      \
        Lane *l = enter("MPI_" #NAME, HERE);                                                                                     \
        Op op = message(l, RECV, "MPI_" #NAME, from, tag, comm, size_of(n, t));                                                  \
        int code = P(NAME)(b, n, t, from, tag, comm, request);                                                                   \
        if (l) remember(code, *request, &op, IS_PERSISTENT);                                                                     \
        return leave(l, code);                                                                                                   \
    }
STARTED_RECV(Irecv, 0)
STARTED_RECV(Recv_init, 1)

/* The message is matched already: only its data may still come. */
int F(Mrecv)(void *b, COUNT n, MPI_Datatype t, MPI_Message *m, MPI_Status *status) {
    Lane *l = enter("MPI_Mrecv", HERE);
    return leave(l, P(Mrecv)(b, n, t, m, status));
}

int F(Imrecv)(void *b, COUNT n, MPI_Datatype t, MPI_Message *m, MPI_Request *request) {
    Lane *l = enter("MPI_Imrecv", HERE);
    int code = P(Imrecv)(b, n, t, m, request);
    if (l) remember(code, *request, &(Op){.kind = UNKNOWN, .call = "MPI_Imrecv"}, 0);
    return leave(l, code);
}

int F(Sendrecv)(const void *sb, COUNT sn, MPI_Datatype st, int to, int stag, void *rb, COUNT rn, MPI_Datatype rt, int from,
                int rtag, MPI_Comm comm, MPI_Status *status) {
    Lane *l = enter("MPI_Sendrecv", HERE);
    Op out = message(l, SEND, "MPI_Sendrecv", to, stag, comm, size_of(sn, st));
    Op in = message(l, RECV, "MPI_Sendrecv", from, rtag, comm, size_of(rn, rt));
    add(l, &out);
    add(l, &in);
    if (l) sent(&out);
    moved(l, out.bytes);
    block(l);
    return leave(l, P(Sendrecv)(sb, sn, st, to, stag, rb, rn, rt, from, rtag, comm, status));
}

int F(Sendrecv_replace)(void *b, COUNT n, MPI_Datatype t, int to, int stag, int from, int rtag, MPI_Comm comm,
                        MPI_Status *status) {
    Lane *l = enter("MPI_Sendrecv_replace", HERE);
    Op out = message(l, SEND, "MPI_Sendrecv_replace", to, stag, comm, size_of(n, t));
    Op in = message(l, RECV, "MPI_Sendrecv_replace", from, rtag, comm, size_of(n, t));
    add(l, &out);
    add(l, &in);
    if (l) sent(&out);
    moved(l, out.bytes);
    block(l);
    return leave(l, P(Sendrecv_replace)(b, n, t, to, stag, from, rtag, comm, status));
}
