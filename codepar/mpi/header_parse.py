"""Read prototypes, constants and element types out of the text of an ``mpi.h`` (MPICH, Open MPI and their descendants).

Limits: a reader of declarations, not a C preprocessor: all branches of conditionals are read, the first declaration of a name
counts; profiling names (``PMPI_``, ``QMPI_``) repeat the others and are left out, and so is what a header makes a macro
(``MPI_Aint_add`` of Open MPI), because it has no types.
"""

from __future__ import annotations

import re
from pathlib import Path

from codepar.protocols import Record

_COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
_CONTINUED = re.compile(r"\\\r?\n")
_INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*[<"]((?:mpi|mpio)\w*\.h)[>"]', re.MULTILINE)
_DEFINE = re.compile(r"^[ \t]*#[ \t]*define[ \t]+(MPIX?_[A-Z0-9_]+)[ \t]+(\S[^\n]*)$", re.MULTILINE)
_DIRECTIVE = re.compile(r"^[ \t]*#[^\n]*", re.MULTILINE)
_FUNCTION = re.compile(r"\b(MPIX?_\w*[a-z]\w*)\s*\(")
_ENUM = re.compile(r"\benum\b[^{;]*\{([^}]*)\}")
_ENUMERATOR = re.compile(r"\b(MPI_[A-Z][A-Z0-9_]*)\b\s*(?:=|,|$)", re.MULTILINE)
_EXTERN = re.compile(r"\bextern\s+(?:MPIU_DLL_SPEC\s+)?([\w\s]+?\*?)\s*(?:const\s+)?\b(MPI_[A-Z][A-Z0-9_]*)\b[^;=(]*;")
_CAST = re.compile(r"^\(*\s*(?:\(|static_cast\s*<|OMPI_PREDEFINED_GLOBAL\s*\()\s*([A-Za-z_]\w*(?:\s+\w+)*\s*\**)\s*[),>]")
_INTEGER = re.compile(r"^\(*\s*-?\s*(?:0[xX][0-9a-fA-F]+|\d+|OPAL_MAX\w+)\b")
_ALIAS = re.compile(r"^\(*\s*(MPI_[A-Z0-9_]+)\s*\)*$")
_GLOBAL = re.compile(
    r"^[ \t]*#[ \t]*define[ \t]+(MPI_\w+)[ \t]+OMPI_PREDEFINED_GLOBAL\(\s*MPI_Datatype\s*,\s*(\w+)\s*\)", re.MULTILINE
)
_TAG = re.compile(r"\b((?:mpich|ompi)_mpi_\w+)\s+\w+TYPE_TAG\w*\(([^()]+)\)(?:\s*=\s*(MPI_\w+))?")
_DECLARATION_NOISE = frozenset(
    {"OMPI_DECLSPEC", "MPICH_API_PUBLIC", "extern", "static", "MPI_API", "MPIAPI", "__declspec", "dllimport"}
)


class Parameter(Record):
    """One parameter of an MPI function; ``type`` is the C text without the name, arrays written as ``int[]``."""

    name: str
    type: str


class Signature(Record):
    """The prototype of one MPI function. ``variadic`` ones (``MPI_Pcontrol``) take more arguments than ``parameters``."""

    name: str
    return_type: str
    parameters: tuple[Parameter, ...]
    variadic: bool = False


class HeaderContents(Record):
    """What a header declares: prototypes by name, C types of constants by name, C element types of datatypes by name."""

    functions: dict[str, Signature]
    constants: dict[str, str]
    elements: dict[str, str]


def header_texts(path: Path) -> str:
    """The header with the MPI headers that it includes from its own folder, joined."""
    pending, seen, texts = [path], set[Path](), list[str]()
    while pending:
        current = pending.pop(0)
        if current in seen or not current.is_file():
            continue
        seen.add(current)
        text = current.read_text(encoding="utf-8", errors="replace")
        texts.append(text)
        # mpi_abi.h is an alternative to the rest of MPICH's mpi.h, not a part of it.
        pending += [path.parent / name for name in _INCLUDE.findall(text) if "abi" not in name]
    return "\n".join(texts)


