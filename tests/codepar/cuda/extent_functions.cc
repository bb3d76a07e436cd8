// Functions whose subscripts the analysis of extents must bound; test_extents.py runs them on buffers of just that size.
#include <stdint.h>
#include <string.h>
#define W 16
#define IDX(r,c,n) ((r)*(n)+(c))
enum { KLEN = 2*W };
typedef struct { float w[3]; int tag; } cell;
typedef float real;
static const int table[4] = {0,1,2,3};
static int at(int r, int c, int n) { return r * n + c; }
static int clampi(int v, int lo, int hi) { if (v < lo) return lo; if (v > hi) return hi; return v; }
static void row(real *p, int n) { for (int i = 0; i < n; i++) p[i] *= 2; }
void macro(float *a, const float *b, int h, int w) { for (int r = 1; r < h - 1; r++) for (int c = 1; c < w - 1; c++) a[IDX(r,c,w)] = b[IDX(r-1,c,w)] + b[IDX(r+1,c,w)]; }
void helper_idx(float *a, const float *b, int h, int w) { for (int r = 1; r < h - 1; r++) for (int c = 1; c < w - 1; c++) a[at(r,c,w)] = b[at(r-1,c,w)] + b[at(r+1,c,w)]; }
void clamps(const uint8_t *in, uint8_t *out, int h, int w) { for (int y = 0; y < h; y++) for (int x = 0; x < w; x++) { int s = 0; for (int dy = -1; dy <= 1; dy++) for (int dx = -1; dx <= 1; dx++) { int yy = clampi(y+dy,0,h-1), xx = clampi(x+dx,0,w-1); s += in[yy*w+xx]; } out[y*w+x] = s/9; } }
void walkp(const char *s, char *d, int n) { while (n-- > 0) *d++ = *s++; }
void walkq(float *p, float *q, size_t n) { float *end = p + n; for (; p < end; p++, q++) *p = *q; }
void rows(real *m, int h, int w) { for (int r = 0; r < h; r++) row(m + r * w, w); }
void zero(double *m, int n) { memset(m, 0, n * sizeof(double)); }
void zero3(double *m, const double *s, int n) { memcpy(m + 1, s, sizeof(*m) * n); }
void csr(const int *row, const int *col, const double *v, const double *x, double *y, int n) { for (int i = 0; i < n; i++) { double s = 0; for (int j = row[i]; j < row[i+1]; j++) s += v[j] * x[col[j]]; y[i] = s; } }
void hist(const int *a, int n, int *h) { for (int i = 0; i < n; i++) h[a[i] % 10]++; }
void hist2(const unsigned *a, int n, int *h, int bins) { for (int i = 0; i < n; i++) h[a[i] & 255] += 1; for (int i = 0; i < bins; i++) h[i] += 1; }
int compact(const int *a, int n, int *o) { int k = 0; for (int i = 0; i < n; i++) if (a[i] > 0) o[k++] = a[i]; return k; }
void tri(double *L, int n) { for (int i = 0; i < n; i++) for (int j = i + 1; j < n; j++) L[i*n+j] = 0; }
void packed(double *L, int n) { int k = 0; for (int i = 0; i < n; i++) for (int j = 0; j <= i; j++) L[k++] = 0; }
void strided(float *a, int n, int s) { for (int i = 0; i < n; i += s) a[i] = 0; }
void pow2(float *a, int n) { for (int i = 1; i < n; i *= 2) a[i] = 0; }
void down(float *a, int n) { for (int i = n - 1; i >= 0; i--) a[i] = i; }
void rev(float *a, const float *b, int n) { for (int i = 0; i < n; i++) a[i] = b[n - 1 - i]; }
void guard(float *a, int n, int m) { for (int i = 0; i < n; i++) { if (i >= m) continue; a[i] = 0; } }
void guard2(float *a, int n, int m) { if (n <= 0 || m > 5) return; for (int i = 0; i < n; i++) a[i + m] = 0; }
void brk(const float *a, int n, float *o) { for (int i = 0; i < n; i++) { if (a[i] < 0) break; o[i] = a[i]; } }
int search(const char *t, int n, const char *p, int m) { int c = 0; for (int i = 0; i + m <= n; i++) { int j = 0; while (j < m && t[i+j] == p[j]) j++; if (j == m) c++; } return c; }
void dowh(float *a, int n) { int i = 0; do { a[i] = 0; i++; } while (i < n); }
void jac(double *a, double *b, int n, int steps) { for (int t = 0; t < steps; t++) { for (int i = 1; i < n-1; i++) b[i] = (a[i-1]+a[i+1])/2; for (int i = 1; i < n-1; i++) a[i] = b[i]; } }
void swapb(double *a, double *b, int n, int steps) { for (int t = 0; t < steps; t++) { for (int i = 1; i < n-1; i++) b[i] = (a[i-1]+a[i+1])/2; double *tmp = a; a = b; b = tmp; } }
void rb(float *a, int n, int p) { for (int i = p % 2; i < n; i += 2) a[i] = 1; }
void tile(float *a, const float *b, int n) { for (int ii = 0; ii < n; ii += 16) for (int jj = 0; jj < n; jj += 16) for (int i = ii; i < (ii + 16 < n ? ii + 16 : n); i++) for (int j = jj; j < (jj + 16 < n ? jj + 16 : n); j++) a[j*n+i] = b[i*n+j]; }
void wrap(float *a, const float *b, int n) { for (int i = 0; i < n; i++) a[i] = b[(i + 1) % n] + b[(i - 1 + n) % n]; }
void scale(const float *in, float *out, int n, float f) { for (int i = 0; i < n; i++) { int k = (int)(i * f); out[i] = in[k]; } }
void resize(const unsigned char *in, unsigned char *out, int w, int h, int w2, int h2) { for (int y = 0; y < h2; y++) for (int x = 0; x < w2; x++) out[y*w2+x] = in[(y*h/h2)*w + x*w/w2]; }
void pool(const float *in, float *out, int h, int w, int k, int s) { int oh = (h - k) / s + 1, ow = (w - k) / s + 1; for (int y = 0; y < oh; y++) for (int x = 0; x < ow; x++) { float m = in[y*s*w + x*s]; for (int i = 0; i < k; i++) for (int j = 0; j < k; j++) if (in[(y*s+i)*w + x*s+j] > m) m = in[(y*s+i)*w + x*s+j]; out[y*ow+x] = m; } }
void conv(const float *in, const float *ker, float *out, int n, int k) { int r = k / 2; for (int i = 0; i < n; i++) { float s = 0; for (int j = -r; j <= r; j++) { int p = i + j; if (p < 0) p = 0; if (p >= n) p = n - 1; s += in[p] * ker[j + r]; } out[i] = s; } }
void conv3(const float *in, const float *ker, float *out, int n, int k) { int r = k / 2; for (int i = 0; i < n; i++) { float s = 0; for (int j = -r; j <= r; j++) { int p = i + j; if (p >= 0 && p < n) s += in[p] * ker[j + r]; } out[i] = s; } }
void bounds(float *o, const float *x, int nx, int ny, int nz) { for (int k = 0; k < nz; ++k) for (int j = 0; j < ny; ++j) for (int i = 0; i < nx; ++i) { int id = (k*ny+j)*nx+i; float s = x[id]; if (i > 0) s += x[id-1]; if (i < nx-1) s += x[id+1]; if (k < nz-1) s += x[id+nx*ny]; o[id] = s; } }
void binsearch(const int *a, int n, const int *q, int m, int *r) { for (int i = 0; i < m; i++) { int lo = 0, hi = n; while (lo < hi) { int mid = (lo + hi) / 2; if (a[mid] < q[i]) lo = mid + 1; else hi = mid; } r[i] = lo; } }
void prefix(int *a, int n) { for (int i = 1; i < n; i++) a[i] += a[i-1]; }
void sortk(int *a, int n) { for (int i = 0; i < n; i++) for (int j = 0; j < n - 1 - i; j++) if (a[j] > a[j+1]) { int t = a[j]; a[j] = a[j+1]; a[j+1] = t; } }
void sw(float *a, int n, int mode) { for (int i = 0; i < n; i++) switch (mode) { case 0: a[i] = 0; break; default: a[2*i] = 1; } }
void lookup(float *a, int n) { for (int i = 0; i < n; i++) a[table[i % 4]] = W + KLEN; }
double dot(const double *x, const double *y, size_t n) { double s = 0; for (size_t i = 0; i < n; ++i) s += x[i] * y[i]; return s; }
void half(float *a, int n) { for (int s = n / 2; s > 0; s /= 2) for (int i = 0; i < s; i++) a[i] += a[i + s]; }
void fft_like(float *a, int n) { for (int len = 2; len <= n; len <<= 1) for (int i = 0; i < n; i += len) for (int j = 0; j < len / 2; j++) a[i+j] += a[i+j+len/2]; }
