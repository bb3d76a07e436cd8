// ranks: 2
// status: ok
#include "common.h"

int main(int c, char **v) {
    start(&c, &v);
    int x = 0, y = rank + 1, other = 1 - rank;
    MPI_Group all, one;
    MPI_Win w;
    MPI_Win_create(&x, sizeof x, sizeof x, MPI_INFO_NULL, WORLD, &w);
    MPI_Win_fence(0, w);
    if (rank) sleep(3);
    MPI_Put(&y, 1, MPI_INT, other, 0, 1, MPI_INT, w);
    MPI_Win_fence(MPI_MODE_NOSUCCEED, w);
    MPI_Comm_group(WORLD, &all);
    MPI_Group_incl(all, 1, &other, &one);
    if (rank == 0) {
        MPI_Win_start(one, 0, w);
        MPI_Put(&y, 1, MPI_INT, 1, 0, 1, MPI_INT, w);
        MPI_Win_complete(w);
    } else {
        MPI_Win_post(one, 0, w);
        MPI_Win_wait(w);
    }
    MPI_Group_free(&one);
    MPI_Group_free(&all);
    MPI_Win_free(&w);
    return finish();
}
