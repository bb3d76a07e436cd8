/* Reads test cases from standard input, makes their inputs, calls the function under test, writes down what it left.
 *
 * C99 (and C++14). The function is reached through `codepar_call`, which stands in its own translation unit; every parameter is
 * memory of `count` elements of known layout, scalars being one element. Inputs follow from (distribution, seed) alone: 64-bit
 * integers of splitmix64, floating-point numbers k * 2^e with an integer k, so that every compiler makes the same bytes.
 * Limits: no expected value is in this process; lines that do not bear the nonce are not ours.
 */
#include <math.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifdef __cplusplus
extern "C" {
#endif
void codepar_call(void **arguments, void *result);
/* The size of an element of a parameter as its compiler knows it, 0 where it need not be checked; -1 is the result. */
unsigned long codepar_size(int parameter);
#ifdef __cplusplus
}
#endif

/* The emulated device counts launches and host accesses between enter and leave. */
#if defined(__has_include)
#if __has_include(<codepar_cuda/probe.h>)
#include <codepar_cuda/probe.h>
#define HAS_PROBE 1
#endif
#endif
#ifndef HAS_PROBE
#define codepar_cuda_watch(name, base, bytes, element_bytes) ((void)0)
#define codepar_cuda_enter(case_number) ((void)0)
#define codepar_cuda_leave() ((void)0)
#endif

#if defined(__SANITIZE_ADDRESS__)
#define HAS_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAS_ASAN 1
#endif
#endif
#ifdef HAS_ASAN
#include <sanitizer/asan_interface.h>
/* Its own red zones see reads, too, but a stride of some rows steps over them into the next buffer. */
#define GUARD ((size_t)1 << 20)
#else
#define GUARD 4096
#endif
#define GUARD_BYTE 0xDB

enum { MAX_ERROR = 200, MAX_HUNG = 4, PATIENCE = 4 };

typedef struct {
    size_t offset;
    char kind; /* i, u, f, b */
    int width;
    char distribution; /* u uniform, s sorted, p permutation, r ramp, v values */
    uint64_t seed, low, span;
    int exponent, nonzero;
    size_t value_count;
    char **values;
} Field;

typedef struct {
    const char *name, *layout;
    char role; /* s scalar, i in, o out, b both */
    size_t count, size, field_count;
    Field *fields;
    unsigned char *block, *memory, *before;
} Parameter;

typedef struct {
    const char *name, *result_layout;
    long number;
    size_t parameter_count, result_size;
    Parameter *parameters;
} Case;

static const char *nonce = "";
static int fill_pattern;
static char *place;

static void fail(const char *why) {
    fprintf(stderr, "codepar: the test cases cannot be read: %.*s\n", (int)MAX_ERROR, why);
    exit(97);
}

static void *allocate(size_t count, size_t size) {
    void *memory = calloc(count ? count : 1, size ? size : 1);
    if (!memory) fail("out of memory");
    return memory;
}

static char *token(void) {
    place += strspn(place, " \n");
    if (!*place) fail("the input ends early");
    char *start = place;
    place += strcspn(place, " \n");
    if (*place) *place++ = 0;
    return start;
}

static uint64_t word_of(const char *text) {
    return *text == '-' ? (uint64_t)strtoll(text, NULL, 10) : (uint64_t)strtoull(text, NULL, 10);
}

static uint64_t number(void) { return word_of(token()); }

static void expect(const char *keyword) {
    if (strcmp(token(), keyword)) fail(keyword);
}

static void read_field(Field *field) {
    expect("field");
    field->offset = number();
    char *kind = token();
    field->kind = kind[0];
    field->width = kind[1] - '0';
    field->distribution = token()[0];
    field->seed = number();
    field->low = number();
    field->span = number();
    field->exponent = (int)(int64_t)number();
    field->nonzero = (int)number();
    field->value_count = number();
    field->values = (char **)allocate(field->value_count, sizeof(char *));
    for (size_t at = 0; at < field->value_count; ++at) field->values[at] = token();
}

