"""The host function around a device part: memory, copies, launch, errors, by rule from the roles and extents of the original.

Whatever fails on the way ends the program with the failed call on standard error: a wrong answer must not look right. So do
buffers that overlap where one of them is written, because each gets device memory of its own. Limits: every call copies all its
buffers there and back; buffers of unknown extent raise ``Unsupported``.
"""

from __future__ import annotations

from dataclasses import dataclass

from codepar.cuda.as_cxx import as_cxx, cxx_name
from codepar.cuda.function import Extent, Parameter, Role, SequentialFunction
from codepar.cuda.launcher import launcher_casts
from codepar.cuda.prelude import HEADERS, prelude_pieces, with_host_helpers
from codepar.cuda.translation import DevicePart
from codepar.errors import Unsupported

HOST_CHECKS = """\
#ifndef TRANSLATION_HOST_CHECKS
#define TRANSLATION_HOST_CHECKS
static inline void host_check(cudaError_t status, const char *call) {
    if (status != cudaSuccess) {
        fprintf(stderr, "%s failed: %s\\n", call, cudaGetErrorString(status));
        abort();
    }
}
#define HOST_CHECK(call) host_check((call), #call)
static inline void buffers_apart(const char *names, const void *a, size_t a_bytes, const void *b, size_t b_bytes) {
    const char *a_start = (const char *)a, *b_start = (const char *)b;
    if (a_bytes > 0 && b_bytes > 0 && a_start < b_start + b_bytes && b_start < a_start + a_bytes) {
        fprintf(stderr, "%s overlap, this translation needs them apart\\n", names);
        abort();
    }
}
static inline void not_negative(const char *name, long long value) {
    if (value < 0) {
        fprintf(stderr, "`%s` is %lld, this translation needs it not to be negative\\n", name, value);
        abort();
    }
}
#endif
"""
_INTEGERS = frozenset({"unsigned", "signed", "char", "short", "int", "long", "size_t", "ssize_t", "ptrdiff_t", "bool", "_Bool"})
_INTEGERS |= {f"{u}int{bits}_t" for u in ("", "u") for bits in (8, 16, 32, 64)}


def entry_name(function: SequentialFunction) -> str:
    """The name of the entry where none is asked for."""
    return f"{function.name}_cuda"


@dataclass(frozen=True, slots=True)
class EntryPieces:
    """The parts of a translation's file in their order.

    Several functions of one file may share equal ``declarations``, ``helpers`` and ``checks``.
    """

    headers: str
    declarations: tuple[str, ...]
    helpers: tuple[str, ...]
    part: str
    checks: str
    counts: tuple[str, ...]
    entry: str

    @property
    def text(self) -> str:
        """The whole file."""
        above = "\n".join([*self.declarations, *self.helpers])
        return "\n".join(piece for piece in (self.headers + above, self.part, self.checks, *self.counts, self.entry) if piece)


def entry_pieces(function: SequentialFunction, part: DevicePart, entry: str | None = None) -> EntryPieces:
    """The pieces of ``host_entry``. Raises ``Unsupported`` where the extent of a buffer is not known."""
    chosen = entry or entry_name(function)
    above = prelude_pieces(function, part.text)
    buffers = [one.name for one in function.signature.buffers if not one.is_reference]
    counts = [extent_function(function, name, f"{chosen}_count_{name}") for name in buffers]
    return EntryPieces(
        headers=HEADERS,
        declarations=above.declarations,
        helpers=above.helpers,
        part=part.text.strip() + "\n",
        checks=HOST_CHECKS,
        counts=tuple(with_host_helpers(function, counts, part.text)),
        entry=_entry(function, part, chosen),
    )


def host_entry(function: SequentialFunction, part: DevicePart, entry: str | None = None) -> str:
    """The whole ``.cu`` text: declarations and helpers that the part does not bring itself, the part, the host function.

    Raises ``Unsupported`` where the extent of a buffer is not known.
    """
    return entry_pieces(function, part, entry).text


def entry_parameters(function: SequentialFunction) -> str:
    """The parameter list of the entry as C++ text; variable dimensions become plain pointers."""
    return ", ".join(_declaration(one, function) for one in function.signature.parameters) or "void"


def extent_function(function: SequentialFunction, buffer: str, name: str) -> str:
    """A static C++ function ``name`` with the parameters of the entry: the elements of ``buffer`` that a call touches."""
    extent = function.extents.get(buffer, Extent(reason="not analysed"))
    if extent.inspector is not None and not (extent.expression is not None and extent.is_exact):
        return f"static long long {name}({entry_parameters(function)}) {{\n{extent.inspector}\n}}\n"
    if extent.expression is None:
        raise Unsupported(
            f"how many elements of `{buffer}` a call of `{function.name}` touches is not known: {extent.reason}",
            remedy="say its size by a dimension (`double a[n][m]`), or by loop bounds made of the scalar parameters",
        )
    parameters = ", ".join(_widened(one, function) for one in function.signature.parameters)
    checks = "".join(f'    not_negative("{one}", {cxx_name(one)});\n' for one in extent.assumes)
    value = as_cxx(extent.expression, function.language)
    return f"static long long {name}({parameters}) {{\n{checks}    return {value};\n}}\n"


def assumptions(function: SequentialFunction) -> tuple[str, ...]:
    """What a caller of the entry must keep to, each as a sentence: the entry checks the first two kinds at each call."""
    signature, notes = function.signature, list[str]()
    if len(signature.buffers) > 1 and any(one.role.is_written for one in signature.buffers):
        notes.append("No two of its buffers overlap.")
    scalars = sorted({name for extent in function.extents.values() for name in extent.assumes})
    notes += [f"`{name}` is not negative." for name in scalars]
    for one in signature.buffers:
        extent = function.extents.get(one.name)
        if extent is not None and extent.expression is not None and not extent.is_exact and extent.inspector is None:
            notes.append(f"`{one.name}` has at least `{extent.expression}` elements.")
    return tuple(notes)


