// ranks: 3
// status: deadlock
// says: rank 0 waits in MPI_Comm_split()
// says: rank 0 needs rank 1 in MPI_Comm_split
#include "common.h"

int main(int c, char **v) {
    start(&c, &v);
    MPI_Comm part;
    if (rank != 1) MPI_Comm_split(WORLD, 0, 0, &part);
    return finish();
}
