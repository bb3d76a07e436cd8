"""Element types of numpy and of mpi4py's buffers, as C types.

Limits: a machine with 8-byte longs is supposed; structured types and strings have none.
"""

from __future__ import annotations

from codepar.mpi.check.values import PICKLED

_SAME = {
    "int": ("i", "i4", "<i4", "int32", "intc", "np.int32", "np.intc"),
    "long": ("l", "i8", "<i8", "int", "int64", "int_", "np.int64", "np.int_", "q", "np.longlong", "longlong"),
    "double": ("d", "f8", "<f8", "float", "float64", "double", "np.float64", "np.double", "float_", "np.float_"),
    "float": ("f", "f4", "<f4", "float32", "single", "np.float32", "np.single"),
    "short": ("h", "i2", "int16", "np.int16"),
    "int8_t": ("b", "i1", "int8", "np.int8"),
    "uint8_t": ("B", "u1", "uint8", "np.uint8"),
    "unsigned": ("I", "u4", "uint32", "np.uint32"),
    "unsigned long": ("L", "u8", "uint64", "np.uint64"),
    "double _Complex": ("D", "c16", "complex", "complex128", "np.complex128"),
    "float _Complex": ("F", "c8", "complex64", "np.complex64"),
    "_Bool": ("?", "bool", "bool_", "np.bool_", "np.bool"),
}
_CTYPES = {name: ctype for ctype, names in _SAME.items() for name in names}
DATATYPES = {
    "int": "MPI_INT", "long": "MPI_LONG", "double": "MPI_DOUBLE", "float": "MPI_FLOAT", "short": "MPI_SHORT",
    "int8_t": "MPI_INT8_T", "uint8_t": "MPI_UINT8_T", "unsigned": "MPI_UNSIGNED", "unsigned long": "MPI_UNSIGNED_LONG",
    "double _Complex": "MPI_C_DOUBLE_COMPLEX", "float _Complex": "MPI_C_FLOAT_COMPLEX", "_Bool": "MPI_C_BOOL",
}  # fmt: skip
"""What mpi4py takes for an array without a datatype beside it."""
EXTRA_ELEMENTS = {
    PICKLED: "struct pickled", "MPI_BOOL": "_Bool", "MPI_COMPLEX": "float _Complex", "MPI_DOUBLE_COMPLEX": "double _Complex",
    "MPI_INTEGER": "int", "MPI_REAL": "float", "MPI_DOUBLE_PRECISION": "double", "MPI_INTEGER8": "long", "MPI_REAL8": "double",
    "MPI_REAL4": "float", "MPI_INTEGER4": "int",
}  # fmt: skip
UNTYPED = "auto"


def ctype_of(dtype: str) -> str:
    """The C type of a dtype as written."""
    text = dtype.strip().strip("'\"").replace("numpy.", "np.")
    return _CTYPES.get(text, UNTYPED)
