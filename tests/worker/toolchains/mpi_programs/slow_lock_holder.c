// ranks: 3
// status: ok
// Rank 0 computes for 3 s while it holds the lock that the others want.
#include "common.h"

int main(int c, char **v) {
    start(&c, &v);
    int *x;
    MPI_Win w;
    MPI_Win_allocate(sizeof(int), sizeof(int), MPI_INFO_NULL, WORLD, &x, &w);
    for (int i = 0; i < 3; i++) {
        int one = 1;
        MPI_Win_lock(MPI_LOCK_EXCLUSIVE, 0, 0, w);
        if (rank == 0 && i == 0) sleep(3);
        MPI_Accumulate(&one, 1, MPI_INT, 0, 0, 1, MPI_INT, MPI_SUM, w);
        MPI_Win_unlock(0, w);
    }
    MPI_Win_free(&w);
    return finish();
}
