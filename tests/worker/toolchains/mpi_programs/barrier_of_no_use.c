// ranks: 3
// status: deadlock
// says: rank 0 waits in MPI_Wait(MPI_Ibarrier()) at main.c:LINE
// says: rank 0 needs rank 2 in MPI_Ibarrier
#include "common.h"

int main(int c, char **v) {
    start(&c, &v);
    MPI_Request r;
    if (rank != 2) {
        MPI_Ibarrier(WORLD, &r);
        MPI_Wait(&r, IGNORE); // LINE
    }
    return finish();
}
