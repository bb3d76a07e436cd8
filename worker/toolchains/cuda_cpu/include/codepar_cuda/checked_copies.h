// In the checked build calls of memcpy, memmove and memset in CUDA units, also those that the compiler makes, go to the checks first:
// their assembler names are changed before any other header declares them.
// Limits: copies inside the C and C++ libraries are not seen. Must be the first include.
#pragma once

#if defined(CODEPAR_CUDA_CHECKED) && defined(__CUDACC__)
extern "C" {
void* memcpy(void*, const void*, __SIZE_TYPE__) noexcept __asm__("codepar_cuda_memcpy");
void* memmove(void*, const void*, __SIZE_TYPE__) noexcept __asm__("codepar_cuda_memmove");
void* memset(void*, int, __SIZE_TYPE__) noexcept __asm__("codepar_cuda_memset");
}
#endif
