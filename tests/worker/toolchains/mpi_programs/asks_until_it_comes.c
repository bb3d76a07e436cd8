// ranks: 2
// status: ok
#include "common.h"

int main(int c, char **v) {
    start(&c, &v);
    int x = 1, flag = 0;
    MPI_Request r;
    if (rank == 0) {
        while (!flag) {
            usleep(1000);
            MPI_Iprobe(1, 7, WORLD, &flag, IGNORE);
        }
        MPI_Recv(&x, 1, MPI_INT, 1, 7, WORLD, IGNORE);
        MPI_Irecv(&x, 1, MPI_INT, 1, 8, WORLD, &r);
        for (flag = 0; !flag;) MPI_Test(&r, &flag, IGNORE);
    } else {
        sleep(3);
        MPI_Send(&x, 1, MPI_INT, 0, 7, WORLD);
        MPI_Send(&x, 1, MPI_INT, 0, 8, WORLD);
    }
    return finish();
}
