"""Names that C and C++ give without the file: functions of the library by what they mean for a translation, and constants.

Limits: a list of names, no types; a file that defines one of these names itself is served before this list is asked.
"""

from __future__ import annotations

import re

_MATH = (
    "sin cos tan asin acos atan atan2 sinh cosh tanh asinh acosh atanh exp exp2 exp10 expm1 log log2 log10 log1p pow sqrt "
    "cbrt hypot fabs fmod remainder floor ceil round trunc rint nearbyint fmin fmax fdim fma erf erfc tgamma lgamma ldexp "
    "frexp modf copysign rsqrt sincos logb ilogb scalbn nextafter lround llround lrint llrint "
)
MATH = frozenset(name + suffix for name in _MATH.split() for suffix in ("", "f", "l"))
"""Functions of <math.h> that device code has, too."""

INTEGER_MATH = frozenset(
    {"abs", "labs", "llabs", "min", "max", "swap", "clamp", "isnan", "isinf", "isfinite", "signbit", "fabs", "div"}
)
MEMORY = frozenset({"memset", "memcpy", "memmove", "memcmp", "strlen", "strcmp", "strncmp", "strcpy", "strncpy", "strchr"})
CHARACTERS = frozenset(
    {f"is{kind}" for kind in ("alpha", "digit", "alnum", "space", "upper", "lower", "punct", "xdigit", "print")}
    | {"toupper", "tolower"}
)
HARMLESS = frozenset(
    {"assert", "static_assert", "sizeof", "__builtin_expect", "__builtin_popcount", "__builtin_popcountll", "__builtin_clz"}
    | {"__builtin_ctz", "__builtin_abs", "__builtin_fabs", "__builtin_sqrt", "__builtin_unreachable", "__builtin_assume_aligned"}
    | {"static_cast", "reinterpret_cast", "const_cast", "offsetof", "UINT32_C", "UINT64_C", "INT64_C"}
)
_INPUT_OUTPUT = (
    "printf fprintf sprintf snprintf vprintf vfprintf puts fputs putchar fputc putc scanf fscanf sscanf gets fgets getchar "
    "fgetc getc fopen fclose fread fwrite fseek ftell fflush perror read write open close getline rewind ungetc remove "
    "rename system popen "
)
INPUT_OUTPUT = frozenset(_INPUT_OUTPUT.split())
ALLOCATION = frozenset(
    {"malloc", "calloc", "realloc", "free", "alloca", "aligned_alloc", "posix_memalign", "strdup", "_mm_malloc"}
)
NON_LOCAL_EXIT = frozenset({"exit", "_exit", "abort", "longjmp", "setjmp", "quick_exit", "atexit", "raise", "signal", "_Exit"})
_HIDDEN_STATE = (
    "rand srand random srandom drand48 srand48 rand_r time clock gettimeofday clock_gettime getenv setenv strtok errno "
    "localtime omp_get_wtime omp_get_thread_num omp_set_num_threads "
)
HIDDEN_STATE = frozenset(_HIDDEN_STATE.split())
NO_ALLOCATION_OR_STATE = MATH | INTEGER_MATH | MEMORY | CHARACTERS | HARMLESS

_CONSTANTS = re.compile(
    r"^(?:U?(?:INT|LONG|LLONG|SHRT|CHAR|SCHAR|INT(?:8|16|32|64|PTR|MAX)|INT_(?:FAST|LEAST)\d+)_(?:MAX|MIN)|SIZE_MAX|SSIZE_MAX|CHAR_BIT"
    r"|RAND_MAX|(?:FLT|DBL|LDBL)_\w+|M_\w+|NULL|nullptr|true|false|TRUE|FALSE|NAN|INFINITY|HUGE_VALF?|EOF|std|this|__func__"
    r"|__LINE__|__FILE__|__restrict__|restrict|INT_MAX|EXIT_\w+)$"
)
_TYPES = re.compile(
    r"^(?:u?int(?:_fast|_least)?(?:8|16|32|64)_t|u?intptr_t|u?intmax_t|size_t|ssize_t|ptrdiff_t|off_t|uint|ushort|ulong|uchar|bool|_Bool"
    r"|char|short|int|long|float|double|void|signed|unsigned|wchar_t|char16_t|char32_t|__int128|__int64|byte|auto)$"
)


def is_constant(name: str) -> bool:
    """Whether the headers of the language give this name a constant value."""
    return _CONSTANTS.match(name) is not None


def is_type(text: str) -> bool:
    """Whether every word of a type's text is known without the file."""
    return all(_TYPES.match(word) for word in text.replace("std::", "").split())
