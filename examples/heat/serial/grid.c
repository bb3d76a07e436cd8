#include "grid.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

double *grid_row(Grid *grid, int row)
{
    return grid->now + (size_t) row * COLUMNS;
}

/* A hot square in the middle of a cold plate. Row 0 of the grid is the row above first_row of the plate. */
Grid grid_create(int rows, int first_row)
{
    size_t cells = (size_t) (rows + 2) * COLUMNS;
    Grid grid = {rows, calloc(cells, sizeof(double)), calloc(cells, sizeof(double))};
    for (int i = 1; i <= rows; i++) {
        int row = first_row + i - 1;
        for (int j = COLUMNS / 3; j < 2 * COLUMNS / 3; j++) {
            if (row >= ROWS / 3 && row < 2 * ROWS / 3) {
                grid_row(&grid, i)[j] = 100.0;
            }
        }
    }
    return grid;
}

void grid_free(Grid *grid)
{
    free(grid->now);
    free(grid->next);
}

/* One explicit step; the edge of the plate stays cold. Returns the largest change of a cell. */
double grid_step(Grid *grid, int first_row)
{
    double largest = 0.0;
    memset(grid->next, 0, sizeof(double) * (size_t) (grid->rows + 2) * COLUMNS);
    for (int i = 1; i <= grid->rows; i++) {
        int row = first_row + i - 1;
        const double *up = grid_row(grid, i - 1), *here = grid_row(grid, i), *down = grid_row(grid, i + 1);
        double *next = grid->next + (size_t) i * COLUMNS;
        if (row == 0 || row == ROWS - 1) {
            continue;
        }
        for (int j = 1; j < COLUMNS - 1; j++) {
            next[j] = here[j] + 0.2 * (up[j] + down[j] + here[j - 1] + here[j + 1] - 4.0 * here[j]);
            largest = fmax(largest, fabs(next[j] - here[j]));
        }
    }
    double *swap = grid->now;
    grid->now = grid->next;
    grid->next = swap;
    return largest;
}

double grid_sum(const Grid *grid)
{
    double sum = 0.0;
    for (size_t cell = COLUMNS; cell < (size_t) (grid->rows + 1) * COLUMNS; cell++) {
        sum += grid->now[cell];
    }
    return sum;
}
