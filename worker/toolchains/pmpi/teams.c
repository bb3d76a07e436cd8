/* Communicators, windows and files under names that all their ranks agree on, without a message.
 *
 * A name is made from the parent's name, the members and how often this pair was seen: every member of a new communicator took
 * part in each such creation, so all count alike. Limits: at most KNOWN different pairs and TEAMS teams a rank; beyond that a
 * rank is never accused. A communicator that came from a call which the shim does not wrap (or MPI_COMM_SELF) has no name, and
 * nobody is accused for its collectives.
 */
#include "shim.h"

enum { BUCKETS = 256, KNOWN = 4096 };

static Team *buckets[BUCKETS];
static Team *last;
static struct { uint32_t key, count; } seen[KNOWN];
static int seen_count;
/* Who has left a team will not enter it again: what it had entered is kept for as long as there is room. */
static char is_left[TEAMS];

uint64_t bits(const void *handle, size_t size) {
    uint64_t value = 0;
    memcpy(&value, handle, size);
    return value;
}

static uint32_t mix(uint32_t a, uint32_t b) {
    uint64_t x = ((uint64_t)a << 32 | b) * 0x9E3779B97F4A7C15u;
    uint32_t result = (uint32_t)(x >> 29) ^ (uint32_t)x;
    return result > 15 ? result : result + 16;
}

static Team **bucket(uint64_t handle, int space) {
    return &buckets[((handle + (uint64_t)space) * 0x9E3779B97F4A7C15u) >> 56];
}

Team *team_at(uint64_t handle, int space) {
    if (last && last->handle == handle && last->space == space) return last;
    for (Team *t = *bucket(handle, space); t; t = t->next)
        if (t->handle == handle && t->space == space) return last = t;
    return NULL;
}

/* The watcher asks how far each rank is in the collectives of each team. */
void note_entered(const Team *t) {
    if (t->place >= 0) slot()->entered[t->place].entered = t->sequence;
}

static void publish(Team *t) {
    Slot *s = slot();
    t->place = -1;
    for (int i = 0; i < TEAMS && t->place < 0; i++)
        if (!s->entered[i].team) t->place = i;
    for (int i = 0; i < TEAMS && t->place < 0; i++)
        if (is_left[i]) t->place = i;
    if (t->place < 0) {
        s->flags |= CROWDED;
        return;
    }
    is_left[t->place] = 0;
    s->entered[t->place].team = 0;
    note_entered(t);
    s->entered[t->place].team = t->id;
}

static uint32_t times_seen(uint32_t key) {
    for (uint32_t i = 0; i < KNOWN; i++) {
        uint32_t at = (key + i) % KNOWN;
        if (seen[at].count && seen[at].key != key) continue;
        if (!seen[at].count && ++seen_count > KNOWN / 2) break;
        seen[at].key = key;
        return ++seen[at].count;
    }
    slot()->flags |= CROWDED;
    return 0;
}

static Team *insert(uint64_t handle, int space) {
    Team *t = calloc(1, sizeof *t);
    if (!t) abort();
    t->handle = handle;
    t->space = space;
    t->next = *bucket(handle, space);
    *bucket(handle, space) = t;
    return t;
}

int *ranks_in_world(MPI_Group group, int size) {
    MPI_Group world;
    int *own = malloc(sizeof(int) * (size_t)size), *found = malloc(sizeof(int) * (size_t)size);
    if (!own || !found) abort();
    for (int i = 0; i < size; i++) own[i] = i;
    PMPI_Comm_group(MPI_COMM_WORLD, &world);
    PMPI_Group_translate_ranks(group, size, own, world, found);
    PMPI_Group_free(&world);
    free(own);
    return found;
}

static uint32_t hash_of(const int *ranks, int size) {
    uint32_t hash = (uint32_t)size;
    for (int i = 0; i < size; i++) hash = mix(hash, (uint32_t)ranks[i]);
    return hash;
}