def parse_header(text: str) -> HeaderContents:
    """Read the declarations of ``text``."""
    code = _CONTINUED.sub(" ", _COMMENT.sub(" ", text))
    constants = _constants(code)
    return HeaderContents(
        functions=_functions(_DIRECTIVE.sub("", code)), constants=constants, elements=_elements(code, constants)
    )


def _functions(code: str) -> dict[str, Signature]:
    found: dict[str, Signature] = {}
    for statement in code.split(";"):
        match = _FUNCTION.search(statement)
        if match is None or "typedef" in statement or statement.count("(") != statement.count(")"):
            continue
        return_type = _return_type(statement[: match.start()])
        closing = _closing(statement, match.end() - 1)
        if return_type and match[1] not in found:
            parts = _split(statement[match.end() : closing])
            parameters = tuple(_parameter(part) for part in parts if part != "...")
            found[match[1]] = Signature(
                name=match[1], return_type=return_type, parameters=parameters, variadic=len(parameters) < len(parts)
            )
    return found


def _return_type(before: str) -> str:
    """The type in front of the name; empty when this is not a prototype."""
    tail = re.split(r"[{}\"]", before)[-1]
    words = [word for word in tail.replace("*", " * ").split() if word not in _DECLARATION_NOISE]
    return " ".join(words) if words and all(re.fullmatch(r"\w+|\*", word) for word in words) else ""


def _closing(text: str, opening: int) -> int:
    depth = 0
    for index in range(opening, len(text)):
        depth += (text[index] == "(") - (text[index] == ")")
        if depth == 0:
            return index
    return len(text)


def _split(parameters: str) -> list[str]:
    """Split at commas outside parentheses; ``void`` alone is no parameter."""
    parts, depth, start = list[str](), 0, 0
    for index, character in enumerate(parameters):
        depth += (character == "(") - (character == ")")
        if character == "," and depth == 0:
            parts.append(parameters[start:index])
            start = index + 1
    parts.append(parameters[start:])
    stripped = [" ".join(part.split()) for part in parts]
    return [] if stripped in ([""], ["void"]) else stripped


def _parameter(text: str) -> Parameter:
    """``const int counts[]`` becomes name ``counts`` and type ``const int[]``; an unnamed one has an empty name."""
    callback = re.match(r"(.*)\(\s*\*\s*(\w+)\s*\)\s*\((.*)\)$", text)
    if callback:
        return Parameter(name=callback[2], type=f"{callback[1].strip()} (*)({callback[3]})")
    match = re.match(r"(.*?[\s*])(\w+)\s*((?:\[[^\]]*\])*)$", text)
    if match is None:
        return Parameter(name="", type=text)
    return Parameter(name=match[2], type=match[1].strip() + match[3].replace(" ", ""))


def _constants(code: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in _DEFINE.findall(code):
        if cast := _CAST.match(value):
            found.setdefault(name, re.sub(r"\s*\*", " *", " ".join(cast[1].split()), count=1))
        elif _INTEGER.match(value):
            found.setdefault(name, "int")
    for body in _ENUM.findall(code):
        for name in _ENUMERATOR.findall(body):
            # MPICH numbers its functions for the tools interface: MPI_SEND_T and the like are no constants of MPI.
            if not name.endswith("_T"):
                found.setdefault(name, "int")
    for type_text, name in _EXTERN.findall(code):
        found.setdefault(name, " ".join(type_text.removesuffix("const").split()))
    return _with_aliases(code, found)


def _with_aliases(code: str, known: dict[str, str]) -> dict[str, str]:
    """Give names that are defined as another name what is known of that."""
    aliases = {name: alias[1] for name, value in _DEFINE.findall(code) if (alias := _ALIAS.match(value.strip()))}
    return {name: known[target] for name, target in aliases.items() if target in known} | known


def _elements(code: str, constants: dict[str, str]) -> dict[str, str]:
    """C element types by datatype, from the tags that the headers carry for static checkers."""
    named = {internal: name for name, internal in _GLOBAL.findall(code)}
    found: dict[str, str] = {}
    for internal, element, assigned in _TAG.findall(code):
        name = assigned or named.get(internal, "")
        if constants.get(name) == "MPI_Datatype":
            found.setdefault(name, " ".join(element.split()))
    return _with_aliases(code, found)
