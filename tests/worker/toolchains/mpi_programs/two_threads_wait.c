// ranks: 2
// status: deadlock
// flags: -pthread
// says: deadlock: rank 0 waits in MPI_Recv(source=1, tag=1) at main.c:LINE
// says: deadlock: rank 0 waits in MPI_Recv(source=1, tag=2) at main.c:LINE
// Two threads of each rank wait, and the first one for them.
#include "common.h"

static void *waits(void *tag) {
    int x;
    MPI_Recv(&x, 1, MPI_INT, 1 - rank, *(int *)tag, WORLD, IGNORE); // LINE
    return NULL;
}

int main(int c, char **v) {
    int got, tags[2] = {1, 2};
    pthread_t t[2];
    MPI_Init_thread(&c, &v, MPI_THREAD_MULTIPLE, &got);
    MPI_Comm_rank(WORLD, &rank);
    for (int i = 0; i < 2; i++) pthread_create(&t[i], NULL, waits, &tags[i]);
    for (int i = 0; i < 2; i++) pthread_join(t[i], NULL);
    return finish();
}
