// ranks: 2
// status: deadlock
// says: rank 0 waits in MPI_Win_fence()
#include "common.h"

int main(int c, char **v) {
    start(&c, &v);
    int x = 0;
    MPI_Win w;
    MPI_Win_create(&x, sizeof x, sizeof x, MPI_INFO_NULL, WORLD, &w);
    MPI_Win_fence(0, w);
    if (rank == 0) MPI_Win_fence(0, w);
    else MPI_Recv(&x, 1, MPI_INT, 0, 0, WORLD, IGNORE);
    return finish();
}
