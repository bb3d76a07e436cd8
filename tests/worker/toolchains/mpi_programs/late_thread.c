// ranks: 2
// status: ok
// flags: -pthread
// One thread of each rank waits; another sends late.
#include "common.h"

static void *waits(void *unused) {
    int x;
    MPI_Recv(&x, 1, MPI_INT, 1 - rank, 5, WORLD, IGNORE);
    return unused;
}

int main(int c, char **v) {
    int got;
    pthread_t t;
    MPI_Init_thread(&c, &v, MPI_THREAD_MULTIPLE, &got);
    MPI_Comm_rank(WORLD, &rank);
    pthread_create(&t, NULL, waits, NULL);
    sleep(4);
    MPI_Send(&rank, 1, MPI_INT, 1 - rank, 5, WORLD);
    pthread_join(t, NULL);
    return finish();
}
