/* Gaussian blur of a grey image with a 5 x 5 kernel; pixels beyond the edge are those of the edge. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define RADIUS 2
#define SIZE (2 * RADIUS + 1)

static int clamp(int value, int low, int high)
{
    if (value < low)
        return low;
    if (value > high)
        return high;
    return value;
}

void blur(const uint8_t *in, uint8_t *out, int height, int width, const float weights[SIZE][SIZE])
{
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            float sum = 0;
            for (int dy = -RADIUS; dy <= RADIUS; dy++)
                for (int dx = -RADIUS; dx <= RADIUS; dx++) {
                    int row = clamp(y + dy, 0, height - 1), column = clamp(x + dx, 0, width - 1);
                    sum += weights[dy + RADIUS][dx + RADIUS] * in[row * width + column];
                }
            out[y * width + x] = (uint8_t)(sum + 0.5f);
        }
}

int main(void)
{
    enum { H = 90, W = 120 };
    static const int line[SIZE] = {1, 4, 6, 4, 1};
    float weights[SIZE][SIZE];
    uint8_t *in = malloc(H * W), *out = malloc(H * W);
    for (int i = 0; i < SIZE; i++)
        for (int j = 0; j < SIZE; j++)
            weights[i][j] = (float)(line[i] * line[j]) / 256;
    for (int y = 0; y < H; y++)
        for (int x = 0; x < W; x++)
            in[y * W + x] = (uint8_t)((x / 10 + y / 10) % 2 ? 230 : 20);
    blur(in, out, H, W, weights);

    unsigned long sum = 0;
    for (int i = 0; i < H * W; i++)
        sum += out[i];
    printf("sum %lu, corner %d, at an edge %d, inside %d\n", sum, out[0], out[5 * W + 10], out[5 * W + 5]);
    free(in);
    free(out);
    return 0;
}
