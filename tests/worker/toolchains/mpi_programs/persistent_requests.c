// ranks: 2
// status: ok
// sends: synchronous
#include "common.h"

int main(int c, char **v) {
    start(&c, &v);
    int out = rank, in;
    MPI_Request r[2];
    MPI_Send_init(&out, 1, MPI_INT, 1 - rank, 4, WORLD, &r[0]);
    MPI_Recv_init(&in, 1, MPI_INT, 1 - rank, 4, WORLD, &r[1]);
    for (int i = 0; i < 500; i++) {
        MPI_Startall(2, r);
        if (i == 100 && rank) sleep(3);
        MPI_Waitall(2, r, MPI_STATUSES_IGNORE);
    }
    MPI_Request_free(&r[0]);
    MPI_Request_free(&r[1]);
    return finish();
}
