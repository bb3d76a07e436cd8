/* Changes of a run that a correct program does not mind: sends that wait for their receive, and random delays before calls.
 *
 * CODEPAR_SHIM_SENDS=synchronous turns standard sends synchronous, CODEPAR_SHIM_DELAYS=SEED delays about one call in eight by
 * up to 3 ms, differently in each rank. Limits: a rank is delayed by 3 s in all; the order in which the system runs the ranks
 * is still not ours, so a seed gives the same delays, not the same run.
 */
#include "shim.h"

#include <time.h>

int synchronous;

static int delays;
static uint64_t seed;
static _Thread_local uint64_t state;
static _Atomic int64_t left_us = 3000000;

void configure_stress(void) {
    const char *sends = getenv("CODEPAR_SHIM_SENDS"), *given = getenv("CODEPAR_SHIM_DELAYS");
    synchronous = sends && !strcmp(sends, "synchronous");
    delays = given && *given;
    if (delays) seed = strtoull(given, NULL, 10);
}

static uint64_t next_random(void) {
    if (!state) state = (seed + 1) * 0x9E3779B97F4A7C15u ^ (uint64_t)(own_rank() + 1) << 33;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state * 0x2545F4914F6CDD1Du >> 16;
}

void stress(void) {
    if (!delays || next_random() % 8) return;
    int64_t wanted = (int64_t)(next_random() % 3000);
    if (atomic_fetch_sub(&left_us, wanted) < wanted) return;
    nanosleep(&(struct timespec){.tv_nsec = wanted * 1000}, NULL);
}
