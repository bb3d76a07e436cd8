/* Messages between two ranks: described for the watcher, counted by destination and size. */
#include "shim.h"

static int in_world(const Team *t, int rank) {
    if (rank == ANY || rank == NOWHERE) return rank;
    return rank >= 0 && rank < t->size && t->world[rank] != MPI_UNDEFINED ? t->world[rank] : NONE;
}

Op message(Lane *l, int kind, const char *call, int peer, int tag, MPI_Comm comm, uint64_t bytes) {
    Op op = {.kind = kind, .root = NONE, .bytes = bytes};
    if (!l) return op;
    copy_name(op.call, call);
    op.peer = peer == MPI_ANY_SOURCE ? ANY : peer == MPI_PROC_NULL ? NOWHERE : peer;
    op.tag = tag == MPI_ANY_TAG ? ANY : tag;
    op.site = l->site;
    op.peer_world = NONE;
    if (comm == MPI_COMM_NULL) return op;
    guard();
    Team *t = team_of(comm);
    if (t) {
        op.team = t->id;
        op.team_size = (uint32_t)t->size;
        op.peer_world = in_world(t, op.peer);
    }
    unguard();
    return op;
}

static int bucket_of(uint64_t bytes) {
    int bucket = 0;
    while (bytes && bucket < SIZES - 1) {
        bytes >>= 1;
        bucket++;
    }
    return bucket;
}

/* Counts a message that leaves. */
void sent(const Op *op) {
    if (op->peer_world < 0 || op->peer_world >= capacity()) return;
    Counters *c = counters();
    Peer *p = &c->peers[op->peer_world];
    guard();
    p->messages++;
    p->bytes += op->bytes;
    p->site = op->site;
    p->tag = op->tag;
    p->team = op->team;
    c->sizes[bucket_of(op->bytes)]++;
    unguard();
}

uint64_t size_of(MPI_Count count, MPI_Datatype type) {
    int size = 0;
    if (count <= 0 || type == MPI_DATATYPE_NULL) return 0;
    PMPI_Type_size(type, &size);
    return size > 0 ? (uint64_t)count * (uint64_t)size : 0;
}
