/* pi by the midpoint rule: the integral of 4 / (1 + x^2) from 0 to 1. */
#include <math.h>
#include <stdio.h>

#define INTERVALS 2000000

static double integrate(int first, int stride)
{
    double width = 1.0 / INTERVALS;
    double sum = 0.0;
    for (int i = first; i < INTERVALS; i += stride) {
        double x = (i + 0.5) * width;
        sum += 4.0 / (1.0 + x * x);
    }
    return sum * width;
}

int main(void)
{
    double pi = integrate(0, 1);
    printf("pi is %.9f\n", pi);
    printf("the error is below 1e-9: %s\n", fabs(pi - 3.14159265358979323846) < 1e-9 ? "yes" : "no");
    return 0;
}
