// ranks: 2
// status: ok
// Both ask in vain, but only for a while.
#include "common.h"

int main(int c, char **v) {
    start(&c, &v);
    int flag = 0;
    for (time_t end = time(NULL) + 4; !flag && time(NULL) < end; usleep(500)) MPI_Iprobe(1 - rank, 7, WORLD, &flag, IGNORE);
    return finish();
}
