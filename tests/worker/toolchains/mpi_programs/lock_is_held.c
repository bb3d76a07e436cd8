// ranks: 2
// status: deadlock
// says: rank 0 waits in MPI_Recv(source=1, tag=0)
// says: cause: rank 0 needs rank 1 to send with tag 0
// Rank 0 holds the lock that rank 1 needs before it sends.
#include "common.h"

int main(int c, char **v) {
    start(&c, &v);
    int x = 0, *b;
    MPI_Win w;
    MPI_Win_allocate(sizeof x, sizeof x, MPI_INFO_NULL, WORLD, &b, &w);
    MPI_Barrier(WORLD);
    if (rank == 0) {
        MPI_Win_lock(MPI_LOCK_EXCLUSIVE, 0, 0, w);
        MPI_Put(&x, 1, MPI_INT, 0, 0, 1, MPI_INT, w);
        MPI_Win_flush(0, w);
        MPI_Barrier(WORLD);
        MPI_Recv(&x, 1, MPI_INT, 1, 0, WORLD, IGNORE);
        MPI_Win_unlock(0, w);
    } else {
        MPI_Barrier(WORLD);
        MPI_Win_lock(MPI_LOCK_EXCLUSIVE, 0, 0, w);
        MPI_Put(&x, 1, MPI_INT, 0, 0, 1, MPI_INT, w);
        MPI_Win_unlock(0, w);
        MPI_Send(&x, 1, MPI_INT, 0, 0, WORLD);
    }
    MPI_Win_free(&w);
    return finish();
}