def _declaration(one: Parameter, function: SequentialFunction) -> str:
    name, const = cxx_name(one.name), "const " if one.is_const else ""
    kind = as_cxx(one.type, function.language)
    if one.is_reference:
        return f"{const}{kind} &{name}{''.join(f'[{size}]' for size in one.dimensions)}"
    if not one.is_buffer:
        return f"{const}{kind} {name}"
    if len(one.dimensions) > 1 and not has_variable_dimensions(one, function):
        return f"{const}{kind} {name}{''.join(f'[{size}]' for size in one.dimensions)}"
    return f"{const}{kind} *{name}"


def has_variable_dimensions(one: Parameter, function: SequentialFunction) -> bool:
    """Whether a dimension depends on another parameter (C99 only)."""
    names = {other.name for other in function.signature.parameters}
    words = {word for size in one.dimensions for word in "".join(c if c.isalnum() or c == "_" else " " for c in size).split()}
    return bool(words & names)


def _widened(one: Parameter, function: SequentialFunction) -> str:
    """Integer scalars become 64 bits wide, so that products of sizes do not overflow."""
    if not one.is_buffer and not one.is_reference and set(one.type.split()) <= _INTEGERS:
        return f"long long {cxx_name(one.name)}"
    return _declaration(one, function)


def _entry(function: SequentialFunction, part: DevicePart, entry: str) -> str:
    signature = function.signature
    returns = as_cxx(signature.return_type, function.language)
    lines = [f"{returns} {entry}({entry_parameters(function)}) {{"]
    lines += [f"    {line}" for one in signature.buffers for line in _sizes(one, function, entry)]
    lines += [f"    {line}" for line in _overlap_checks(function)]
    lines += [f"    {line}" for one in signature.buffers for line in _copy_in(one, function)]
    if returns != "void":
        lines += [f"    {returns} *device_result_ = nullptr;", *_result_memory()]
    lines += [f"    {part.launcher}({', '.join(_arguments(function, part))});"]
    lines += ["    HOST_CHECK(cudaGetLastError());", "    HOST_CHECK(cudaDeviceSynchronize());"]
    lines += [f"    {_copy_out(one)}" for one in signature.buffers if one.role.is_written]
    if returns != "void":
        lines += [f"    {returns} result_{{}};", _copy_result(), "    HOST_CHECK(cudaFree(device_result_));"]
    lines += [f"    HOST_CHECK(cudaFree({_device(one)}));" for one in signature.buffers]
    lines += ["    return result_;"] if returns != "void" else []
    return "\n".join([*lines, "}", ""])


def _device(one: Parameter) -> str:
    return f"device_{one.name}_"


def _address(one: Parameter) -> str:
    return f"&{cxx_name(one.name)}" if one.is_reference else cxx_name(one.name)


def _sizes(one: Parameter, function: SequentialFunction, entry: str) -> list[str]:
    arguments = ", ".join(cxx_name(other.name) for other in function.signature.parameters)
    count = "1" if one.is_reference else f"{entry}_count_{one.name}({arguments})"
    kind = as_cxx(one.type, function.language)
    lines = [f"const long long count_{one.name}_ = {count};"]
    return [*lines, f"const size_t bytes_{one.name}_ = count_{one.name}_ > 0 ? count_{one.name}_ * sizeof({kind}) : 0;"]


def _overlap_checks(function: SequentialFunction) -> list[str]:
    buffers = function.signature.buffers
    pairs = [(one, other) for at, one in enumerate(buffers) for other in buffers[at + 1 :]]
    return [
        f'buffers_apart("`{one.name}` and `{other.name}`", {_address(one)}, bytes_{one.name}_, '
        f"{_address(other)}, bytes_{other.name}_);"
        for one, other in pairs
        if one.role.is_written or other.role.is_written
    ]


def _copy_in(one: Parameter, function: SequentialFunction) -> list[str]:
    device, kind, size = _device(one), as_cxx(one.type, function.language), f"bytes_{one.name}_"
    lines = [
        f"{kind} *{device} = nullptr;",
        f"HOST_CHECK(cudaMalloc((void **)&{device}, {size} > 0 ? {size} : sizeof({kind})));",
    ]
    extent = function.extents.get(one.name)
    if one.role is Role.OUT and extent is not None and extent.is_filled:
        return lines
    return [*lines, f"if ({size} > 0) HOST_CHECK(cudaMemcpy({device}, {_address(one)}, {size}, cudaMemcpyHostToDevice));"]


def _copy_out(one: Parameter) -> str:
    size = f"bytes_{one.name}_"
    return f"if ({size} > 0) HOST_CHECK(cudaMemcpy({_address(one)}, {_device(one)}, {size}, cudaMemcpyDeviceToHost));"


def _result_memory() -> list[str]:
    return [
        "    HOST_CHECK(cudaMalloc((void **)&device_result_, sizeof(*device_result_)));",
        "    HOST_CHECK(cudaMemset(device_result_, 0, sizeof(*device_result_)));",
    ]


def _copy_result() -> str:
    return "    HOST_CHECK(cudaMemcpy(&result_, device_result_, sizeof(result_), cudaMemcpyDeviceToHost));"


def _arguments(function: SequentialFunction, part: DevicePart) -> list[str]:
    casts = launcher_casts(part)
    parameters = function.signature.parameters
    passed = [
        f"{casts.get(place, '')}{_device(one)}" if one.is_buffer else cxx_name(one.name) for place, one in enumerate(parameters)
    ]
    return passed + (["device_result_"] if function.signature.return_type != "void" else [])
