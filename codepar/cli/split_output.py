"""What ``codepar split --run`` prints and writes: the parts as they come, then the files, the patch, and what it came to.

The answer is printed before anything is written, so that a place that cannot be written to loses nothing. Limits: text on
standard output, remarks on standard error; nothing is carried out here.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import typer

from codepar.cli.common import print_json, say, write_file
from codepar.errors import CodeparError, InvalidInput
from codepar.flows.decompose_result import Capability, DecompositionResult, ItemResult


@dataclass
class Output:
    """What is done with the result: ``as_json`` prints it whole, ``folder`` gets the files, ``patch`` the patch."""

    as_json: bool
    folder: Path | None
    patch: Path | None
    _shown: set[str] = field(default_factory=set)

    def show(self, item: dict[str, Any]) -> None:
        """A finished part: its answer on standard output, how it went on standard error."""
        self._shown.add(item["id"])
        if not self.as_json:
            text = item["answer"].strip() if item["ok"] else f"(No accepted answer: {item['why']})\n\n{item['answer']}".strip()
            self._print(lambda: typer.echo(f"### {item['number']}. {item['title']}\n\n{text}\n"))
        say(f"codepar: {item['number']}. {item['title']}: {_how(item)}, {item['seconds']:.1f} s")

    def finish(self, result: DecompositionResult) -> int:
        """What is left to print, then the files. 0 where everything has an answer and no verdict is against it, else 1.

        Raises the first error of writing, when all else is done.
        """
        for item in result.answers:
            if item.id not in self._shown:
                self.show(dumped(item))
        if self.as_json:
            self._print(lambda: print_json(json.loads(result.model_dump_json(by_alias=True))))
        else:
            self._print(lambda: _print_rest(result))
        faults = [fault for write in (self._write_patch, self._write_files) if (fault := _tried(write, result)) is not None]
        self._summarise(result, is_written=not faults)
        for fault in faults[:1]:
            raise fault
        return 0 if result.is_complete else 1

    def _print(self, write: Callable[[], None]) -> None:
        """Print, also where the reader has left (``| head``): then the files that are wanted are still to come."""
        try:
            write()
        except BrokenPipeError:
            if self.folder is None and self.patch is None:
                raise
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

    def _write_patch(self, result: DecompositionResult) -> None:
        if self.patch is not None:
            write_file(self.patch, result.patch.encode())

    def _write_files(self, result: DecompositionResult) -> None:
        if self.folder is None:
            return
        for path, text in result.files.items():
            place = self.folder / path
            try:
                place.parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise InvalidInput(
                    f"--output {self.folder} cannot be written: {error.strerror}", remedy="name another folder"
                ) from error
            write_file(place, text.encode())

    def _summarise(self, result: DecompositionResult, *, is_written: bool) -> None:
        for finding in result.findings:
            say(f"codepar: {', '.join(finding.items)}: {finding.message}")
        for note in result.notes:
            say(f"codepar: note: {note}")
        if result.fault is not None:
            say(f"codepar: {result.fault}")
        if result.missing:
            say(f"codepar: without an answer: {', '.join(result.missing)}")
        if is_written:
            self._say_files(result)
        cost = result.cost
        tokens = f", {cost.answer_tokens} tokens" if cost.requests else ""
        say(f"codepar: {cost.wall_s:.1f} s, {cost.requests} request{'' if cost.requests == 1 else 's'} of the model{tokens}")

    def _say_files(self, result: DecompositionResult) -> None:
        if result.files:
            where = f"in {self.folder}" if self.folder is not None else "(-o FOLDER or --patch FILE writes them)"
            compiled = {True: ", which compile", False: ", which do not compile", None: ""}[result.compiled]
            say(f"codepar: changed or new files{compiled} {where}: {', '.join(result.files)}")
        elif self.folder is not None or self.patch is not None:
            say("codepar: no file is changed or new: the answers are in the text alone")


def checked_folder(folder: Path | None) -> Path | None:
    """``folder`` where it is one or can be made. Raises ``InvalidInput``; asked before long work, so that none is lost."""
    if folder is None:
        return None
    there = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    if not there.is_dir():
        raise InvalidInput(f"--output {folder}: {there} is a file", remedy="name a folder")
    if not os.access(there, os.W_OK | os.X_OK):
        raise InvalidInput(f"--output {folder} cannot be written: {there} is read-only", remedy="name another folder")
    return folder


def dumped(item: ItemResult) -> dict[str, Any]:
    """A part as the events of a service tell it."""
    return item.model_dump(mode="json")


def _tried(write: Callable[[DecompositionResult], None], result: DecompositionResult) -> CodeparError | None:
    try:
        write(result)
    except CodeparError as fault:
        return fault
    return None


def _how(item: dict[str, Any]) -> str:
    if item["capability"] != Capability.CHAT:
        kind = item["capability"].replace("_", " ").replace("cuda", "CUDA").replace("openmp", "OpenMP").replace("mpi", "MPI")
        return f"{kind}, verified" if item["verified"] else f"{kind}, unverified: {item['why']}"
    if not item["ok"]:
        return f"no accepted answer: {item['why']}"
    compiled = {True: ", compiles", False: ", does not compile", None: ""}[item["compiled"]]
    again = "" if item["attempts"] == 1 else f" after {item['attempts']} attempts ({item['rung']})"
    return f"answered{compiled}{again}"


def _print_rest(result: DecompositionResult) -> None:
    """What is no part: the answer to the request as it is, the closing wish."""
    if result.mode == "whole":
        typer.echo(result.text)
        return
    if result.whole is not None and result.whole.strip() and result.missing:
        typer.echo(f"### The request as a whole\n\n{result.whole.strip()}\n")
    if result.closing is not None:
        typer.echo(result.closing.strip())
