/* Collectives with a count, each in its blocking, nonblocking and (MPI 4) persistent form; included by collectives.c. */
#include "counted.h"

#define UNPACK(...) __VA_ARGS__

#define BLOCKING_COLLECTIVE(NAME, PARAMETERS, ARGUMENTS, ROOT, BYTES, WEIGHT)                                                    \
    int F(NAME)(UNPACK PARAMETERS, MPI_Comm comm) {                                                                              \
        Lane *l = enter("MPI_" #NAME, HERE);                                                                                     \
        Op op = collective(l, team_for(l, comm), "MPI_" #NAME, ROOT, BYTES, WEIGHT);                                      \
        add(l, &op);                                                                                                             \
        block(l);                                                                                                                \
        return leave(l, P(NAME)(UNPACK ARGUMENTS, comm));                                                                        \
    }

#define NONBLOCKING_COLLECTIVE(NAME, PARAMETERS, ARGUMENTS, ROOT, BYTES, WEIGHT)                                                 \
    int F(NAME)(UNPACK PARAMETERS, MPI_Comm comm, MPI_Request *request) {                                                        \
        Lane *l = enter("MPI_" #NAME, HERE);                                                                                     \
        Op op = collective(l, team_for(l, comm), "MPI_" #NAME, ROOT, BYTES, WEIGHT);                                      \
        int code = P(NAME)(UNPACK ARGUMENTS, comm, request);                                                                     \
        if (l) remember(code, *request, &op, 0);                                                                                 \
        return leave(l, code);                                                                                                   \
    }

/* Each start is one more collective; as the order of starts is not counted, what waits for one is of an unknown kind. */
#if MPI_VERSION >= 4
#define PERSISTENT_COLLECTIVE(NAME, PARAMETERS, ARGUMENTS, ROOT, BYTES, WEIGHT)                                                  \
    int F(NAME##_init)(UNPACK PARAMETERS, MPI_Comm comm, MPI_Info info, MPI_Request *request) {                                  \
        Lane *l = enter("MPI_" #NAME "_init", HERE);                                                                             \
        Op op = collective(l, team_for(l, comm), "MPI_" #NAME "_init", ROOT, BYTES, WEIGHT);                              \
        int code = P(NAME##_init)(UNPACK ARGUMENTS, comm, info, request);                                                        \
        op.kind = UNKNOWN;                                                                                                       \
        if (l) remember(code, *request, &op, 1);                                                                                 \
        return leave(l, code);                                                                                                   \
    }
#else
#define PERSISTENT_COLLECTIVE(NAME, PARAMETERS, ARGUMENTS, ROOT, BYTES, WEIGHT)
#endif

#define COLLECTIVE_CALL(NAME, LOWER, ...)                                                                                        \
    BLOCKING_COLLECTIVE(NAME, __VA_ARGS__)                                                                                       \
    NONBLOCKING_COLLECTIVE(I##LOWER, __VA_ARGS__)                                                                                \
    PERSISTENT_COLLECTIVE(NAME, __VA_ARGS__)

#define BOTH const void *s, COUNT sn, MPI_Datatype st, void *r, COUNT rn, MPI_Datatype rt
#define REDUCTION const void *s, void *r, COUNT n, MPI_Datatype t, MPI_Op op_

COLLECTIVE_CALL(Bcast, bcast, (void *b, COUNT n, MPI_Datatype t, int root), (b, n, t, root), root, size_of(n, t), size_of(n, t))
COLLECTIVE_CALL(Gather, gather, (BOTH, int root), (s, sn, st, r, rn, rt, root), root, size_of(sn, st), NO_WEIGHT)
COLLECTIVE_CALL(Gatherv, gatherv,
                (const void *s, COUNT sn, MPI_Datatype st, void *r, const COUNT rn[], const DISPLACEMENT d[], MPI_Datatype rt,
                 int root),
                (s, sn, st, r, rn, d, rt, root), root, size_of(sn, st), NO_WEIGHT)
COLLECTIVE_CALL(Scatter, scatter, (BOTH, int root), (s, sn, st, r, rn, rt, root), root, size_of(rn, rt), NO_WEIGHT)
COLLECTIVE_CALL(Scatterv, scatterv,
                (const void *s, const COUNT sn[], const DISPLACEMENT d[], MPI_Datatype st, void *r, COUNT rn, MPI_Datatype rt,
                 int root),
                (s, sn, d, st, r, rn, rt, root), root, size_of(rn, rt), NO_WEIGHT)
COLLECTIVE_CALL(Allgather, allgather, (BOTH), (s, sn, st, r, rn, rt), ROOTLESS, size_of(rn, rt), NO_WEIGHT)
COLLECTIVE_CALL(Allgatherv, allgatherv,
                (const void *s, COUNT sn, MPI_Datatype st, void *r, const COUNT rn[], const DISPLACEMENT d[], MPI_Datatype rt),
                (s, sn, st, r, rn, d, rt), ROOTLESS, size_of(sn, st), NO_WEIGHT)
COLLECTIVE_CALL(Alltoall, alltoall, (BOTH), (s, sn, st, r, rn, rt), ROOTLESS, size_of(rn, rt), NO_WEIGHT)
COLLECTIVE_CALL(Alltoallv, alltoallv,
                (const void *s, const COUNT sn[], const DISPLACEMENT sd[], MPI_Datatype st, void *r, const COUNT rn[],
                 const DISPLACEMENT rd[], MPI_Datatype rt),
                (s, sn, sd, st, r, rn, rd, rt), ROOTLESS, 0, NO_WEIGHT)
COLLECTIVE_CALL(Alltoallw, alltoallw,
                (const void *s, const COUNT sn[], const DISPLACEMENT sd[], const MPI_Datatype st[], void *r, const COUNT rn[],
                 const DISPLACEMENT rd[], const MPI_Datatype rt[]),
                (s, sn, sd, st, r, rn, rd, rt), ROOTLESS, 0, NO_WEIGHT)
COLLECTIVE_CALL(Reduce, reduce, (REDUCTION, int root), (s, r, n, t, op_, root), root, size_of(n, t), size_of(n, t))
COLLECTIVE_CALL(Allreduce, allreduce, (REDUCTION), (s, r, n, t, op_), ROOTLESS, size_of(n, t), size_of(n, t))
COLLECTIVE_CALL(Scan, scan, (REDUCTION), (s, r, n, t, op_), ROOTLESS, size_of(n, t), size_of(n, t))
COLLECTIVE_CALL(Exscan, exscan, (REDUCTION), (s, r, n, t, op_), ROOTLESS, size_of(n, t), size_of(n, t))
COLLECTIVE_CALL(Reduce_scatter_block, reduce_scatter_block, (REDUCTION), (s, r, n, t, op_), ROOTLESS, size_of(n, t),
                size_of(n, t))
COLLECTIVE_CALL(Reduce_scatter, reduce_scatter, (const void *s, void *r, const COUNT n[], MPI_Datatype t, MPI_Op op_),
                (s, r, n, t, op_), ROOTLESS, 0, NO_WEIGHT)
COLLECTIVE_CALL(Neighbor_allgather, neighbor_allgather, (BOTH), (s, sn, st, r, rn, rt), ROOTLESS, size_of(sn, st), NO_WEIGHT)
COLLECTIVE_CALL(Neighbor_allgatherv, neighbor_allgatherv,
                (const void *s, COUNT sn, MPI_Datatype st, void *r, const COUNT rn[], const DISPLACEMENT d[], MPI_Datatype rt),
                (s, sn, st, r, rn, d, rt), ROOTLESS, size_of(sn, st), NO_WEIGHT)
COLLECTIVE_CALL(Neighbor_alltoall, neighbor_alltoall, (BOTH), (s, sn, st, r, rn, rt), ROOTLESS, size_of(sn, st), NO_WEIGHT)
COLLECTIVE_CALL(Neighbor_alltoallv, neighbor_alltoallv,
                (const void *s, const COUNT sn[], const DISPLACEMENT sd[], MPI_Datatype st, void *r, const COUNT rn[],
                 const DISPLACEMENT rd[], MPI_Datatype rt),
                (s, sn, sd, st, r, rn, rd, rt), ROOTLESS, 0, NO_WEIGHT)
COLLECTIVE_CALL(Neighbor_alltoallw, neighbor_alltoallw,
                (const void *s, const COUNT sn[], const MPI_Aint sd[], const MPI_Datatype st[], void *r, const COUNT rn[],
                 const MPI_Aint rd[], const MPI_Datatype rt[]),
                (s, sn, sd, st, r, rn, rd, rt), ROOTLESS, 0, NO_WEIGHT)
