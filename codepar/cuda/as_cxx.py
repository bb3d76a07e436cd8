"""C text made valid C++ where the languages differ in words: keywords used as names, ``restrict``, ``_Bool``, ``[static n]``.

Limits: token by token. Implicit conversions from ``void *`` or from integers to enumerators and parameters with variable
dimensions stay what they are, which C++ does not compile; ``has_variable_dimensions`` tells the latter.
"""

from __future__ import annotations

import re

from codepar.syntax.language import Language
from codepar.syntax.lexis import Lexis

_KEYWORDS = (
    "alignas alignof and and_eq asm bitand bitor catch class compl concept const_cast consteval constexpr constinit "
    "decltype delete dynamic_cast explicit export friend mutable namespace new noexcept not not_eq operator or "
    "or_eq private protected public reinterpret_cast requires static_assert static_cast template this throw try "
    "typeid typename using virtual wchar_t xor xor_eq"
)
_RENAMED = frozenset(_KEYWORDS.split()) - {"asm", "alignof", "alignas", "static_assert", "wchar_t", "constexpr"}
_WORD = re.compile(rb"(?<!\w)[A-Za-z_]\w*")
_STATIC_SIZE = re.compile(rb"\[\s*(?:(?:static|const|volatile|restrict|__restrict__|__restrict)\b\s*)+")
_WORDS = {"restrict": "__restrict__", "_Bool": "bool"}


def cxx_name(name: str) -> str:
    """A name that C++ takes; ``new`` becomes ``new_``."""
    return f"{name}_" if name in _RENAMED else name


def as_cxx(text: str, language: Language) -> str:
    """The text with such words replaced; C++ and CUDA stay as they are."""
    if language is not Language.C:
        return text
    lexis = Lexis(text.encode(), language)

    def replaced(match: re.Match[bytes]) -> bytes:
        word = match.group().decode()
        if lexis.is_opaque(match.start()):
            return match.group()
        return _WORDS.get(word, cxx_name(word)).encode()

    return _STATIC_SIZE.sub(b"[", _WORD.sub(replaced, lexis.data)).decode()
