// ranks: 4
// status: ok
// delays: 3
#include "common.h"

int main(int c, char **v) {
    start(&c, &v);
    int x = 0, left = 30;
    MPI_Status s;
    if (rank == 0) {
        for (int busy = size - 1; busy;) {
            MPI_Recv(&x, 1, MPI_INT, MPI_ANY_SOURCE, MPI_ANY_TAG, WORLD, &s);
            x = left > 0 ? left-- : -1;
            busy -= x < 0;
            MPI_Send(&x, 1, MPI_INT, s.MPI_SOURCE, 1, WORLD);
        }
    } else {
        for (; x >= 0; usleep(10000)) {
            MPI_Send(&x, 1, MPI_INT, 0, 1, WORLD);
            MPI_Recv(&x, 1, MPI_INT, 0, 1, WORLD, IGNORE);
        }
    }
    return finish();
}
