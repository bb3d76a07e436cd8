// make_char1(...) ... make_double4(...): the constructors of the vector types.
#pragma once

#include "vector_types.h"

#define CODEPAR_MAKE4(name, suffix, scalar)                                                        \
  constexpr inline name##suffix make_##name##suffix(scalar x, scalar y, scalar z, scalar w) {      \
    return name##suffix{x, y, z, w};                                                               \
  }
#define CODEPAR_MAKE(name, scalar)                                                                  \
  constexpr inline name##1 make_##name##1(scalar x) { return name##1{x}; }                          \
  constexpr inline name##2 make_##name##2(scalar x, scalar y) { return name##2{x, y}; }             \
  constexpr inline name##3 make_##name##3(scalar x, scalar y, scalar z) { return name##3{x, y, z}; } \
  CODEPAR_MAKE4(name, 4, scalar)

CODEPAR_MAKE(char, signed char)
CODEPAR_MAKE(uchar, unsigned char)
CODEPAR_MAKE(short, short)
CODEPAR_MAKE(ushort, unsigned short)
CODEPAR_MAKE(int, int)
CODEPAR_MAKE(uint, unsigned int)
CODEPAR_MAKE(long, long)
CODEPAR_MAKE(ulong, unsigned long)
CODEPAR_MAKE(longlong, long long)
CODEPAR_MAKE(ulonglong, unsigned long long)
CODEPAR_MAKE(float, float)
CODEPAR_MAKE(double, double)

#define CODEPAR_MAKE_ALIGNED(name, scalar) CODEPAR_MAKE4(name, 4_16a, scalar) CODEPAR_MAKE4(name, 4_32a, scalar)
CODEPAR_MAKE_ALIGNED(long, long)
CODEPAR_MAKE_ALIGNED(ulong, unsigned long)
CODEPAR_MAKE_ALIGNED(longlong, long long)
CODEPAR_MAKE_ALIGNED(ulonglong, unsigned long long)
CODEPAR_MAKE_ALIGNED(double, double)

#undef CODEPAR_MAKE_ALIGNED
#undef CODEPAR_MAKE
#undef CODEPAR_MAKE4
