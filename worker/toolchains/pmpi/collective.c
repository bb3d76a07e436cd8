/* Collective calls: which one of its team this is, and whether all ranks call the same.
 *
 * The first rank writes a notice of its call; the others compare name, root and, where the standard demands equal amounts,
 * bytes. Limits: NOTICES calls far apart a notice is written over, and that one is not compared; operations and types are not.
 */
#include "shim.h"

#include <stdio.h>

#define BUSY UINT64_MAX

static Notice *notice_of(uint64_t key) { return &notices()[(key * 0x9E3779B97F4A7C15u >> 40) % NOTICES]; }

static void write_notice(Notice *n, uint64_t key, const Lane *l, const Op *op, uint64_t weight) {
    uint64_t old = atomic_load(&n->key);
    if (old == BUSY || !atomic_compare_exchange_strong(&n->key, &old, BUSY)) return;
    n->site = l->site;
    n->weight = weight;
    n->rank = own_rank();
    n->root = op->root;
    memcpy(n->call, op->call, sizeof n->call);
    atomic_store(&n->key, key);
}

static void note_mismatch(const Notice *n, const Lane *l, const Op *op, int is_weight) {
    Slot *s = slot();
    if (s->flags & MISMATCHED) return;
    s->mismatch = (Mismatch){.team = op->team, .sequence = op->sequence, .root = op->root, .other_rank = n->rank,
                             .other_root = n->root, .is_weight = (uint32_t)is_weight, .site = l->site, .other_site = n->site};
    memcpy(s->mismatch.call, op->call, sizeof op->call);
    memcpy(s->mismatch.other_call, n->call, sizeof n->call);
    s->flags |= MISMATCHED;
}

static void compare(const Lane *l, const Op *op, int is_inter, uint64_t weight) {
    uint64_t key = (uint64_t)op->team << 32 | op->sequence;
    Notice *n = notice_of(key);
    if (atomic_load(&n->key) != key) {
        write_notice(n, key, l, op, weight);
        return;
    }
    int differs = strncmp(n->call, op->call, sizeof n->call) || (!is_inter && n->root != op->root);
    int is_weight = !differs && !is_inter && n->weight != weight;
    if (atomic_load(&n->key) == key && (differs || is_weight)) note_mismatch(n, l, op, is_weight);
}

/* What leaves a rank: a communicator of one rank keeps its data, a file takes them all the same. */
static uint64_t carried_by(const Team *team, uint64_t bytes) {
    return team && team->space == COMM && team->members == 1 ? 0 : bytes;
}

/* Counts the call and compares it. `weight`: bytes that must be equal everywhere, or NO_WEIGHT. */
Op collective(Lane *l, Team *team, const char *call, int root, uint64_t bytes, uint64_t weight) {
    Op op = {.kind = COLLECTIVE, .peer = NONE, .peer_world = NONE, .tag = NONE, .root = root, .bytes = bytes};
    copy_name(op.call, call);
    if (!l) return op;
    op.site = l->site;
    if (!team || !team->id) {
        op.kind = UNKNOWN;
        moved(l, carried_by(team, bytes));
        return op;
    }
    guard();
    op.team = team->id;
    op.team_size = (uint32_t)team->members;
    op.sequence = ++team->sequence;
    note_entered(team);
    if (capacity()) compare(l, &op, team->is_inter, weight);
    unguard();
    moved(l, carried_by(team, bytes));
    return op;
}
