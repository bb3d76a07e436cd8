"""One Python program: what is said of it is said in Python's words.

Limits: where two calls of one line have one name in C, the last one's spelling is shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from codepar.mpi.check.arguments import found
from codepar.mpi.check.finding import Finding
from codepar.mpi.check.foreign import ForeignProgram
from codepar.mpi.check.nodes import Node
from codepar.mpi.check.program import Unit
from codepar.mpi.check.python.types import DATATYPES
from codepar.mpi.check.trace import Op, RankTrace
from codepar.mpi.check.values import PICKLED, Constant, Pointer, plain_type

_CALL = re.compile(r"\bMPI_([A-Z][a-z]\w*)\b")
_CONSTANT = re.compile(r"\bMPI_([A-Z][A-Z0-9_]*)\b")
_FIXES = {
    "request-unwaited": "keep the request, and call wait() on it before the message's memory is used again",
    "datatype-of-buffer": None,
    "buffers-overlap": "use two buffers, or MPI.IN_PLACE",
}
_PAIRS = (("buf", "datatype"), ("buffer", "datatype"), ("sendbuf", "sendtype"), ("recvbuf", "recvtype"), ("sendbuf", "datatype"))


class PythonProgram(ForeignProgram):
    """A program for mpi4py."""

    def function(self, name: str, unit: Unit) -> tuple[Unit, Node] | None:
        """A function by name; one called ``main`` is not the file itself."""
        wanted = "main()" if name == "main" else name
        if wanted in unit.functions:
            return unit, unit.functions[wanted]
        others = [(other, other.functions[wanted]) for other in self.units if other is not unit and wanted in other.functions]
        return others[0] if len(others) == 1 else None

    def check_trace(self, trace: RankTrace) -> Iterator[Finding]:
        """Arrays whose element type is not that of the datatype beside them."""
        elements = self.known_elements
        for op in trace.ops:
            for buffer, kind in _PAIRS:
                pointer, datatype = op.values.get(buffer), op.values.get(kind)
                if (
                    not isinstance(pointer, Pointer)
                    or not isinstance(datatype, Constant)
                    or datatype.name in {PICKLED, "MPI_BYTE"}
                ):
                    continue
                given, wanted = pointer.block.ctype, elements.get(datatype.name, "")
                if wanted and given in DATATYPES and _differ(given, wanted):
                    if not _matters(op, pointer):
                        continue
                    shown = op.texts.get(kind, datatype.name)
                    yield found(
                        "datatype-of-buffer", op, f"{op.name} is given {shown}, but {pointer.block.name} holds {_dtype(given)}"
                    )

    def worded(self, finding: Finding) -> Finding:
        spoken: dict[tuple[str, int, str], str] = self.__dict__.get("spoken", {})
        lines = [finding.line, *(one.line for one in finding.related)]

        def named(match: re.Match[str]) -> str:
            for line in lines:
                if (finding.file, line, match[0]) in spoken:
                    return spoken[(finding.file, line, match[0])]
            # Calls of other lines have the spelling that the program uses somewhere.
            return next((text for (_, _, name), text in spoken.items() if name == match[0]), match[1])

        def reworded(text: str) -> str:
            return _CONSTANT.sub(r"MPI.\1", _CALL.sub(named, text)).replace("MPI.PICKLED", "a pickled object")

        fix = _FIXES.get(finding.kind, finding.fix)
        related = tuple(one.model_copy(update={"message": reworded(one.message)}) for one in finding.related)
        return finding.model_copy(
            update={"message": reworded(finding.message), "related": related, "fix": reworded(fix) if fix else None}
        )


def _matters(op: Op, pointer: Pointer) -> bool:
    """Bytes that are only moved arrive whole where mpi4py counts them; a reduction computes, a given count may be short."""
    explicit = op.texts.get("count") == "given"
    return "op" in op.values or (explicit and op.number("count") == pointer.block.count)


def _differ(given: str, wanted: str) -> bool:
    same = {"long": 8, "long long": 8, "long long int": 8, "int64_t": 8, "int": 4, "int32_t": 4, "MPI_Aint": 8, "MPI_Offset": 8}
    one, other = plain_type(given), plain_type(wanted)
    if one == other or (one in same and same[one] == same.get(other)):
        return False
    bytes_like = {"char", "signed char", "unsigned char", "int8_t", "uint8_t", "_Bool", "bool"}
    return not {one, other} <= bytes_like and one.removeprefix("unsigned ") != other.removeprefix("unsigned ")


def _dtype(ctype: str) -> str:
    return {"int": "int32", "long": "int64", "double": "float64", "float": "float32", "_Bool": "bool"}.get(ctype, ctype)
