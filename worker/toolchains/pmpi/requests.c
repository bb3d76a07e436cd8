/* What is behind the requests that a program waits for. Limits: a request that was not seen counts as unknown, and then nobody
 * is accused for it. */
#include "shim.h"

enum { BUCKETS = 4096 };

typedef struct Pending {
    struct Pending *next;
    uint64_t handle;
    int is_persistent;
    Op op;
} Pending;

static Pending *buckets[BUCKETS], *spare;

static Pending **bucket(uint64_t handle) { return &buckets[(handle * 0x9E3779B97F4A7C15u) >> 52]; }

static Pending **find(uint64_t handle) {
    Pending **at = bucket(handle);
    while (*at && (*at)->handle != handle) at = &(*at)->next;
    return at;
}

int is_null(MPI_Request request) { return request == MPI_REQUEST_NULL; }

void remember(int code, MPI_Request request, const Op *op, int is_persistent) {
    if (code != MPI_SUCCESS || is_null(request) || !op->kind) return;
    guard();
    Pending **at = find(BITS(request)), *p = *at;
    if (!p) {
        p = spare ? spare : malloc(sizeof *p);
        if (!p) abort();
        if (spare) spare = spare->next;
        p->next = NULL;
        *at = p;
    }
    p->handle = BITS(request);
    p->is_persistent = is_persistent;
    p->op = *op;
    unguard();
}

/* A persistent request was started. */
void started(int code, MPI_Request request) {
    if (code != MPI_SUCCESS) return;
    guard();
    Pending *p = *find(BITS(request));
    Op op = p ? p->op : (Op){.kind = UNKNOWN};
    unguard();
    if (op.kind == SEND) sent(&op);
}

static int is_complete(MPI_Request request) {
    int done = 0;
    PMPI_Request_get_status(request, &done, MPI_STATUS_IGNORE);
    return done;
}

/* Lists what is waited for, less what is complete already; a request that is complete is forgotten, its handle may be reused. */
void wait_for(Lane *l, MPI_Count count, const MPI_Request *requests, int mode) {
    if (!l) return;
    l->mode = (uint32_t)mode;
    for (MPI_Count i = 0; i < count; i++) {
        if (is_null(requests[i])) continue;
        int is_listed = l->count < LISTED, done = is_listed && is_complete(requests[i]);
        guard();
        Pending **at = find(BITS(requests[i])), *p = *at;
        if (!p && !done) l->unknown++;
        if (p && !done) add(l, &p->op);
        if (p && done && !p->is_persistent && mode == ALL) {
            *at = p->next;
            p->next = spare;
            spare = p;
        }
        unguard();
    }
}
