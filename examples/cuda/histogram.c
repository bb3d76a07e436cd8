/* How often each byte value occurs in an image, weighted by a mask. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define BINS 256

void histogram(const uint8_t *pixels, const uint8_t *mask, int height, int width, unsigned int counts[BINS])
{
    for (int b = 0; b < BINS; b++)
        counts[b] = 0;
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            if (mask[y * width + x])
                counts[pixels[y * width + x]]++;
}

int main(void)
{
    enum { H = 120, W = 200 };
    uint8_t *pixels = malloc(H * W), *mask = malloc(H * W);
    unsigned int counts[BINS], seed = 12345;
    for (int i = 0; i < H * W; i++) {
        seed = seed * 1664525u + 1013904223u;
        pixels[i] = (uint8_t)((seed >> 24) / 2 + 40);
        mask[i] = i % 3 != 0;
    }
    histogram(pixels, mask, H, W, counts);

    unsigned int total = 0, most = 0;
    for (int b = 0; b < BINS; b++) {
        total += counts[b];
        if (counts[b] > counts[most])
            most = b;
    }
    printf("pixels %u, most frequent value %u (%u times)\n", total, most, counts[most]);
    free(pixels);
    free(mask);
    return 0;
}
