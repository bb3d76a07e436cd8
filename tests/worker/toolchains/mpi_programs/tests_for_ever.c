// ranks: 2
// status: timeout
// seconds: 4
// says: timeout: rank 1 asks with MPI_Test(MPI_Irecv(source=0, tag=6)),
#include "common.h"

int main(int c, char **v) {
    start(&c, &v);
    int x, flag = 0;
    MPI_Request r;
    MPI_Irecv(&x, 1, MPI_INT, 1 - rank, 6, WORLD, &r);
    while (!flag) MPI_Test(&r, &flag, IGNORE);
    return finish();
}
