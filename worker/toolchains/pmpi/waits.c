/* Waiting for requests, and asking after them. */
#include "shim.h"

#define WAIT(NAME, MODE, COUNT, PARAMETERS, ARGUMENTS)                                                                           \
    int MPI_##NAME PARAMETERS {                                                                                                  \
        Lane *l = enter("MPI_" #NAME, HERE);                                                                                     \
        wait_for(l, COUNT, requests, MODE);                                                                                      \
        block(l);                                                                                                                \
        return leave(l, PMPI_##NAME ARGUMENTS);                                                                                  \
    }
WAIT(Wait, ALL, 1, (MPI_Request * requests, MPI_Status *status), (requests, status))
WAIT(Waitall, ALL, n, (int n, MPI_Request requests[], MPI_Status statuses[]), (n, requests, statuses))
WAIT(Waitany, FIRST, n, (int n, MPI_Request requests[], int *index, MPI_Status *status), (n, requests, index, status))
WAIT(Waitsome, FIRST, n, (int n, MPI_Request requests[], int *done, int indices[], MPI_Status statuses[]),
     (n, requests, done, indices, statuses))

/* What is asked after is listed only after an answer of no, and then without asking again for each request. */
static int answered(Lane *l, int code, int flag) { return leave_poll(l, code, code || flag); }

#define TEST(NAME, MODE, COUNT, PARAMETERS, ARGUMENTS, FLAG)                                                                     \
    int MPI_##NAME PARAMETERS {                                                                                                  \
        Lane *l = enter("MPI_" #NAME, HERE);                                                                                     \
        int code = PMPI_##NAME ARGUMENTS;                                                                                        \
        if (l && code == MPI_SUCCESS && !(FLAG)) wait_for(l, COUNT, requests, MODE);                                             \
        return answered(l, code, FLAG);                                                                                          \
    }
TEST(Test, ALL, 1, (MPI_Request * requests, int *flag, MPI_Status *status), (requests, flag, status), *flag)
TEST(Testall, ALL, n, (int n, MPI_Request requests[], int *flag, MPI_Status statuses[]), (n, requests, flag, statuses), *flag)
TEST(Testany, FIRST, n, (int n, MPI_Request requests[], int *index, int *flag, MPI_Status *status),
     (n, requests, index, flag, status), *flag)
TEST(Testsome, FIRST, n, (int n, MPI_Request requests[], int *done, int indices[], MPI_Status statuses[]),
     (n, requests, done, indices, statuses), *done != 0)

int MPI_Request_get_status(MPI_Request request, int *flag, MPI_Status *status) {
    MPI_Request *requests = &request;
    Lane *l = enter("MPI_Request_get_status", HERE);
    int code = PMPI_Request_get_status(request, flag, status);
    if (l && code == MPI_SUCCESS && !*flag) wait_for(l, 1, requests, ALL);
    return answered(l, code, *flag);
}
