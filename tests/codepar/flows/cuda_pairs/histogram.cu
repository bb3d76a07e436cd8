__global__ void histogram_kernel(const unsigned char *data, int n, int *bins) {
    __shared__ int own[256];
    for (int bin = threadIdx.x; bin < 256; bin += blockDim.x) own[bin] = 0;
    __syncthreads();
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) atomicAdd(&own[data[i]], 1);
    __syncthreads();
    for (int bin = threadIdx.x; bin < 256; bin += blockDim.x) atomicAdd(&bins[bin], own[bin]);
}
void histogram_cuda(const unsigned char *data, int n, int *bins) {
    if (n <= 0) return;
    unsigned char *ddata;
    int *dbins;
    cudaMalloc(&ddata, n);
    cudaMalloc(&dbins, 256 * sizeof(int));
    cudaMemcpy(ddata, data, n, cudaMemcpyHostToDevice);
    cudaMemcpy(dbins, bins, 256 * sizeof(int), cudaMemcpyHostToDevice);
    histogram_kernel<<<(n + 127) / 128, 128>>>(ddata, n, dbins);
    cudaMemcpy(bins, dbins, 256 * sizeof(int), cudaMemcpyDeviceToHost);
    cudaFree(ddata);
    cudaFree(dbins);
}
