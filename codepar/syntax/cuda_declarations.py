"""What CUDA declares: ``__shared__`` variables and the signatures of ``__global__`` functions, read from the lexical view.

Limits: a declaration that the preprocessor splits may be missed; types are texts, not resolved.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from codepar.syntax import brackets
from codepar.syntax.cuda_scan import Aliases, CudaScan, Macro

_STORAGE = re.compile(rb"\b(?:extern|static|inline|register)\b")
_EXTERN = re.compile(rb"\bextern\b(?!\s*\")")
_ATTRIBUTE = re.compile(
    rb"\b(?:__align__|alignas|__attribute__|__declspec|__launch_bounds__|__maxnreg__|__cluster_dims__)\s*(?=\()"
)
_STANDARD_ATTRIBUTE = re.compile(rb"\[\[.*?\]\]", re.DOTALL)
_INITIALISER = re.compile(rb"(?<![=!<>])=(?!=)")
_NAME = re.compile(rb"(\w+)\s*\Z")
_POINTERS = re.compile(rb"(?:\s*[*&]\s*(?:(?:const|volatile|__restrict__|__restrict)\b\s*)*)+\Z")
_TEMPLATE = re.compile(rb"\btemplate\s*(?=<)")
_FUNCTION = re.compile(rb"(\w+)\s*(?=\()")
_SPACES = re.compile(rb"\s+")


@dataclass(frozen=True, slots=True)
class Declared:
    """One name of a declaration. ``type_id`` is its type written without the name, each dimension in parentheses."""

    name: str
    type_id: str
    is_initialised: bool = False


@dataclass(frozen=True, slots=True)
class SharedDeclaration:
    """A declaration with ``__shared__``, bytes ``start`` to ``end`` (its semicolon included where there is one).

    ``base`` is the type left of the first declarator; it holds a brace where the type itself is defined there.
    """

    start: int
    end: int
    line: int
    base: str
    variables: tuple[Declared, ...]
    is_extern: bool
    is_local: bool
    macro: Macro | None


@dataclass(frozen=True, slots=True)
class KernelSignature:
    """A declaration or definition of a ``__global__`` function that begins at byte ``start``.

    ``template_parameters`` is None for a function that is no template; ``result`` is what stands left of the name, less
    qualifiers and attributes.
    """

    name: str
    template_parameters: tuple[str, ...] | None
    parameters: tuple[str, ...]
    result: str
    start: int
    line: int
    is_definition: bool


def shared_declarations(scan: CudaScan, aliases: Aliases) -> tuple[SharedDeclaration, ...]:
    """All declarations of shared variables, in order; ``aliases`` may hold macros for ``__shared__``."""
    words = {"__shared__", *(name for name, meaning in aliases.items() if "__shared__" in meaning)}
    found: dict[int, SharedDeclaration] = {}
    for place, _, _ in scan.words(words):
        macro = scan.macro_at(place)
        if macro is not None and macro.name in aliases:
            continue
        declaration = _shared_declaration(scan, place, words)
        if declaration is not None:
            found.setdefault(declaration.start, declaration)
    return tuple(found.values())


def _shared_declaration(scan: CudaScan, place: int, words: set[str]) -> SharedDeclaration | None:
    text, low, high = scan.around(place)
    start = brackets.statement_start(text, place, low)
    end = _statement_end(text, place, high)
    body = _without_attributes(text[start:end])
    for word in words:
        body = re.sub(rb"\b" + word.encode() + rb"\b", b" ", body)
    parts = brackets.split_commas(_STORAGE.sub(b" ", body))
    first = _read_declarator(parts[0]) if parts else None
    if first is None or not first.left or b'"' in body:
        return None
    others = [_read_declarator(part) for part in parts[1:]]
    return SharedDeclaration(
        start=start,
        end=min(end + 1, high),
        line=scan.lexis.line_at(place),
        base=_plain(first.left),
        variables=tuple(_declared(one, first.left) for one in (first, *others) if one),
        is_extern=_EXTERN.search(body) is not None,
        is_local=scan.is_local(place),
        macro=scan.macro_at(place),
    )


def _statement_end(text: bytes, place: int, high: int) -> int:
    """The semicolon that ends the declaration, or ``high``."""
    while place < high and text[place] != ord(";"):
        if text[place] in b"([{":
            end = brackets.closing(text, place, high)
            place = high if end is None else end
        place += 1
    return min(place, high)


def _without_attributes(text: bytes) -> bytes:
    text = _STANDARD_ATTRIBUTE.sub(b" ", text)
    while match := _ATTRIBUTE.search(text):
        end = brackets.closing(text, match.end(), len(text))
        if end is None:
            return text
        text = text[: match.start()] + b" " + text[end + 1 :]
    return text


@dataclass(frozen=True, slots=True)
class _Declarator:
    """``left`` is what precedes the declarator; ``around`` the declarator in two halves, its name left out between them."""

    name: str
    left: bytes
    around: tuple[bytes, bytes]
    is_initialised: bool


def _read_declarator(text: bytes) -> _Declarator | None:
    text, is_initialised = _without_initialiser(text.strip())
    dimensions = b""
    while text.endswith(b"]"):
        start = brackets.opening(text, len(text) - 1, 0)
        if start is None:
            return None
        inner = text[start + 1 : -1].strip()
        dimensions = (b"[(" + inner + b")]" if inner else b"[]") + dimensions
        text = text[:start].rstrip()
    if text.endswith(b")"):
        return _read_nested(text, dimensions, is_initialised)
    name = _NAME.search(text)
    if name is None:
        return None
    left, pointers = _split_pointers(text[: name.start()])
    return _Declarator(name[1].decode(), left, (pointers, dimensions), is_initialised)


def _read_nested(text: bytes, dimensions: bytes, is_initialised: bool) -> _Declarator | None:
    """``T (*name)[4]``, or a variable with constructor arguments."""
    start = brackets.opening(text, len(text) - 1, 0)
    if start is None:
        return None
    inner = text[start + 1 : -1].strip()
    if not inner.startswith((b"*", b"&")):
        found = _read_declarator(text[:start])
        return replace(found, is_initialised=True) if found else None
    nested = _read_declarator(inner)
    if nested is None:
        return None
    left, pointers = _split_pointers(text[:start])
    before, after = nested.around
    return _Declarator(nested.name, left, (pointers + b"(" + before, after + b")" + dimensions), is_initialised)


def _without_initialiser(text: bytes) -> tuple[bytes, bool]:
    if text.endswith(b"}"):
        start = brackets.opening(text, len(text) - 1, 0)
        if start is not None:
            text = text[:start].rstrip()
            return (text[:-1] if text.endswith(b"=") else text).rstrip(), True
    for match in _INITIALISER.finditer(text):
        before = text[: match.start()]
        if all(before.count(one) == before.count(other) for one, other in ((b"(", b")"), (b"[", b"]"), (b"{", b"}"))):
            return before.rstrip(), True
    return text, False


def _split_pointers(text: bytes) -> tuple[bytes, bytes]:
    match = _POINTERS.search(text)
    if match is None:
        return text.strip(), b""
    return text[: match.start()].strip(), match.group().strip()


def _declared(declarator: _Declarator, base: bytes) -> Declared:
    before, after = declarator.around
    return Declared(declarator.name, _plain(base + b" " + before + after), declarator.is_initialised)


def _plain(text: bytes) -> str:
    return _SPACES.sub(b" ", text).strip().decode(errors="replace")


def kernel_signatures(scan: CudaScan, aliases: Aliases) -> tuple[KernelSignature, ...]:
    """Every declaration of a ``__global__`` function, explicit specialisations and instantiations left out."""
    words = {"__global__", *(name for name, meaning in aliases.items() if "__global__" in meaning)}
    found: dict[int, KernelSignature] = {}
    for place, _, _ in scan.words(words):
        if scan.macro_at(place) is None:
            signature = _kernel_signature(scan, place, words)
            if signature is not None:
                found.setdefault(signature.start, signature)
    return tuple(found.values())


def _kernel_signature(scan: CudaScan, place: int, words: set[str]) -> KernelSignature | None:
    text = scan.lexis.plain
    start = brackets.statement_start(text, place)
    header = _without_attributes(text[start : _header_end(text, place)])
    parameters = _template_parameters(header)
    rest = header[parameters.end :] if parameters else header
    name = _FUNCTION.search(rest)
    closing = brackets.closing(rest, name.end(), len(rest)) if name else None
    if name is None or closing is None or rest[: name.start()].rstrip().endswith(b">"):
        return None
    result = _STORAGE.sub(b" ", rest[: name.start()])
    for word in (*words, "__device__", "__host__", "__forceinline__", "__noinline__", "__inline__"):
        result = re.sub(rb"\b" + word.encode() + rb"\b", b" ", result)
    end = _header_end(text, place)
    return KernelSignature(
        name=name[1].decode(),
        template_parameters=tuple(map(_plain, parameters.texts)) if parameters else None,
        parameters=tuple(_plain(part) for part in brackets.split_commas(rest[name.end() + 1 : closing])),
        result=_plain(result),
        start=start,
        line=scan.lexis.line_at(place),
        is_definition=text[end : end + 1] == b"{",
    )


def _header_end(text: bytes, place: int) -> int:
    """The brace or semicolon behind the signature."""
    while place < len(text) and text[place] not in b";{":
        if text[place] == ord("("):
            end = brackets.closing(text, place, len(text))
            place = place if end is None else end
        place += 1
    return place


@dataclass(frozen=True, slots=True)
class _TemplateParameters:
    texts: tuple[bytes, ...]
    end: int


def _template_parameters(header: bytes) -> _TemplateParameters | None:
    """Those of the last ``template <...>``; None where there is none."""
    found = None
    for match in _TEMPLATE.finditer(header):
        depth, place = 0, match.end()
        while place < len(header):
            character = header[place]
            if character == ord("("):
                place = brackets.closing(header, place, len(header)) or place
            depth += (character == ord("<")) - (character == ord(">"))
            place += 1
            if depth == 0:
                break
        found = _TemplateParameters(tuple(brackets.split_commas(header[match.end() + 1 : place - 1])), place)
    return found
