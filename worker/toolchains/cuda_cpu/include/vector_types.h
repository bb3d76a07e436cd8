// CUDA's built-in vector types (char1 ... double4) and dim3, with the sizes and alignments that nvcc gives them on a 64-bit host.
// Limits: C++ only; no arithmetic operators (CUDA defines none, programs bring their own).
#pragma once

#ifndef __cplusplus
#error codepar: unsupported: CUDA headers in a C file (compile it as C++)
#endif

#define CODEPAR_VECTORS(name, scalar, align2, align4) \
  struct name##1 {                                    \
    scalar x;                                         \
  };                                                  \
  struct align2 name##2 {                             \
    scalar x, y;                                      \
  };                                                  \
  struct name##3 {                                    \
    scalar x, y, z;                                   \
  };                                                  \
  struct align4 name##4 {                             \
    scalar x, y, z, w;                                \
  };

CODEPAR_VECTORS(char, signed char, alignas(2), alignas(4))
CODEPAR_VECTORS(uchar, unsigned char, alignas(2), alignas(4))
CODEPAR_VECTORS(short, short, alignas(4), alignas(8))
CODEPAR_VECTORS(ushort, unsigned short, alignas(4), alignas(8))
CODEPAR_VECTORS(int, int, alignas(8), alignas(16))
CODEPAR_VECTORS(uint, unsigned int, alignas(8), alignas(16))
CODEPAR_VECTORS(long, long, alignas(16), alignas(16))
CODEPAR_VECTORS(ulong, unsigned long, alignas(16), alignas(16))
CODEPAR_VECTORS(longlong, long long, alignas(16), alignas(16))
CODEPAR_VECTORS(ulonglong, unsigned long long, alignas(16), alignas(16))
CODEPAR_VECTORS(float, float, alignas(8), alignas(16))
CODEPAR_VECTORS(double, double, alignas(16), alignas(16))
#undef CODEPAR_VECTORS

// CUDA 13 names the four-element 64-bit types by their alignment as well.
#define CODEPAR_ALIGNED_VECTORS(name, scalar) \
  struct alignas(16) name##4_16a {            \
    scalar x, y, z, w;                        \
  };                                          \
  struct alignas(32) name##4_32a {            \
    scalar x, y, z, w;                        \
  };
CODEPAR_ALIGNED_VECTORS(long, long)
CODEPAR_ALIGNED_VECTORS(ulong, unsigned long)
CODEPAR_ALIGNED_VECTORS(longlong, long long)
CODEPAR_ALIGNED_VECTORS(ulonglong, unsigned long long)
CODEPAR_ALIGNED_VECTORS(double, double)
#undef CODEPAR_ALIGNED_VECTORS

// The extent of a grid or a block: what is not given is 1.
struct dim3 {
  unsigned int x, y, z;
  constexpr dim3(unsigned int vx = 1, unsigned int vy = 1, unsigned int vz = 1) : x(vx), y(vy), z(vz) {}
  constexpr dim3(uint3 v) : x(v.x), y(v.y), z(v.z) {}
  constexpr operator uint3() const { return uint3{x, y, z}; }
};
