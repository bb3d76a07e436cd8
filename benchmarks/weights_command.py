"""The command of the scripts that make weights: cross-validation by source, or the weights of all sources into the package.

Limits: what is learned from, and how well it does, is the scripts' own.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

Told = TypeVar("Told")


@dataclass(frozen=True)
class Weighing(Generic[Told]):
    """What a script learns from, its weights, what it says of them, and the file with the ``bounds`` that stand beside them."""

    load: Callable[[Path], Told]
    learned: Callable[[Told], Mapping[str, float]]
    cross_validated: Callable[[Told], Iterable[str]]
    target: Path
    bounds: Mapping[str, float]

    def run(self, description: str | None) -> None:
        """The command."""
        parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
        parser.add_argument("own", type=Path, help="a JSONL file of labelled prompts")
        parser.add_argument("--write", action="store_true", help="write the weights of all sources into the package")
        arguments = parser.parse_args()
        told = self.load(arguments.own)
        if arguments.write:
            self._write(self.learned(told))
            return
        for line in self.cross_validated(told):
            print(line, flush=True)

    def _write(self, weights: Mapping[str, float]) -> None:
        text = json.dumps({**self.bounds, "weights": weights}, ensure_ascii=False, indent=0)
        self.target.write_text(text + "\n", encoding="utf-8")
        print(f"{len(weights)} weights in {self.target.name}")
