"""What the replay knows of Python's and numpy's functions: numbers, ranges, lengths, arrays by shape and type.

Limits: other functions of known libraries give unknowns and change their arguments; they are trusted not to communicate.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable

from codepar.mpi.check.python.expressions import LISTS
from codepar.mpi.check.python.messages import Messages
from codepar.mpi.check.python.types import UNTYPED, ctype_of
from codepar.mpi.check.values import Pointer, Unknown, Value
from codepar.mpi.check.world import resolved

SAFE = frozenset(
    ["numpy", "np", "math", "time", "sys", "os", "random", "scipy", "matplotlib", "plt", "pandas", "pd", "itertools",
     "collections", "json", "pickle", "re", "argparse", "datetime", "logging", "copy", "functools", "ctypes", "struct",
     "string", "platform", "socket", "subprocess", "warnings", "operator", "statistics", "array", "numba", "cv2", "PIL",
     "tqdm", "sklearn", "pylab", "csv", "glob", "shutil", "pathlib", "timeit", "traceback", "typing", "io", "gc",
     "psutil", "skimage", "seaborn", "torch", "tensorflow", "nltk", "requests", "networkx", "sympy", "cmath", "decimal",
     "fractions", "hashlib", "heapq", "bisect", "enum", "dataclasses", "contextlib", "textwrap", "unittest", "tempfile",
     "queue", "threading", "zlib", "gzip", "urllib", "signal", "cupy", "cProfile", "pstats", "resource", "uuid",
     "secrets", "inspect", "importlib", "getpass", "calendar", "locale", "errno", "numexpr"]
)  # fmt: skip
"""Modules whose functions send no messages of their own."""
_NUMERIC: dict[str, Callable[..., float]] = {
    "abs": abs, "min": min, "max": max, "int": int, "float": float, "round": round, "bool": bool, "pow": pow, "divmod": max,
    "math.sqrt": math.sqrt, "math.floor": math.floor, "math.ceil": math.ceil, "math.log": math.log, "math.log2": math.log2,
    "math.exp": math.exp, "math.sin": math.sin, "math.cos": math.cos, "np.sqrt": math.sqrt, "math.pow": math.pow,
    "np.ceil": math.ceil, "np.floor": math.floor, "np.abs": abs, "np.int32": int, "np.int64": int, "np.float64": float,
    "math.log10": math.log10, "np.log2": math.log2, "math.gcd": math.gcd,
}  # fmt: skip
_FILLED = {"zeros": 0, "empty": None, "ones": 1, "full": None, "ndarray": None}
_LIKE = frozenset({"zeros_like", "empty_like", "ones_like", "full_like", "copy"})
_VARYING = frozenset({"random", "time", "uuid", "secrets", "np.random", "numpy.random", "socket", "platform", "os"})
_MAX_RANGE = 4_096


class Library(Messages):
    """Functions by their dotted names."""

    def library(self, dotted: str, tree: ast.Call) -> Value:
        """What a function that is not the program's gives."""
        short = dotted.replace("numpy.", "np.")
        if short in {"range", "xrange"}:
            return self._range_of(tree)
        if short == "len" and len(tree.args) == 1:
            return self._length(self.value(tree.args[0]), tree)
        if short in {"list", "tuple", "sorted"} and len(tree.args) <= 1:
            return self._list(short, tree)
        if short in {"enumerate", "zip", "reversed"}:
            return self._paired(short, tree)
        if short.startswith("np.") and (made := self._numpy(short[3:], tree)) is not None:
            return made
        values = [self.value(one) for one in tree.args]
        keywords = [self.value(one.value) for one in tree.keywords]
        if short in _NUMERIC and values and not keywords:
            return self._number_of(short, values, tree)
        return self.unknown_call(dotted, values + keywords, tree)

    def unknown_call(self, dotted: str, values: list[Value], tree: ast.Call) -> Value:
        """A call that is not followed: its lists and arrays may have changed."""
        for value in values:
            if dotted not in {"print", "len", "str", "repr", "isinstance", "type", "id", "sum", "any", "all", "np.allclose"}:
                self.escape(value)
                if isinstance(value, Pointer) and not dotted.startswith(("np.", "numpy.", "plt.", "math.")):
                    value.block.forget()
        root = dotted.partition(".")[0]
        if root in _VARYING or dotted.rpartition(".")[0] in _VARYING or dotted == "input":
            return self.nothing_known(tree, dotted)
        if all(isinstance(value, int | float | str) for value in values) and root in SAFE | {"str", "int", "float", "sum"}:
            # The same arguments give the same on every rank.
            return self.unknown(f"{dotted}({','.join(map(str, values))})", local=False)
        return self.nothing_known(tree, dotted)

    def _number_of(self, name: str, values: list[Value], tree: ast.Call) -> Value:
        items = self.items_of(values[0]) if len(values) == 1 and name in {"min", "max"} else None
        numbers = [value for value in (items or values) if isinstance(value, int | float)]
        wanted = items or values
        if len(numbers) == len(wanted):
            try:
                result = _NUMERIC[name](*numbers)
            except (ArithmeticError, ValueError, TypeError):
                return self.nothing_known(tree)
            return int(result) if isinstance(result, bool) else result
        if len(values) == 1 and isinstance(values[0], Unknown):
            return values[0] if name in {"int", "float"} else self.unknown(f"{name}({values[0].key})", local=values[0].local)
        shared = all(isinstance(one, int | float) or (isinstance(one, Unknown) and not one.local) for one in values)
        keys = ",".join(one.key if isinstance(one, Unknown) else str(one) for one in values)
        return Unknown(f"{name}({keys})") if shared else self.nothing_known(tree)

    def _range_of(self, tree: ast.Call) -> Value:
        values = [self.value(one) for one in tree.args]
        numbers = [value for value in values if isinstance(value, int)]
        if len(numbers) != len(values) or not 1 <= len(values) <= 3 or (len(values) == 3 and numbers[2] == 0):
            made = self.made_list(None, tree.lineno, "range")
            unknown = values[-1] if len(values) < 3 else None
            if len(values) == 1 or (len(values) == 2 and values[0] == 0):
                made.block.cells[-1] = unknown
            return made
        found = range(*numbers)
        return self.made_list([*found] if len(found) <= _MAX_RANGE else None, tree.lineno)

    def _length(self, value: Value, tree: ast.AST) -> Value:
        if isinstance(value, str):
            return len(value) if not value.startswith("$") else self.nothing_known(tree)
        if isinstance(value, Pointer):
            block = value.block
            if block.count is not None and not (block.ctype in LISTS and block.version) and block.serial not in self.deep:
                return block.count
            if -1 in block.cells and block.cells[-1] is not None:
                return resolved(block.cells[-1], self.world)
            return self.unknown(f"len({block.name}.{block.serial}.{block.version})", local=True)
        if isinstance(value, Unknown):
            return self.unknown(f"len({value.key})", local=value.local)
        return self.nothing_known(tree)

    def length_of(self, value: Value) -> Value:
        """The number of turns of a loop over a value."""
        return self._length(value, ast.Constant(0))

    def _list(self, name: str, tree: ast.Call) -> Value:
        if not tree.args:
            return self.made_list([], tree.lineno, "tuple" if name == "tuple" else "list")
        items = self.items_of(self.value(tree.args[0]))
        if items is None or (name == "sorted" and not all(isinstance(one, int) for one in items)):
            return self.made_list(None, tree.lineno)
        return self.made_list(sorted(items) if name == "sorted" else list(items), tree.lineno)  # type: ignore[type-var]

    def _paired(self, name: str, tree: ast.Call) -> Value:
        listed = [self.items_of(self.value(one)) for one in tree.args]
        if any(one is None for one in listed) or not listed or tree.keywords:
            return self.made_list(None, tree.lineno)
        known = [one for one in listed if one is not None]
        if name == "reversed":
            return self.made_list(known[0][::-1], tree.lineno)
        pairs = enumerate(known[0]) if name == "enumerate" else zip(*known, strict=False)
        return self.made_list([self.made_list(list(pair), tree.lineno, "tuple") for pair in pairs], tree.lineno)

    def _numpy(self, name: str, tree: ast.Call) -> Value | None:
        """An array that a function of numpy makes; None for other functions."""
        dtype = next((one.value for one in tree.keywords if one.arg == "dtype"), None)
        if name in _FILLED:
            return self._shaped(name, tree, dtype)
        if name in _LIKE and tree.args:
            source = self.value(tree.args[0])
            ctype = self._dtype(dtype) if dtype is not None else source.block.ctype if isinstance(source, Pointer) else UNTYPED
            if not isinstance(source, Pointer) or source.block.ctype in LISTS:
                return self.array(UNTYPED, None, tree.lineno)
            made = self.array(ctype, source.block.count, tree.lineno)
            self.deep.update({made.block.serial} if source.block.serial in self.deep else ())
            return made
        if name == "arange":
            return self._arange(tree, dtype)
        if name in {"linspace", "random.rand", "random.random", "random.randn", "random.random_sample"}:
            return self._filled_with_reals(name, tree, dtype)
        if name in {"array", "asarray", "ascontiguousarray"} and tree.args:
            return self._converted(tree, dtype)
        return None

    def _dtype(self, tree: ast.expr | None) -> str:
        return ctype_of(ast.unparse(tree)) if tree is not None else UNTYPED

    def _shaped(self, name: str, tree: ast.Call, dtype: ast.expr | None) -> Value:
        position = 2 if name == "full" else 1
        if dtype is None and len(tree.args) > position:
            dtype = tree.args[position]
        shape = next((one.value for one in tree.keywords if one.arg == "shape"), tree.args[0] if tree.args else None)
        count, is_deep = self._count(self.value(shape)) if shape is not None else (None, False)
        for one in tree.args[1:]:
            self.value(one)
        default = UNTYPED if name == "full" else "double"
        made = self.array(self._dtype(dtype) if dtype is not None else default, count, tree.lineno)
        made.block.zeroed = name == "zeros"
        self.deep.update({made.block.serial} if is_deep else ())
        return made

    def _count(self, shape: Value) -> tuple[int | None, bool]:
        """The number of elements of a shape, and whether it has more than one dimension."""
        if isinstance(shape, int):
            return (shape, False) if shape >= 0 else (None, False)
        items = self.items_of(shape)
        if items is None:
            return None, True
        sizes = [one for one in items if isinstance(one, int) and one >= 0]
        return (math.prod(sizes) if len(sizes) == len(items) else None), len(items) != 1

    def _arange(self, tree: ast.Call, dtype: ast.expr | None) -> Value:
        values = [self.value(one) for one in tree.args]
        numbers = [value for value in values if isinstance(value, int)]
        if dtype is None and len(values) == 4:
            dtype = tree.args[3]
        known = len(numbers) == len(values) and 1 <= len(values) <= 3 and (len(values) < 3 or numbers[2] != 0)
        ctype = self._dtype(dtype) if dtype is not None else "long" if known else UNTYPED
        return self.array(ctype, len(range(*numbers)) if known else None, tree.lineno)

    def _filled_with_reals(self, name: str, tree: ast.Call, dtype: ast.expr | None) -> Value:
        values = [self.value(one) for one in tree.args]
        ctype = self._dtype(dtype) if dtype is not None else "double"
        if name == "linspace":
            number = next(
                (self.value(one.value) for one in tree.keywords if one.arg == "num"), values[2] if len(values) > 2 else 50
            )
            return self.array(ctype, number if isinstance(number, int) else None, tree.lineno)
        if not values and not tree.keywords:
            return self.nothing_known(tree, name)
        if name in {"random.rand", "random.randn"}:
            sizes = [one for one in values if isinstance(one, int)]
            count, is_deep = (math.prod(sizes) if len(sizes) == len(values) else None), len(values) > 1
        else:
            count, is_deep = self._count(values[0]) if values else (None, True)
        made = self.array(ctype, count, tree.lineno)
        self.deep.update({made.block.serial} if is_deep else ())
        return made

    def _converted(self, tree: ast.Call, dtype: ast.expr | None) -> Value:
        source = self.value(tree.args[0])
        if dtype is None and len(tree.args) > 1:
            dtype = tree.args[1]
        ctype = self._dtype(dtype) if dtype is not None else None
        items = self.items_of(source)
        if items is None:
            is_array = isinstance(source, Pointer) and source.block.ctype not in LISTS
            told = source.block if isinstance(source, Pointer) and is_array else None
            kind = ctype or (told.ctype if told is not None else UNTYPED)
            return self.array(kind if ctype != UNTYPED else UNTYPED, told.count if told is not None else None, tree.lineno)
        if any(not isinstance(one, int | float | Unknown) for one in items):
            return self.array(ctype or UNTYPED, None, tree.lineno)
        if ctype is None:
            known = bool(items) and not any(isinstance(one, Unknown) for one in items)
            ctype = ("double" if any(isinstance(one, float) for one in items) else "long") if known else UNTYPED
        made = self.array(ctype, len(items), tree.lineno)
        made.block.cells.update(enumerate(items))
        return made
