// ranks: 4
// status: ok
#include "common.h"

int main(int c, char **v) {
    start(&c, &v);
    int x = 1, y;
    MPI_Comm half, inter, merged;
    MPI_Comm_split(WORLD, rank % 2, rank, &half);
    MPI_Intercomm_create(half, 0, WORLD, 1 - rank % 2, 3, &inter);
    if (rank == 1) sleep(3);
    MPI_Allreduce(&x, &y, 1, MPI_INT, MPI_SUM, inter);
    MPI_Sendrecv(&x, 1, MPI_INT, rank / 2, 1, &y, 1, MPI_INT, rank / 2, 1, inter, IGNORE);
    MPI_Bcast(&x, 1, MPI_INT, rank % 2 ? 0 : rank == 0 ? MPI_ROOT : MPI_PROC_NULL, inter);
    MPI_Intercomm_merge(inter, 0, &merged);
    MPI_Barrier(merged);
    MPI_Comm_free(&merged);
    MPI_Comm_free(&inter);
    MPI_Comm_free(&half);
    return finish();
}
