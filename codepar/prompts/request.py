"""One request as it is read: the prompt with its code blanked, its blocks of code, the attachments, and places in bytes.

All rules of prose work on ``prose``, which is as long as the prompt, so that an offset in one is an offset in the other.
Limits: nothing is interpreted here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath

from codepar.prompts.blocks import Block, blocks_of, code_language
from codepar.prompts.code import Code, Unit, read_code

_STEP = 512
_NO_CODE = frozenset(
    {".md", ".txt", ".json", ".yaml", ".yml", ".toml", ".csv", ".log", ".sh", ".mk", ".rs", ".go", ".java", ".js", ".ts"}
)


@dataclass(frozen=True, slots=True)
class Place:
    """Bytes ``start`` to ``end`` of the prompt, or of the attachment ``file``."""

    file: str | None
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Source:
    """Code that the request comes with: a block of the prompt (``file`` None, ``offset`` its first byte) or an attachment."""

    file: str | None
    name: str | None
    offset: int
    text: str
    code: Code | None
    block: Block | None

    def place(self, unit: Unit) -> Place:
        return Place(self.file, self.offset + unit.start, self.offset + unit.end)

    @property
    def is_attached(self) -> bool:
        return self.file is not None


class Request:
    """A prompt and its attachments."""

    def __init__(self, prompt: str, files: Mapping[str, str]) -> None:
        self.prompt = prompt
        self.files = files
        self.blocks = blocks_of(prompt)
        self.prose = self._blanked()

    @cached_property
    def stretches(self) -> tuple[tuple[int, int], ...]:
        """The characters between blocks of code."""
        bounds = [0, *(place for block in self.blocks for place in (block.outer_start, block.outer_end)), len(self.prompt)]
        return tuple((low, high) for low, high in zip(bounds[::2], bounds[1::2], strict=True) if low < high)

    def _blanked(self) -> str:
        pieces, position = [], 0
        for block in self.blocks:
            pieces.append(self.prompt[position : block.outer_start])
            lines = self.prompt[block.outer_start : block.outer_end].split("\n")
            pieces.append("\n".join(" " * len(line) for line in lines))
            position = block.outer_end
        pieces.append(self.prompt[position:])
        # A byte order mark is no letter of the first word.
        return "".join(pieces).replace("\ufeff", " ")

    @cached_property
    def _checkpoints(self) -> list[int] | None:
        if self.prompt.isascii():
            return None
        total, found = 0, [0]
        for start in range(0, len(self.prompt), _STEP):
            total += len(self.prompt[start : start + _STEP].encode())
            found.append(total)
        return found

    def byte(self, offset: int) -> int:
        """The byte at which the character ``offset`` of the prompt begins."""
        if self._checkpoints is None:
            return offset
        index = offset // _STEP
        return self._checkpoints[index] + len(self.prompt[index * _STEP : offset].encode())

    def place(self, start: int, end: int) -> Place:
        """The place of characters of the prompt."""
        return Place(None, self.byte(start), self.byte(end))

    def text_at(self, place: Place) -> str:
        """What a place covers."""
        data = self._data(place.file)
        return data[place.start : place.end].decode()

    def _data(self, file: str | None) -> bytes:
        if file not in self._encoded:
            self._encoded[file] = (self.prompt if file is None else self.files[file]).encode()
        return self._encoded[file]

    @cached_property
    def _encoded(self) -> dict[str | None, bytes]:
        return {}

    @cached_property
    def sources(self) -> tuple[Source, ...]:
        """The code that came: blocks of the prompt first, then the attachments in the order given."""
        found = [
            Source(
                None, block.name, self.byte(block.start), text, read_code(text, block.language) if block.language else None, block
            )
            for block in self.blocks
            for text in [self.prompt[block.start : block.end]]
        ]
        for name, text in self.files.items():
            code = None if PurePosixPath(name).suffix.lower() in _NO_CODE else read_code(text, code_language(name, text))
            found.append(Source(name, name, 0, text, code, None))
        return tuple(found)