static void read_parameter(Parameter *parameter) {
    expect("parameter");
    parameter->name = token();
    parameter->role = token()[0];
    parameter->count = number();
    parameter->size = number();
    parameter->layout = token();
    parameter->field_count = number();
    parameter->fields = (Field *)allocate(parameter->field_count, sizeof(Field));
    for (size_t at = 0; at < parameter->field_count; ++at) read_field(&parameter->fields[at]);
}

static void read_case(Case *test) {
    expect("case");
    test->name = token();
    test->number = (long)number();
    test->parameter_count = number();
    test->result_size = number();
    test->result_layout = token();
    test->parameters = (Parameter *)allocate(test->parameter_count, sizeof(Parameter));
    for (size_t at = 0; at < test->parameter_count; ++at) read_parameter(&test->parameters[at]);
}

static uint64_t draw(uint64_t seed, uint64_t at) {
    uint64_t z = seed + (at + 1) * UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static void store_word(const Field *field, unsigned char *to, uint64_t word) {
    if (field->kind == 'b') word = word != 0;
    uint8_t w1 = (uint8_t)word;
    uint16_t w2 = (uint16_t)word;
    uint32_t w4 = (uint32_t)word;
    const void *from = field->width == 1 ? (void *)&w1 : field->width == 2 ? (void *)&w2 : field->width == 4 ? (void *)&w4 : (void *)&word;
    memcpy(to, from, (size_t)field->width);
}

static void store_real(const Field *field, unsigned char *to, double value) {
    float narrow = (float)value;
    memcpy(to, field->width == 4 ? (void *)&narrow : (void *)&value, (size_t)field->width);
}

static void store_text(const Field *field, unsigned char *to, const char *text) {
    if (field->kind == 'f')
        store_real(field, to, strtod(text, NULL));
    else
        store_word(field, to, word_of(text));
}

static void store(const Field *field, unsigned char *to, uint64_t k) {
    if (field->kind == 'f')
        store_real(field, to, ldexp((double)(int64_t)k, field->exponent));
    else
        store_word(field, to, k);
}

static int ascending(const void *left, const void *right) {
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

static uint64_t within(const Field *field, uint64_t random) {
    uint64_t k = field->low + (field->span == UINT64_MAX ? random : random % (field->span + 1));
    if (k == 0 && field->nonzero) k = field->low + field->span;
    if (k == 0 && field->nonzero) k = field->low ? field->low : 1;
    return k;
}

static void make_uniform(const Parameter *parameter, const Field *field, unsigned char *to) {
    for (size_t at = 0; at < parameter->count; ++at, to += parameter->size) {
        uint64_t choice = field->value_count ? draw(field->seed ^ UINT64_C(0x5851f42d4c957f2d), at) : 1;
        if (choice % 3 == 0 && field->value_count)
            store_text(field, to, field->values[choice / 3 % field->value_count]);
        else
            store(field, to, within(field, draw(field->seed, at)));
    }
}

static void make_sorted(const Parameter *parameter, const Field *field, unsigned char *to) {
    size_t count = parameter->count;
    int64_t *drawn = (int64_t *)allocate(count, sizeof(int64_t));
    for (size_t at = 0; at < count; ++at) drawn[at] = (int64_t)within(field, draw(field->seed, at));
    qsort(drawn, count, sizeof(int64_t), ascending);
    if (count) drawn[0] = (int64_t)field->low;
    if (count > 1) drawn[count - 1] = (int64_t)(field->low + field->span);
    for (size_t at = 0; at < count; ++at) store(field, to + at * parameter->size, (uint64_t)drawn[at]);
    free(drawn);
}

static void make_permutation(const Parameter *parameter, const Field *field, unsigned char *to) {
    size_t count = parameter->count;
    uint64_t *order = (uint64_t *)allocate(count, sizeof(uint64_t));
    for (size_t at = 0; at < count; ++at) order[at] = field->low + at;
    for (size_t at = count; at > 1; --at) {
        size_t other = draw(field->seed, at) % at;
        uint64_t kept = order[at - 1];
        order[at - 1] = order[other];
        order[other] = kept;
    }
    for (size_t at = 0; at < count; ++at) store(field, to + at * parameter->size, order[at]);
    free(order);
}

static void make_field(const Parameter *parameter, const Field *field) {
    unsigned char *to = parameter->memory + field->offset;
    if (field->distribution == 'u') make_uniform(parameter, field, to);
    if (field->distribution == 's') make_sorted(parameter, field, to);
    if (field->distribution == 'p') make_permutation(parameter, field, to);
    for (size_t at = 0; at < parameter->count; ++at, to += parameter->size) {
        if (field->distribution == 'r') store(field, to, field->low + at * field->span);
        if (field->distribution == 'v' && field->value_count) store_text(field, to, field->values[at % field->value_count]);
    }
}

/* Pattern 0 is data like any other; the others are what nobody may read. */
static void poison(const Parameter *parameter) {
    static const unsigned char bytes[] = {0xCB, 0x7F, 0x2E};
    memset(parameter->memory, bytes[(fill_pattern - 1) % 3], parameter->count * parameter->size);
    for (size_t at = 0; at < parameter->field_count; ++at)
        if (parameter->fields[at].kind == 'b')
            for (size_t element = 0; element < parameter->count; ++element)
                parameter->memory[element * parameter->size + parameter->fields[at].offset] = (unsigned char)(fill_pattern & 1);
}

/* How many elements the call has changed. */
static size_t changes(const Parameter *parameter) {
    size_t found = 0;
    for (size_t at = 0; at < parameter->count * parameter->size; at += parameter->size)
        found += memcmp(parameter->memory + at, parameter->before + at, parameter->size) != 0;
    return found;
}

static void make_parameter(Parameter *parameter) {
    size_t bytes = parameter->count * parameter->size;
    parameter->block = (unsigned char *)allocate(bytes + 2 * GUARD, 1);
#ifdef HAS_ASAN
    __asan_poison_memory_region(parameter->block, GUARD);
    __asan_poison_memory_region(parameter->block + GUARD + bytes, GUARD);
#else
    memset(parameter->block, GUARD_BYTE, GUARD);
    memset(parameter->block + GUARD + bytes, GUARD_BYTE, GUARD);
#endif
    parameter->memory = parameter->block + GUARD;
    for (size_t at = 0; at < parameter->field_count; ++at) make_field(parameter, &parameter->fields[at]);
    if (parameter->role == 'o' && fill_pattern) poison(parameter);
    parameter->before = (unsigned char *)allocate(bytes, 1);
    memcpy(parameter->before, parameter->memory, bytes);
}

static void write_base64(const unsigned char *data, size_t size) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t at = 0; at < size; at += 3) {
        size_t left = size - at < 3 ? size - at : 3;
        unsigned group = (unsigned)data[at] << 16 | (left > 1 ? (unsigned)data[at + 1] << 8 : 0) | (left > 2 ? data[at + 2] : 0u);
        putchar(digits[group >> 18]);
        putchar(digits[group >> 12 & 63]);
        putchar(left > 1 ? digits[group >> 6 & 63] : '=');
        putchar(left > 2 ? digits[group & 63] : '=');
    }
}

