#include <math.h>
static float squared(float v) { return v * v; }
float dot(const float *a, const float *b, int n) { float s = 0; for (int i = 0; i < n; i++) s += a[i] * b[i]; return s; }
int greatest(const int *a, int n) { int m = -1; for (int i = 0; i < n; i++) if (a[i] > m) m = a[i]; return m; }
void transposed(const float *in, float *out, int r, int c) {
    for (int id = 0; id < r * c; id++) { int i = id / c; int j = id % c; out[j * r + i] = in[id]; }
}
void reversed(int *a, int n) { for (int i = 0; i < n / 2; i++) { int t = a[i]; a[i] = a[n - 1 - i]; a[n - 1 - i] = t; } }
void equalised(const unsigned char *in, unsigned char *out, int n) {
    int h[256] = {0};
    for (int i = 0; i < n; i++) h[in[i]]++;
    int table[256];
    for (int i = 0; i < 256; i++) { int s = 0; for (int j = 0; j <= i; j++) s += h[j]; table[i] = s * 255 / n; }
    for (int i = 0; i < n; i++) out[i] = table[in[i]];
}
void smoothed(float *a, float *b, int n, int steps) {
    for (int t = 0; t < steps; t++) {
        for (int i = 1; i < n - 1; i++) b[i] = (a[i - 1] + a[i] + a[i + 1]) / 3;
        for (int i = 1; i < n - 1; i++) a[i] = squared(b[i]);
    }
}
void upper(float *a, int n) { for (int i = 0; i < n; i++) for (int j = i; j < n; j++) a[i * n + j] += j; }
void groups(const int *group, const int *v, int *most, int n) {
    for (int i = 0; i < n; i++) { int g = group[i]; if (v[i] > most[g]) most[g] = v[i]; }
}
void strided(float *x, int n, int stride) { for (int i = 0; i < n; i++) x[i * stride] = x[i * stride] * 2 + i; }
void packed(const float *in, float *out, int r, int c) {
    int k = 0;
    for (int i = 0; i < r; i++) for (int j = 0; j < c; j++) out[k++] = in[j * r + i];
}
