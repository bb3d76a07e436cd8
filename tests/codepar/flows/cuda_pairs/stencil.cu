__global__ void smooth_kernel(int rows, int columns, const double *from, double *to) {
    int j = blockIdx.x * blockDim.x + threadIdx.x;
    int i = blockIdx.y * blockDim.y + threadIdx.y;
    if (i >= 1 && i < rows - 1 && j >= 1 && j < columns - 1) {
        to[i * columns + j] = 0.25 * (from[(i - 1) * columns + j] + from[(i + 1) * columns + j]
                                      + from[i * columns + j - 1] + from[i * columns + j + 1]);
    }
}
void smooth_cuda(int rows, int columns, const double *from, double *to) {
    if (rows <= 0 || columns <= 0) return;
    size_t bytes = (size_t)rows * columns * sizeof(double);
    double *dfrom, *dto;
    cudaMalloc(&dfrom, bytes);
    cudaMalloc(&dto, bytes);
    cudaMemcpy(dfrom, from, bytes, cudaMemcpyHostToDevice);
    cudaMemcpy(dto, to, bytes, cudaMemcpyHostToDevice);
    dim3 block(16, 16), grid((columns + 15) / 16, (rows + 15) / 16);
    smooth_kernel<<<grid, block>>>(rows, columns, dfrom, dto);
    cudaMemcpy(to, dto, bytes, cudaMemcpyDeviceToHost);
    cudaFree(dfrom);
    cudaFree(dto);
}