/* Fills in members and peers; gives a hash of them that is the same on both sides of an intercommunicator. */
static uint32_t learn(Team *t, MPI_Comm comm) {
    MPI_Group group;
    int local = 0;
    PMPI_Comm_size(comm, &local);
    PMPI_Comm_test_inter(comm, &t->is_inter);
    PMPI_Comm_group(comm, &group);
    t->world = ranks_in_world(group, local);
    PMPI_Group_free(&group);
    t->size = t->members = local;
    uint32_t hash = hash_of(t->world, local);
    if (!t->is_inter) return hash;
    free(t->world);
    PMPI_Comm_remote_size(comm, &t->size);
    PMPI_Comm_remote_group(comm, &group);
    t->world = ranks_in_world(group, t->size);
    PMPI_Group_free(&group);
    t->members = local + t->size;
    /* Who is connected to ranks of another MPI_COMM_WORLD may be served by them. */
    for (int i = 0; i < t->size; i++)
        if (t->world[i] == MPI_UNDEFINED) slot()->flags |= CONNECTED;
    return hash + hash_of(t->world, t->size);
}

/* A program of sessions alone (MPI 4) has no MPI_COMM_WORLD to count ranks in. */
static int has_world(void) { return (slot()->flags & INITIALISED) != 0; }

/* Errors of a handle that is none are the program's, and are left to its own call. */
static int is_valid(MPI_Comm comm) {
    MPI_Errhandler of_world, of_self;
    int size = 0;
    if (comm == MPI_COMM_NULL) return 0;
    PMPI_Comm_get_errhandler(MPI_COMM_WORLD, &of_world);
    PMPI_Comm_get_errhandler(MPI_COMM_SELF, &of_self);
    PMPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    PMPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
    int code = PMPI_Comm_size(comm, &size);
    PMPI_Comm_set_errhandler(MPI_COMM_WORLD, of_world);
    PMPI_Comm_set_errhandler(MPI_COMM_SELF, of_self);
    PMPI_Errhandler_free(&of_world);
    PMPI_Errhandler_free(&of_self);
    return code == MPI_SUCCESS;
}

Team *team_of(MPI_Comm comm) {
    Team *t = team_at(BITS(comm), COMM);
    if (t) return t;
    if (!has_world() || !is_valid(comm)) return NULL;
    t = insert(BITS(comm), COMM);
    learn(t, comm);
    t->place = -1;
    return t;
}

Team *team_for(const Lane *l, MPI_Comm comm) {
    if (!l) return NULL;
    guard();
    Team *t = team_of(comm);
    unguard();
    return t;
}

void name_world(void) {
    Team *t = insert(bits(&(MPI_Comm){MPI_COMM_WORLD}, sizeof(MPI_Comm)), COMM);
    learn(t, MPI_COMM_WORLD);
    t->id = WORLD_TEAM;
    publish(t);
}

/* `tag` tells creations apart that only some of the parent's ranks take part in. */
void name_comm(MPI_Comm parent, MPI_Comm comm, int tag) {
    if (comm == MPI_COMM_NULL || !has_world()) return;
    guard();
    Team *above = parent == MPI_COMM_NULL ? NULL : team_of(parent);
    uint32_t of = above ? above->id : 13;
    forget_team(BITS(comm), COMM);
    Team *t = insert(BITS(comm), COMM);
    uint32_t key = mix(mix(of, (uint32_t)tag), learn(t, comm));
    t->id = mix(key, times_seen(key));
    publish(t);
    unguard();
}

/* A window or file of the ranks of `parent`. */
void name_other(const Team *parent, uint64_t handle, int space) {
    Team above = *parent;
    forget_team(handle, space);
    Team *t = insert(handle, space);
    t->size = t->members = above.members;
    t->world = malloc(sizeof(int) * (size_t)above.size);
    if (!t->world) abort();
    memcpy(t->world, above.world, sizeof(int) * (size_t)above.size);
    t->place = -1;
    if (!above.id) return;
    uint32_t key = mix(above.id, (uint32_t)space);
    t->id = mix(key, times_seen(key));
    publish(t);
}

void forget_team(uint64_t handle, int space) {
    last = NULL;
    for (Team **at = bucket(handle, space); *at; at = &(*at)->next) {
        if ((*at)->handle != handle || (*at)->space != space) continue;
        Team *gone = *at;
        *at = gone->next;
        if (gone->place >= 0) is_left[gone->place] = 1;
        free(gone->world);
        free(gone->targets);
        free(gone->origins);
        free(gone);
        return;
    }
}
