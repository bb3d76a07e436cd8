// ranks: 4
// status: ok
#include "common.h"

int main(int c, char **v) {
    start(&c, &v);
    int dims[1] = {size}, around[1] = {1}, out[2] = {rank, rank}, in[2];
    MPI_Comm ring;
    MPI_Request r;
    MPI_Cart_create(WORLD, 1, dims, around, 0, &ring);
    if (rank == 3) sleep(3);
    MPI_Neighbor_alltoall(out, 1, MPI_INT, in, 1, MPI_INT, ring);
    MPI_Ineighbor_allgather(out, 1, MPI_INT, in, 1, MPI_INT, ring, &r);
    MPI_Wait(&r, IGNORE);
    MPI_Comm_free(&ring);
    return finish();
}
