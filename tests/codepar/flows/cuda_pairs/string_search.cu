__global__ void count_kernel(const char *text, int length, const char *pattern, int width, int *found) {
    __shared__ int own;
    if (threadIdx.x == 0) own = 0;
    __syncthreads();
    int start = blockIdx.x * blockDim.x + threadIdx.x;
    if (start + width <= length) {
        int equal = 1;
        for (int k = 0; k < width; k++)
            if (text[start + k] != pattern[k]) equal = 0;
        if (equal) atomicAdd(&own, 1);
    }
    __syncthreads();
    if (threadIdx.x == 0) atomicAdd(found, own);
}
int count_matches_cuda(const char *text, int length, const char *pattern, int width) {
    if (length < width || length + 1 <= width) return 0;
    char *dtext, *dpattern;
    int *dfound, found;
    cudaMalloc(&dtext, length > 0 ? length : 1);
    cudaMalloc(&dpattern, width > 0 ? width : 1);
    cudaMalloc(&dfound, sizeof(int));
    if (length > 0) cudaMemcpy(dtext, text, length, cudaMemcpyHostToDevice);
    if (width > 0) cudaMemcpy(dpattern, pattern, width, cudaMemcpyHostToDevice);
    cudaMemset(dfound, 0, sizeof(int));
    count_kernel<<<(length - width + 1 + 255) / 256, 256>>>(dtext, length, dpattern, width, dfound);
    cudaMemcpy(&found, dfound, sizeof(int), cudaMemcpyDeviceToHost);
    cudaFree(dtext);
    cudaFree(dpattern);
    cudaFree(dfound);
    return found;
}
