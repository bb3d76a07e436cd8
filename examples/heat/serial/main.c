/* Heat spreads over a plate: explicit steps of a five-point stencil. */
#include <stdio.h>

#include "grid.h"

int main(void)
{
    Grid grid = grid_create(ROWS, 0);

    for (int step = 1; step <= STEPS; step++) {
        double change = grid_step(&grid, 0);
        if (step % 100 == 0) {
            printf("step %d: largest change %.6f\n", step, change);
        }
    }
    printf("heat %.4f\n", grid_sum(&grid));

    grid_free(&grid);
    return 0;
}
