void smooth(int rows, int columns, const double *from, double *to) {
    for (int i = 1; i < rows - 1; i++)
        for (int j = 1; j < columns - 1; j++)
            to[i * columns + j] = 0.25 * (from[(i - 1) * columns + j] + from[(i + 1) * columns + j]
                                          + from[i * columns + j - 1] + from[i * columns + j + 1]);
}
