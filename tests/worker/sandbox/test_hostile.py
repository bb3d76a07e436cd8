"""Hundreds of programs that mean harm, each with the outcome it must have; after each, nothing of it is left on the host.

They lie in ``hostile/``, a theme a table. They run with control groups, with pid 1 of the box counting, and under an executor of
an ordinary user (by itself where the tests are not run as root); what is refused before it runs needs one kind, and what takes a
compiler or MPI two.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from codepar.protocols import Execution, ExecutionResult, Limits, Status

FOLDER = Path(__file__).with_name("hostile")
THEMES = sorted(path.stem for path in FOLDER.glob("*.toml"))
EVERY_KIND = ("groups", "pid1", "ordinary")
KINDS = dict.fromkeys(("builds", "compiles", "ranks"), EVERY_KIND[:2]) | dict.fromkeys(("flags", "projects"), ("pid1",))
NOT_FIELDS = {
    "name",
    "status",
    "exit_code",
    "stdout",
    "source",
    "files",
    "empty_files",
    "build",
    "run",
    "compile_commands",
    "limits",
}


@dataclass(frozen=True)
class Program:
    """One row of a table: what is executed, and what may come of it. ``status`` {"invalid"}: the request is refused unread."""

    theme: str
    name: str
    status: frozenset[str]
    source: str = ""
    files: dict[str, str] = field(default_factory=dict)
    empty_files: int = 0
    project: dict[str, Any] = field(default_factory=dict)
    fields: dict[str, Any] = field(default_factory=dict)
    exit_code: int | None = None
    stdout: str | None = None

    @property
    def kinds(self) -> tuple[str, ...]:
        """How it is run; what never reaches a box, or only a compiler's, need not run under all."""
        return KINDS.get(self.theme, EVERY_KIND)

    def request(self, baits: Any, token: str) -> dict[str, Any]:
        """The execution as a client would send it."""
        files = {name: (FOLDER / name).read_text() for name in (self.source, "hostile.h") if self.source}
        files |= {f"empty{index}.c": "" for index in range(self.empty_files)}
        wanted = {"project": {"files": {**files, **self.files}, **self.project}, **self.fields}
        if self.source:
            name = wanted.get("arguments", [self.name])[0]
            wanted["arguments"] = [name, token, *baits.arguments()]
        return _filled(wanted, baits, token)


def _filled(value: Any, baits: Any, token: str) -> Any:
    """The placeholders of the tables: ``<<secret>>``, ``<<token>>``, ``<<text*N>>``."""
    if isinstance(value, dict):
        return {_filled(key, baits, token): _filled(entry, baits, token) for key, entry in value.items()}
    if isinstance(value, list):
        return [_filled(entry, baits, token) for entry in value]
    if not isinstance(value, str):
        return value
    value = value.replace("<<secret>>", str(baits.secret_file)).replace("<<token>>", token)
    return re.sub(r"<<((?:(?!<<).)+?)\*(\d+)>>", lambda found: found[1] * int(found[2]), value, flags=re.DOTALL)


def _program(theme: str, table: dict[str, Any], row: dict[str, Any]) -> Program:
    whole = {key: value for key, value in table.items() if key not in {"program", "names"}} | row
    limits = {**table.get("limits", {}), **row.get("limits", {})}
    return Program(
        theme=theme,
        name=whole.get("name") or " ".join(whole["flags"]) or "empty flag",
        status=frozenset(whole["status"]),
        source=whole.get("source", ""),
        files=whole.get("files", {}),
        empty_files=whole.get("empty_files", 0),
        project={key: whole[key] for key in ("build", "run", "compile_commands") if key in whole},
        fields={key: value for key, value in whole.items() if key not in NOT_FIELDS} | ({"limits": limits} if limits else {}),
        exit_code=whole.get("exit_code"),
        stdout=whole.get("stdout"),
    )


def load(theme: str) -> list[Program]:
    table = tomllib.loads((FOLDER / f"{theme}.toml").read_text())
    rows = [*({"name": name} for name in table.get("names", ())), *table.get("program", ())]
    return [_program(theme, table, row) for row in rows]


CORPUS = [program for theme in THEMES for program in load(theme)]
RUNS = [
    pytest.param(program, kind, id=f"{program.theme}-{program.name[:50]!a}-{kind}")
    for program in CORPUS
    for kind in program.kinds
]


def test_the_corpus_is_what_it_says():
    assert len(CORPUS) >= 300
    assert len({(program.theme, program.name) for program in CORPUS}) == len(CORPUS)
    assert {status for program in CORPUS for status in program.status} <= {*Status, "invalid"}
    assert not any(Status.INFRA_ERROR in program.status for program in CORPUS)


@pytest.mark.parametrize(("program", "kind"), RUNS)
def test_hostile(program: Program, kind: str, house, baits, traces):
    token = traces.token()
    request = program.request(baits, token)
    if program.status == {"invalid"}:
        with pytest.raises(ValidationError):
            Execution.model_validate(request)
        return
    executor = house.executor(kind)
    before = traces.look(executor, token)
    result = executor.execute(Execution.model_validate(request))
    left = traces.look(executor, token) - before
    assert not left
    _check(program, result, baits)


def _check(program: Program, result: ExecutionResult, baits: Any) -> None:
    said = result.model_dump_json()
    assert ExecutionResult.model_validate_json(said) == result
    assert str(result.status) in program.status, said[:3000]
    assert "ESCAPED" not in said
    assert baits.secret not in said
    limits = Limits.model_validate(program.fields.get("limits", {}))
    assert len(result.stdout.encode(errors="surrogatepass")) <= 3 * limits.output_bytes  # a broken byte becomes three
    assert program.exit_code is None or result.exit_code == program.exit_code, said[:3000]
    assert program.stdout is None or result.stdout == program.stdout


NEIGHBOUR = """#include <stdio.h>
int main(void) {
    unsigned long x = 1;
    for (long i = 0; i < 100000000; i++) x = x * 6364136223846793005ul + 1;
    printf("%lu\\n", x);
}
"""
WORST = ("forks", "memory", "spinners", "inodes", "socket memory", "zombies")


@pytest.mark.parametrize("kind", ["groups", "pid1"])
def test_a_neighbour_is_unharmed_while_bombs_go_off(kind, house, baits, traces):
    """That it is not much slower either is measured by benchmarks/sandbox_neighbour.py; no time is asserted here."""
    executor = house.executor(kind)
    token = traces.token()
    bombs = [program for program in load("bombs") if program.name in WORST]
    requests = [Execution.model_validate(bomb.request(baits, token)) for bomb in bombs]
    neighbour = Execution.model_validate({"project": {"source": NEIGHBOUR}})
    before = traces.look(executor, token)
    alone = executor.execute(neighbour)
    result, *ends = executor.execute_all([neighbour, *requests])
    assert not traces.look(executor, token) - before
    assert (result.status, result.stdout) == (Status.OK, alone.stdout)
    assert [(bomb.name, str(end.status) in bomb.status) for bomb, end in zip(bombs, ends, strict=True)] == [
        (bomb.name, True) for bomb in bombs
    ]
