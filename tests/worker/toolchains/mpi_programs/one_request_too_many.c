// ranks: 2
// status: deadlock
// says: deadlock: rank 0 waits in MPI_Waitall(MPI_Irecv(source=1, tag=2)) at main.c:LINE
#include "common.h"

int main(int c, char **v) {
    start(&c, &v);
    int x[2], y = 1;
    MPI_Request r[2];
    if (rank == 0) {
        MPI_Irecv(&x[0], 1, MPI_INT, 1, 1, WORLD, &r[0]);
        MPI_Irecv(&x[1], 1, MPI_INT, 1, 2, WORLD, &r[1]);
        sleep(1);
        MPI_Waitall(2, r, MPI_STATUSES_IGNORE); // LINE
    } else {
        MPI_Send(&y, 1, MPI_INT, 0, 1, WORLD);
    }
    return finish();
}
