// ranks: 4
// status: ok
// delays: 7
#include "common.h"

int main(int c, char **v) {
    start(&c, &v);
    int x = rank, y;
    for (int i = 0; i < 40; i++) {
        usleep(2000 * rank);
        MPI_Sendrecv(&x, 1, MPI_INT, (rank + 1) % size, 2, &y, 1, MPI_INT, (rank + size - 1) % size, 2, WORLD, IGNORE);
        MPI_Allreduce(MPI_IN_PLACE, &x, 1, MPI_INT, MPI_MAX, WORLD);
    }
    return finish();
}
