/* Sort pseudo-random integers and print a few of them. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define COUNT 120000

static void generate(int *keys)
{
    uint32_t state = 2463534242u;
    for (int i = 0; i < COUNT; i++) {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        keys[i] = (int) (state % 1000000);
    }
}

static int ascending(const void *left, const void *right)
{
    int a = *(const int *) left, b = *(const int *) right;
    return (a > b) - (a < b);
}

static void report(const int *keys)
{
    long weighted = 0;
    int sorted = 1;
    for (int i = 0; i < COUNT; i++) {
        weighted += (long) (i % 1000) * keys[i];
        if (i > 0 && keys[i - 1] > keys[i]) {
            sorted = 0;
        }
    }
    printf("sorted %s\n", sorted ? "yes" : "no");
    printf("smallest %d, median %d, largest %d\n", keys[0], keys[COUNT / 2], keys[COUNT - 1]);
    printf("weighted sum %ld\n", weighted);
}

int main(void)
{
    int *keys = malloc(sizeof(int) * COUNT);

    generate(keys);
    qsort(keys, COUNT, sizeof(int), ascending);
    report(keys);
    free(keys);
    return 0;
}
