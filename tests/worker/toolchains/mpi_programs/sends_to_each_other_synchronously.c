// ranks: 2
// sends: synchronous
// status: deadlock
// says: deadlock: rank 1 waits in MPI_Wait(MPI_Isend(dest=0, tag=7)) at main.c:LINE
#include "common.h"

int main(int c, char **v) {
    start(&c, &v);
    int x = rank, y;
    MPI_Request r;
    MPI_Isend(&x, 1, MPI_INT, 1 - rank, 7, WORLD, &r);
    MPI_Wait(&r, IGNORE); // LINE
    MPI_Recv(&y, 1, MPI_INT, 1 - rank, 7, WORLD, IGNORE);
    return finish();
}
