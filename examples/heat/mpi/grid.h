#ifndef GRID_H
#define GRID_H

#define ROWS 120
#define COLUMNS 100
#define STEPS 400

/* Rows of COLUMNS cells, with one row more above and below. */
typedef struct {
    int rows;
    double *now;
    double *next;
} Grid;

Grid grid_create(int rows, int first_row);
void grid_free(Grid *grid);
double grid_step(Grid *grid, int first_row);
double grid_sum(const Grid *grid);
double *grid_row(Grid *grid, int row);

#endif
