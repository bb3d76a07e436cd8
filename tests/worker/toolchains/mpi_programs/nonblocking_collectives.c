// ranks: 3
// status: ok
#include "common.h"

int main(int c, char **v) {
    start(&c, &v);
    int x = 1, y, flag = 0;
    MPI_Request r[2];
    if (rank == 1) sleep(3);
    MPI_Iallreduce(&x, &y, 1, MPI_INT, MPI_SUM, WORLD, &r[0]);
    MPI_Ibarrier(WORLD, &r[1]);
    while (!flag) MPI_Testall(2, r, &flag, MPI_STATUSES_IGNORE);
    MPI_Ibcast(&y, 1, MPI_INT, 0, WORLD, &r[0]);
    MPI_Wait(&r[0], IGNORE);
    return finish();
}
