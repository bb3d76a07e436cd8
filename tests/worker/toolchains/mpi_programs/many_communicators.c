// ranks: 3
// status: ok
#include "common.h"

int main(int c, char **v) {
    start(&c, &v);
    MPI_Comm copy, part;
    for (int i = 0; i < 300; i++) {
        int x = 1;
        MPI_Comm_dup(WORLD, &copy);
        MPI_Comm_split(copy, rank % 2, 0, &part);
        MPI_Allreduce(MPI_IN_PLACE, &x, 1, MPI_INT, MPI_SUM, part);
        MPI_Barrier(copy);
        MPI_Comm_free(&part);
        MPI_Comm_free(&copy);
    }
    sleep(rank == 0 ? 3 : 0);
    MPI_Barrier(WORLD);
    return finish();
}
