#include <stddef.h>
long exclusive(const int *a, long *b, int n) { long t = 3; for (int i = 0; i < n; i++) { b[i] = t; t += a[i]; } return t; }
void inclusive(const int *a, int *b, int n) { b[0] = a[0]; for (int i = 1; i < n; i++) b[i] = b[i - 1] + a[i]; }
void in_place(int *a, int n) { for (int i = n - 2; i >= 0; i--) a[i] += a[i + 1]; }
void greatest_so_far(const int *a, int *b, int n) { int m = -5; for (int i = 0; i < n; i++) { if (a[i] > m) m = a[i]; b[i] = m; } }
void two_at_once(const int *a, int *b, unsigned *c, int n) {
    int s = 0; unsigned p = 1;
    for (int i = 0; i < n; i++) { if (a[i] % 3 == 0) continue; s -= a[i]; p = p * (unsigned)a[i]; b[i] = s; c[i] = p; }
}
int first_greatest(const int *a, int n) { int best = a[0], at = 0; for (int i = 1; i < n; i++) if (a[i] > best) { best = a[i]; at = i; } return at; }
int last_least(const int *a, int n, int *least) {
    int best = a[0], at = 0;
    for (int i = 1; i < n; i++) if (best >= a[i]) { best = a[i]; at = i; }
    *least = best;
    return at;
}
int greatest_in_table(const int *a, int h, int w) {
    int best = -1, by = 0, bx = 0;
    for (int y = 0; y < h; y++) for (int x = 0; x < w; x++) if (a[y * w + x] > best) { best = a[y * w + x]; by = y; bx = x; }
    return by * 1000 + bx;
}
int last_value(const int *a, int *b, int n) { int t = -1; for (int i = 0; i < n; i++) { t = a[i] * 2; b[i] = t + 1; } return t; }
int last_above(const int *a, int n) { int where = -1; for (int i = 0; i < n; i++) if (a[i] > 7) where = i; return where; }
int kept(const int *a, int *b, int n) { int k = 0; for (int i = 0; i < n; i++) { if (a[i] % 3) continue; b[k++] = a[i]; } return k; }
int paired(const int *a, int *b, int n) { int k = 0; for (int i = 0; i < n; i++) for (int j = 2 * i; j < 2 * i + 1; j++) b[k++] = a[i] + j; return k; }
int all_and_any(const int *a, int n) {
    int all = 1, any = 0;
    for (int i = 0; i < n; i++) { all = all && a[i] > -3 && a[i] < 99; any = any || a[i] == 11; }
    return all * 2 + any;
}
void flagged(const int *a, int *b, int n) { for (int i = 0; i < n; i++) if (a[i] == 10) b[0] = -9; }
void brought(const int *a, int *b, int n) { int prev = n - 1; for (int i = 0; i < n; i++) { b[i] = a[prev]; prev = i; } }
void mirrored(int *a, int n) { int i = 0, j = n - 1; while (i < j) { int t = a[i]; a[i] = a[j]; a[j] = t; i++; j--; } }
int stepped(const int *a, int *b, int n) { int i, s = n % 5 + 1; for (i = 1; i < n; i += s) b[i] = a[i]; return i; }
void downwards(const int *a, int *b, int n) { int i = n; while (i-- > 0) b[i] = a[i] - i; }
void chosen(const int *a, int *b, int n) {
    for (int i = 0; i < n; i++) switch (a[i]) { case 1: case 2: b[i] = 5; break; case 7: continue; default: b[i] += a[i]; }
}
int place_of_greatest(const int *a, int n) { int at = 0; for (int i = 1; i < n; i++) if (a[i] > a[at]) at = i; return at; }
void totalled(const int *a, int *b, long *total, int n) { for (int i = 0; i < n; i++) { *total += a[i]; b[i] = *total % 7; } }
void handed_on(const int *a, int *b, int n) { int s = -4; for (int i = 0; i < n; i++) { b[i] = s; s = a[i]; } }
void without_first(const int *a, int *b, int n) { for (int i = 0; i < n; i++) { int t = a[i]; b[i] = t > 3 ? b[i] - b[0] : t; } }
