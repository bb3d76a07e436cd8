/* Running totals: where each row of a ragged table begins, given the lengths of the rows. */
#include <stdio.h>
#include <stdlib.h>

long prefix_sum(const int *lengths, long *starts, int n)
{
    long total = 0;
    for (int i = 0; i < n; i++) {
        starts[i] = total;
        total += lengths[i];
    }
    return total;
}

int main(void)
{
    enum { N = 100000 };
    int *lengths = malloc(N * sizeof *lengths);
    long *starts = malloc(N * sizeof *starts);
    for (int i = 0; i < N; i++)
        lengths[i] = (i * 7919) % 13;
    long total = prefix_sum(lengths, starts, N);
    printf("rows %d, entries %ld, row %d begins at %ld\n", N, total, N / 2, starts[N / 2]);
    free(lengths);
    free(starts);
    return 0;
}
