// ranks: 2
// status: deadlock
// says: deadlock: rank 0 waits in MPI_Recv(source=1, tag=7) at main.c:HERE
// says: cause: rank 1 last sent to rank 0 with tag 8, not 7, at main.c:LINE
#include "common.h"

int main(int c, char **v) {
    start(&c, &v);
    int x = 1;
    if (rank == 0)
        MPI_Recv(&x, 1, MPI_INT, 1, 7, WORLD, IGNORE); // HERE
    else
        MPI_Send(&x, 1, MPI_INT, 0, 8, WORLD); // LINE
    return finish();
}
