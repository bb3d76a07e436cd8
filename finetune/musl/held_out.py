"""Functions that judge and are never learned from: their signatures, and whether another function is like one of them.

A function is short, and a copy with other names says the same. So two signatures are kept (``finetune.similar``, over the
function alone): of its text, and of its text with all names numbered in the order in which they appear. Either one being alike
(estimated Jaccard index of 0.7) leaves a function out. `python -m finetune.musl.held_out PAIRS.jsonl... -o FILE.json` writes the
signatures of benchmark pairs, no text. Limits: the numbered form also matches plain loops that anybody writes; they are left out
with the copies. Statements in another order hide a copy.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import sys
from collections.abc import Iterable, Sequence
from importlib import resources
from pathlib import Path

from codepar.errors import InvalidInput
from codepar.protocols import Record
from finetune.musl.files import write_text
from finetune.similar import HeldOut, read_signatures, signature

COMMITTED = "held_out_functions.json"
_NAME = re.compile(r"(?<![\w.])[A-Za-z_]\w*")
_WORDS = """auto break case char const continue default do double else enum extern float for goto if inline int long register
restrict return short signed sizeof static struct switch typedef union unsigned void volatile while bool true false NULL size_t
ptrdiff_t"""
_KEPT = frozenset(_WORDS.split())
_METHOD = "finetune.similar.signature over one function; `numbered`: with names replaced by v0, v1... in order of appearance"


class Signatures(Record):
    """The two signatures of a function."""

    plain: tuple[int, ...]
    numbered: tuple[int, ...]


def signatures_of(text: str) -> Signatures:
    """Of the text of one function."""
    return Signatures(plain=signature(text, "c"), numbered=signature(numbered(text), "c"))


def numbered(text: str) -> str:
    """The text with every name but keywords replaced by its number; same structure, same text."""
    known: dict[str, str] = {}

    def rename(match: re.Match[str]) -> str:
        name = match.group()
        return name if name in _KEPT else known.setdefault(name, f"v{len(known)}")

    return _NAME.sub(rename, re.sub(r"//[^\n]*|/\*.*?\*/", " ", text, flags=re.DOTALL))


class HeldOutFunctions:
    """The functions that nothing in a corpus may be like. ``size`` is how many there are, ``digest`` a hash of them."""

    def __init__(self, plain: Sequence[Sequence[int]], renamed: Sequence[Sequence[int]]) -> None:
        self._plain = HeldOut(plain)
        self._numbered = HeldOut(renamed)
        self.size = len(plain)
        self.digest = hashlib.sha256(repr(sorted(tuple(one) for one in (*plain, *renamed))).encode()).hexdigest()

    def copies(self, found: Signatures) -> bool:
        """Whether the text itself is like a held-out one."""
        return self._plain.is_like(found.plain)

    def is_like(self, found: Signatures) -> bool:
        """Whether text or structure is like a held-out one's."""
        return self.copies(found) or self._numbered.is_like(found.numbered)


def read_held_out(paths: Iterable[Path], *, committed: bool = True) -> HeldOutFunctions:
    """From files of signatures (JSON) and of pairs (JSONL with ``cpp_code``), beside the committed ones.

    Raises ``InvalidInput``.
    """
    plain: list[tuple[int, ...]] = []
    renamed: list[tuple[int, ...]] = []
    places = [Path(str(resources.files("finetune") / "data" / COMMITTED))] if committed else []
    for path in (*places, *paths):
        if path.suffix == ".jsonl":
            found = [signatures_of(text) for text in _functions(path).values()]
            plain += [one.plain for one in found]
            renamed += [one.numbered for one in found]
        else:
            plain += read_signatures(path)
            renamed += read_signatures(path, "numbered")
    return HeldOutFunctions(plain, renamed)


def _functions(path: Path) -> dict[str, str]:
    """The C functions of benchmark pairs, by id."""
    try:
        rows = [json.loads(line) for line in path.read_text().splitlines() if line.strip()]
        return {str(row["id"]): str(row["cpp_code"]) for row in rows}
    except (OSError, ValueError, KeyError, TypeError) as error:
        cause = f"{type(error).__name__}: {error}"
        raise InvalidInput(f"{path} holds no pairs: {cause}", remedy="JSON lines with `id` and `cpp_code`") from error


def main(words: Sequence[str] | None = None) -> int:
    """Write the signatures of pairs."""
    parser = argparse.ArgumentParser(description="Signatures of benchmark functions, without their text.")
    parser.add_argument("pairs", type=Path, nargs="+")
    parser.add_argument("-o", "--output", type=Path, required=True)
    given = parser.parse_args(words)
    found: dict[str, Signatures] = {}
    for path in given.pairs:
        found |= {name: signatures_of(text) for name, text in _functions(path).items()}
    kept = {
        "method": _METHOD,
        "signatures": {name: one.plain for name, one in found.items()},
        "numbered": {name: one.numbered for name, one in found.items()},
    }
    write_text(given.output, json.dumps(kept, separators=(",", ":")) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
