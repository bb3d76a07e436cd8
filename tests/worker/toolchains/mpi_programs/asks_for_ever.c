// ranks: 2
// status: timeout
// seconds: 4
// says: timeout: rank 0 asks with MPI_Iprobe(source=1, tag=7),
// says: times without an answer at main.c:LINE
#include "common.h"

int main(int c, char **v) {
    start(&c, &v);
    int flag = 0;
    while (!flag) {
        usleep(200);
        MPI_Iprobe(1 - rank, 7, WORLD, &flag, IGNORE); // LINE
    }
    return finish();
}
