#define BLOCK 128
__global__ void scan_blocks(const int *in, int *out, int *sums, int n) {
    __shared__ int part[BLOCK];
    int i = blockIdx.x * BLOCK + threadIdx.x;
    part[threadIdx.x] = i < n ? in[i] : 0;
    __syncthreads();
    for (int step = 1; step < BLOCK; step *= 2) {
        int other = threadIdx.x >= step ? part[threadIdx.x - step] : 0;
        __syncthreads();
        part[threadIdx.x] += other;
        __syncthreads();
    }
    if (i < n) out[i] = part[threadIdx.x];
    if (threadIdx.x == BLOCK - 1) sums[blockIdx.x] = part[threadIdx.x];
}
__global__ void add_sums(int *out, const int *sums, int n) {
    int i = blockIdx.x * BLOCK + threadIdx.x;
    int before = 0;
    for (int block = 0; block < blockIdx.x; block++) before += sums[block];
    if (i < n) out[i] += before;
}
void prefix_sum_cuda(const int *in, int *out, int n) {
    if (n <= 0) return;
    int blocks = (n + BLOCK - 1) / BLOCK;
    int *din, *dout, *dsums;
    cudaMalloc(&din, n * sizeof(int));
    cudaMalloc(&dout, n * sizeof(int));
    cudaMalloc(&dsums, blocks * sizeof(int));
    cudaMemcpy(din, in, n * sizeof(int), cudaMemcpyHostToDevice);
    scan_blocks<<<blocks, BLOCK>>>(din, dout, dsums, n);
    add_sums<<<blocks, BLOCK>>>(dout, dsums, n);
    cudaMemcpy(out, dout, n * sizeof(int), cudaMemcpyDeviceToHost);
    cudaFree(din);
    cudaFree(dout);
    cudaFree(dsums);
}