static void write_value(const char *name, const char *layout, size_t changed, const unsigned char *data, size_t size) {
    printf("@%s value %s %s %zu ", nonce, name, layout, changed);
    write_base64(data, size);
    putchar('\n');
}

static void check_guards(const Parameter *parameter) {
    size_t bytes = parameter->count * parameter->size;
#ifdef HAS_ASAN
    __asan_unpoison_memory_region(parameter->block, bytes + 2 * GUARD); /* so that it can be freed */
#else
    for (size_t at = 0; at < GUARD; ++at) {
        int is_before = parameter->block[GUARD - 1 - at] != GUARD_BYTE;
        if (is_before || parameter->block[GUARD + bytes + at] != GUARD_BYTE) {
            printf("@%s overrun %s %s %zu\n", nonce, parameter->name, is_before ? "before" : "after", at);
            return;
        }
    }
#endif
}

static void write_parameter(const Parameter *parameter) {
    size_t changed = changes(parameter);
    int is_input = parameter->role == 'i';
    if (is_input && changed) printf("@%s changed %s %zu\n", nonce, parameter->name, changed);
    /* An input that changes is an output after all. */
    if (parameter->role == 'o' || parameter->role == 'b' || (is_input && changed))
        write_value(parameter->name, parameter->layout, changed, parameter->memory, parameter->count * parameter->size);
    check_guards(parameter);
}

