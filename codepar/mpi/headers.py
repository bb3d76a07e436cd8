"""The functions and constants of the installed MPI, read from its ``mpi.h``, parsed once and kept on disk.

Limits: what the header does not say (which names are deprecated, which constants a call accepts) is not known here.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path

from pydantic import ValidationError

from codepar.errors import ToolMissing
from codepar.mpi.header_parse import HeaderContents, Parameter, Signature, header_texts, parse_header
from codepar.mpi.header_search import find_header

__all__ = ["Parameter", "Signature", "Signatures", "find_header", "load_signatures"]

_FORMAT = 2
"""Part of the cache key: raised when the parser reads more or otherwise."""
_MIN_FUNCTIONS = 100
"""MPI-1 alone has 128; fewer means that the file is a wrapper that this parser does not understand."""
_SPECIAL_PREFIXES = ("MPI_T_", "MPIX_")
_SPECIAL_SUFFIXES = ("_c", "_c2f", "_f2c", "_f082c", "_c2f08", "_f082f", "_f2f08", "_fromint", "_toint", "_x")


class Signatures(Mapping[str, Signature]):
    """Signatures by function name. ``PMPI_`` names are looked up under their ``MPI_`` name and are not listed."""

    def __init__(self, path: Path, contents: HeaderContents) -> None:
        self.path = path
        self._contents = contents

    def __getitem__(self, name: str) -> Signature:
        return self._contents.functions[name.removeprefix("P") if name.startswith("PMPI") else name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._contents.functions)

    def __len__(self) -> int:
        return len(self._contents.functions)

    @cached_property
    def common(self) -> tuple[str, ...]:
        """The names worth proposing: no large-count variants (``_c``), Fortran conversions, tools interface or extensions."""
        return tuple(
            name for name in self if not name.startswith(_SPECIAL_PREFIXES) and not name.lower().endswith(_SPECIAL_SUFFIXES)
        )

    @property
    def constants(self) -> Mapping[str, str]:
        """C types by constant: ``MPI_COMM_WORLD`` -> ``MPI_Comm``, ``MPI_ANY_TAG`` -> ``int``, ``MPI_IN_PLACE`` -> ``void *``."""
        return self._contents.constants

    @property
    def elements(self) -> Mapping[str, str]:
        """C element types by datatype, where the header tells them: ``MPI_DOUBLE`` -> ``double``."""
        return self._contents.elements

    def constants_of(self, type_text: str) -> tuple[str, ...]:
        """The constants of one C type, such as ``MPI_Datatype``, ``MPI_Op``, ``MPI_Comm``."""
        return tuple(name for name, of in self.constants.items() if of == type_text)


def load_signatures(header: Path | None = None, *, compiler: str | None = None, cache: Path | None = None) -> Signatures:
    """Read the signatures of ``header`` (file or folder), else of the MPI that is found (see ``find_header``).

    ``cache`` is a folder for parsed headers, keyed by their contents. Raises ``NotFound``, ``ToolMissing``.
    """
    path = find_header(header, compiler)
    text = header_texts(path)
    key = hashlib.sha256(f"{_FORMAT} {text}".encode()).hexdigest()
    entry = cache / "mpi" / f"{key}.json" if cache else None
    contents = _cached(entry)
    if contents is None:
        contents = parse_header(text)
        if len(contents.functions) < _MIN_FUNCTIONS:
            raise ToolMissing(f"{path} declares only {len(contents.functions)} MPI functions", remedy="name the real mpi.h")
        _keep(entry, contents)
    return Signatures(path, contents)


def _cached(entry: Path | None) -> HeaderContents | None:
    if entry is None or not entry.is_file():
        return None
    try:
        return HeaderContents.model_validate_json(entry.read_bytes())
    except (OSError, ValidationError):
        return None


def _keep(entry: Path | None, contents: HeaderContents) -> None:
    """Write the cache entry atomically. A full or read-only disk costs the cache, not the answer."""
    if entry is None:
        return
    try:
        entry.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=entry.parent, delete=False, encoding="utf-8") as file:
            file.write(contents.model_dump_json())
        Path(file.name).replace(entry)
    except OSError:
        return
