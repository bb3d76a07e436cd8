"""The intrinsic functions of Fortran that the replay computes, and the subroutines that communicate with nobody.

Limits: results of other intrinsics are unknown; kinds of numbers are those that common compilers use.
"""

from __future__ import annotations

import math
from collections.abc import Callable

Number = int | float


def _kind(value: Number) -> int:
    return 8 if isinstance(value, float) else 4


NUMERIC: dict[str, Callable[..., Number]] = {
    "abs": abs, "iabs": abs, "dabs": abs, "min": min, "max": max, "min0": min, "max0": max,
    "int": lambda value, kind=4: int(value), "nint": lambda value: math.floor(value + 0.5), "floor": math.floor,
    "ceiling": math.ceil,
    "real": lambda value, kind=4: float(value), "dble": float, "float": float, "sqrt": math.sqrt, "dsqrt": math.sqrt,
    "mod": lambda left, right: math.fmod(left, right) if isinstance(left, float) else int(math.fmod(left, right)),
    "modulo": lambda left, right: left % right, "exp": math.exp, "log": math.log, "sin": math.sin, "cos": math.cos,
    "acos": math.acos,
    "log10": math.log10, "sign": lambda left, right: math.copysign(left, right) if isinstance(left, float) else
    int(math.copysign(left, right)), "iand": lambda left, right: left & right, "ior": lambda left, right: left | right,
    "ieor": lambda left, right: left ^ right, "ishft": lambda left, by: left << by if by >= 0 else left >> -by,
    "btest": lambda value, bit: int(value >> bit & 1), "merge": lambda yes, no, mask: yes if mask else no,
    "selected_real_kind": lambda digits=6, exponent=37: 4 if digits <= 6 else 8 if digits <= 15 else 16,
    "selected_int_kind": lambda digits: 1 if digits <= 2 else 2 if digits <= 4 else 4 if digits <= 9 else 8,
    "kind": _kind, "huge": lambda value: 2**31 - 1 if isinstance(value, int) else 1.7e308,
}  # fmt: skip

SILENT = frozenset(
    ["system_clock", "cpu_time", "random_number", "random_seed", "date_and_time", "get_command_argument", "get_command", "getarg",
     "get_environment_variable", "flush", "sleep", "abort", "exit", "move_alloc", "execute_command_line", "mvbits", "etime",
     "dtime",
     "srand", "system", "hostnm", "getcwd", "omp_set_num_threads", "omp_init_lock", "gettimeofday", "random_init", "second",
     "usleep",
     "c_f_pointer", "co_sum", "dgemm", "sgemm", "dgemv", "daxpy", "dscal", "dcopy", "dgetrf", "dgetrs", "dgesv", "h5open_f",
     "idate", "itime", "fdate", "ctime", "backtrace", "dsyev", "zgemm", "zheev", "dsygv", "dpotrf"]
)  # fmt: skip
"""Subroutines of the language, its libraries and BLAS: they write their arguments, and call nothing of MPI."""

VARYING = frozenset(["rand", "irand", "ran", "omp_get_thread_num", "omp_get_wtime", "secnds", "time"])
SHARED = frozenset(["command_argument_count", "iargc", "omp_get_max_threads", "omp_get_num_threads", "num_images"])
"""Functions whose results are taken to be the same on all ranks."""
