/* A histogram of pseudo-random numbers that depend on their index alone, so that any part of them can be made anywhere. */
#include <stdint.h>
#include <stdio.h>

#define SAMPLES 600000
#define BINS 10

static double sample(uint32_t index)
{
    uint32_t x = index * 2654435761u + 12345u;
    x ^= x >> 16;
    x *= 2246822519u;
    x ^= x >> 13;
    x *= 3266489917u;
    x ^= x >> 16;
    return x / 4294967296.0;
}

static void count(long first, long last, long *bins, double *largest)
{
    for (long i = first; i < last; i++) {
        double value = sample((uint32_t) i) * sample((uint32_t) i + SAMPLES);
        bins[(int) (value * BINS)]++;
        if (value > *largest) {
            *largest = value;
        }
    }
}

int main(void)
{
    long bins[BINS] = {0};
    double largest = 0.0;

    count(0, SAMPLES, bins, &largest);
    for (int b = 0; b < BINS; b++) {
        printf("%.1f-%.1f %ld\n", (double) b / BINS, (b + 1.0) / BINS, bins[b]);
    }
    printf("largest %.6f\n", largest);
    return 0;
}
