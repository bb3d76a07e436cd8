// Arithmetic of device code, values read from standard input; the first argument chooses the part (test_math.py).
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <cuda_fp16.h>
#include <cuda_bf16.h>
#include <math_constants.h>
#include <cuComplex.h>
using namespace std;
typedef unsigned int u;
// Users of std::min and of their own templates must not be disturbed.
template <class T> T clamp3(T v, T lo, T hi) { return min(max(v, lo), hi); }
__device__ float overloads() {
    return max(1, 2) + max(1u, 2u) + max(1ll, 2ll) + max(1.0f, 2.0f) + (float)max(1.0, 2.0) + (float)max(1.0f, 2.0) + std::max(1, 2)
        + std::min<float>(1, 2.0f) + clamp3(5, 0, 3) + abs(-2.0f) + fabs(-1.0f) + sqrt(4.0f) + rsqrt(4.0f) + rsqrtf(4.0f)
        + (float)pow(2.0f, 2) + fminf(1.0f, CUDART_INF_F) + min(3u, 7) + (float)exp10(1.0f) + norm3df(1, 2, 2) + rhypotf(3, 4);
}
__global__ void bits(u* out, const u* in, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n) return;
    u a = in[3 * i], b = in[3 * i + 1], c = in[3 * i + 2];
    u* o = out + 32 * i;
    unsigned long long ab = (unsigned long long)a << 32 | b;
    *o++ = __popc(a); *o++ = __clz(a); *o++ = __ffs(a); *o++ = __brev(a);
    *o++ = __umulhi(a, b); *o++ = __mulhi((int)a, (int)b); *o++ = __umul24(a, b); *o++ = __mul24(a, b);
    *o++ = __funnelshift_l(a, b, c); *o++ = __funnelshift_r(a, b, c); *o++ = __funnelshift_lc(a, b, c & 63); *o++ = __funnelshift_rc(a, b, c & 63);
    *o++ = __byte_perm(a, b, c & 0x7777); *o++ = __usad(a, b, c); *o++ = __sad(a, b, c); *o++ = __uhadd(a, b); *o++ = __rhadd(a, b);
    *o++ = __dp4a((int)a, (int)b, (int)c); *o++ = __dp4a(a, b, c); *o++ = __popcll(ab); *o++ = __clzll(ab); *o++ = __ffsll(ab);
    *o++ = (u)(__brevll(ab) >> 32); *o++ = (u)__umul64hi(ab, ab); *o++ = __vadd4(a, b); *o++ = __vmaxs4(a, b); *o++ = __vabsdiffu4(a, b);
    *o++ = __vcmpgtu2(a, b); *o++ = __vaddss2(a, b); *o++ = __vsadu4(a, b); *o++ = __vsubus4(a, b); *o++ = __vavgu4(a, b);
}
__global__ void floats(double* out, const u* in, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n) return;
    float a = __uint_as_float(in[3 * i]), b = __uint_as_float(in[3 * i + 1]);
    double* o = out + 16 * i;
    *o++ = __fadd_rd(a, b); *o++ = __fadd_ru(a, b); *o++ = __fadd_rz(a, b); *o++ = __fadd_rn(a, b);
    *o++ = __fmul_rd(a, b); *o++ = __fmul_ru(a, b); *o++ = __fmul_rz(a, b); *o++ = __fmaf_rn(a, b, a);
    *o++ = __float2int_rn(a); *o++ = __float2int_rz(a); *o++ = __float2int_rd(a); *o++ = __float2int_ru(a);
    *o++ = __float2uint_rz(a); *o++ = (double)__float2ll_rn(a); *o++ = __saturatef(a); *o++ = __int2float_rd((int)in[3 * i + 2]);
}
static float* values(int& n) {
    static float v[65536]; n = 0; u word;
    while (n < 65536 && scanf("%x", &word) == 1) memcpy(&v[n++], &word, 4);
    return v;
}
template <class H> static u pattern(H h) { unsigned short s; memcpy(&s, &h, 2); return s; }
template <class H> static H from_pattern(u word) { unsigned short s = (unsigned short)word; H h; memcpy(&h, &s, 2); return h; }
template <class H> static void narrow() { int n; float* v = values(n); for (int i = 0; i < n; ++i) printf("%x\n", pattern(H(v[i]))); }
template <class H> static void widen() {
    for (u i = 0; i < 65536; ++i) { float f = from_pattern<H>(i); u word; memcpy(&word, &f, 4); printf("%x\n", word); }
}
template <class H> static void arithmetic() {
    u a, b, c;
    while (scanf("%x %x %x", &a, &b, &c) == 3) {
        H x = from_pattern<H>(a), y = from_pattern<H>(b), z = from_pattern<H>(c);
        printf("%x %x %x %x %x %x %d %d %d\n", pattern(x + y), pattern(__hsub(x, y)), pattern(x * y), pattern(x / y), pattern(hsqrt(x)),
               pattern(__hfma(x, y, z)), (int)__hgt(x, y), (int)(x == y), (int)__hltu(x, y));
    }
}
int main(int argc, char** argv) {
    const char* part = argv[1];
    static u in[3 * 4096]; int n = 0;
    if (!strcmp(part, "half_narrow")) narrow<half>();
    if (!strcmp(part, "half_widen")) widen<half>();
    if (!strcmp(part, "half")) arithmetic<half>();
    if (!strcmp(part, "bf16_narrow")) narrow<__nv_bfloat16>();
    if (!strcmp(part, "bf16")) arithmetic<__nv_bfloat16>();
    if (!strcmp(part, "overloads")) printf("%g\n", overloads());
    if (!strcmp(part, "complex")) {
        cuDoubleComplex z = cuCdiv(make_cuDoubleComplex(1, 2), make_cuDoubleComplex(3, -4)); printf("%.3g %.3g %g\n", z.x, z.y, cuCabsf(make_cuComplex(3, 4)));
    }
    if (!strcmp(part, "special")) {
        double x;
        while (scanf("%lf", &x) == 1)
            printf("%.17g %.17g %.17g %.17g %.17g %.17g %.17g\n", erfinv(erf(x)), erfcinv(erfc(x)), normcdf(x), normcdfinv(normcdf(x)), erfcx(x), sinpi(x), cospi(x));
    }
    if (!strcmp(part, "bits") || !strcmp(part, "floats")) {
        while (n < 4096 && scanf("%x %x %x", in + 3 * n, in + 3 * n + 1, in + 3 * n + 2) == 3) ++n;
        u *d, *o; double* f; cudaMalloc(&d, sizeof in); cudaMallocManaged(&o, n * 128); cudaMallocManaged(&f, n * 128);
        cudaMemcpy(d, in, sizeof in, cudaMemcpyHostToDevice);
        if (!strcmp(part, "bits")) { bits<<<(n + 63) / 64, 64>>>(o, d, n); for (int i = 0; i < 32 * n; ++i) printf("%u\n", o[i]); }
        else { floats<<<(n + 63) / 64, 64>>>(f, d, n); for (int i = 0; i < 16 * n; ++i) printf("%.17g\n", f[i]); }
    }
}