static void check_sizes(const Case *test) {
    unsigned long size = codepar_size(-1);
    if (size && size != test->result_size) fail("the layout of the result is not the compiler's");
    for (size_t at = 0; at < test->parameter_count; ++at) {
        size = codepar_size((int)at);
        if (size && size != test->parameters[at].size) fail("the layout of a parameter is not the compiler's");
    }
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e6 + (double)time.tv_nsec * 1e-3;
}

static void run_case(Case *test) {
    void **arguments = (void **)allocate(test->parameter_count, sizeof(void *));
    unsigned char *result = (unsigned char *)allocate(test->result_size + 16, 1);
    for (size_t at = 0; at < test->parameter_count; ++at) {
        Parameter *parameter = &test->parameters[at];
        make_parameter(parameter);
        arguments[at] = parameter->memory;
        if (parameter->role != 's')
            codepar_cuda_watch(parameter->name, parameter->memory, parameter->count * parameter->size, parameter->size);
    }
    fflush(stdout);
    double started = now();
    codepar_cuda_enter(test->number);
    codepar_call(arguments, result);
    codepar_cuda_leave();
    double took = now() - started;
    putchar('\n');
    if (test->result_size) write_value("return", test->result_layout, 1, result, test->result_size);
    for (size_t at = 0; at < test->parameter_count; ++at) {
        Parameter *parameter = &test->parameters[at];
        write_parameter(parameter);
        free(parameter->block);
        free(parameter->before);
    }
    free(arguments);
    free(result);
    printf("@%s end %s ok %.0f\n", nonce, test->name, took);
    fflush(stdout);
}

/* A case that crashes or hangs takes none of the others with it. Whether it hung. */
static int run_apart(Case *test, unsigned seconds) {
    struct rlimit limit = {seconds, seconds + 1};
    int status = 0;
    pid_t child = fork();
    if (child < 0) fail("no process could be started");
    if (child == 0) {
        setrlimit(RLIMIT_CPU, &limit);
        alarm(PATIENCE * seconds);
        run_case(test);
        exit(0);
    }
    waitpid(child, &status, 0);
    if (WIFSIGNALED(status))
        printf("\n@%s end %s signal %d\n", nonce, test->name, WTERMSIG(status));
    else if (WEXITSTATUS(status))
        printf("\n@%s end %s exit %d\n", nonce, test->name, WEXITSTATUS(status));
    fflush(stdout);
    return WIFSIGNALED(status) && (WTERMSIG(status) == SIGXCPU || WTERMSIG(status) == SIGALRM);
}

static char *read_input(void) {
    size_t size = 0, room = 1 << 16;
    char *text = (char *)allocate(room + 1, 1);
    for (size_t got; (got = fread(text + size, 1, room - size, stdin)) > 0;) {
        size += got;
        if (size == room) text = (char *)realloc(text, (room *= 2) + 1);
        if (!text) fail("out of memory");
    }
    text[size] = 0;
    return text;
}

int main(void) {
    char *input = place = read_input();
    expect("codepar-cases-1");
    nonce = token();
    fill_pattern = (int)number();
    unsigned apart = (unsigned)number();
    int hung = 0;
    /* One that hangs on some cases may hang on all: the rest would take too long. */
    for (size_t left = number(); left > 0 && hung < MAX_HUNG; --left) {
        Case test;
        read_case(&test);
        check_sizes(&test);
        printf("\n@%s begin %s\n", nonce, test.name);
        fflush(stdout);
        if (apart) fprintf(stderr, "@%s begin %s\n", nonce, test.name);
        if (apart)
            hung += run_apart(&test, apart);
        else
            run_case(&test);
        for (size_t at = 0; at < test.parameter_count; ++at) {
            for (size_t field = 0; field < test.parameters[at].field_count; ++field) free(test.parameters[at].fields[field].values);
            free(test.parameters[at].fields);
        }
        free(test.parameters);
    }
    printf("@%s done\n", nonce);
    free(input);
    return fflush(stdout) != 0;
}
