/* Answers what ask.py asks of libcuda.so.1, for tests of the probe alone: nothing here computes. What it says is set by -D. */
#include <stddef.h>
#include <string.h>

#ifndef DRIVER
#define DRIVER 13000
#endif
#ifndef INIT
#define INIT 0
#endif
#ifndef COUNT
#define COUNT 1
#endif
#ifndef MAJOR
#define MAJOR 9
#endif

int cuInit(unsigned flags) {
#ifdef CRASH
    *(volatile int *)0 = 1;
#endif
    return flags ? 1 : INIT;
}
int cuDriverGetVersion(int *version) { *version = DRIVER; return 0; }
int cuDeviceGetCount(int *count) { *count = COUNT; return 0; }
int cuDeviceGet(int *device, int index) { *device = index; return index < COUNT ? 0 : 101; }
int cuDeviceGetName(char *name, int size, int device) { strncpy(name, device ? "Second GPU" : "First GPU", size); return 0; }
int cuDeviceTotalMem_v2(size_t *bytes, int device) { *bytes = (size_t)8 << 30; return device < COUNT ? 0 : 101; }
int cuDeviceGetAttribute(int *value, int attribute, int device) {
    *value = attribute == 75 ? MAJOR : 0;
    return device < COUNT ? 0 : 101;
}
int cuGetErrorName(int code, const char **name) {
    *name = code == 100 ? "CUDA_ERROR_NO_DEVICE" : "CUDA_ERROR_UNKNOWN";
    return 0;
}
