// ranks: 4
// status: deadlock
// says: deadlock: rank 0 waits in MPI_Allreduce() at main.c:LINE
// says: rank 0 needs rank 2 in MPI_Allreduce
#include "common.h"

int main(int c, char **v) {
    start(&c, &v);
    int x = 1;
    if (rank != 2)
        MPI_Allreduce(MPI_IN_PLACE, &x, 1, MPI_INT, MPI_SUM, WORLD); // LINE
    return finish();
}
