"""``codepar cuda translate``: sequential C or C++ in, CUDA or OpenMP out, each function with its verdict.

Limits: runs in this process, or with ``--server`` on a service. Exit 0 only when every function is verified; 1 says why not.
"""

from __future__ import annotations

import asyncio
import shlex
from pathlib import Path, PurePosixPath
from typing import Annotated, Any

import typer

from codepar.cli.common import JsonOption, checked_output, load_program, print_json, say, write_file
from codepar.cli.cuda import MARKS, app, least_lines
from codepar.cli.headers import with_headers
from codepar.cli.late_model import LateModel
from codepar.cli.remote import ServiceOption, run_on
from codepar.cuda.translation import Target
from codepar.cuda.verdict import CheckName
from codepar.flows.cuda_choice import chosen_functions
from codepar.flows.cuda_request import DEFAULT_BUDGET_S, DEFAULT_CANDIDATES, DEFAULT_REPAIR, CudaTranslationRequest
from codepar.flows.cuda_result import CudaTranslation, TranslatedFunction
from codepar.flows.translate import translate
from codepar.jobs import JobKind
from codepar.protocols import SilentProgress, Status
from codepar.settings import Settings
from worker.executor import open_executor

Program = Annotated[str, typer.Argument(metavar="FILE|DIR|-", help="A C or C++ file, a project folder, or - for C on stdin.")]


@app.command("translate")
def translate_command(
    program: Program,
    *,
    function: Annotated[str | None, typer.Option(help="The one function; without it all that can be made parallel.")] = None,
    file: Annotated[str | None, typer.Option(help="The file of the project that holds it.")] = None,
    target: Annotated[Target, typer.Option(help="What is written.")] = Target.CUDA,
    entry: Annotated[str | None, typer.Option(help="Name of the new function; without it NAME_cuda or NAME_openmp.")] = None,
    candidates: Annotated[
        int, typer.Option("--candidates", "-n", help="Answers of the model asked side by side.")
    ] = DEFAULT_CANDIDATES,
    repair: Annotated[int, typer.Option(help="How often a failed answer is given back with what is wrong.")] = DEFAULT_REPAIR,
    no_model: Annotated[bool, typer.Option("--no-model", help="Leave the language model out; the rules propose.")] = False,
    no_rules: Annotated[bool, typer.Option("--no-rules", help="Leave the rules out; the language model proposes.")] = False,
    tester: Annotated[bool, typer.Option("--tester", help="Let the model propose test inputs, too.")] = False,
    seed: Annotated[int | None, typer.Option(min=0, help="Seed of the tests that judge; a fresh one if not given.")] = None,
    budget: Annotated[float, typer.Option(help="Seconds that the model may take for each function.")] = DEFAULT_BUDGET_S,
    trust: Annotated[bool, typer.Option("--trust", help="My own code: my account, no walls.")] = False,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write the translation to this file.")] = None,
    patch: Annotated[Path | None, typer.Option(help="Write a patch that adds the new files to this file.")] = None,
    server: ServiceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Make sequential functions parallel, compile and run the result without a GPU, and say what was verified."""
    checked_output(output)
    checked_output(patch)
    chosen: dict[str, Any] = {"function": function, "file": file, "target": target, "entry": entry, "seed": seed}
    chosen |= {"candidates": candidates, "repair": repair, "rules": not no_rules, "model": not no_model, "tester": tester}
    project = with_headers(load_program(program, None, None), program)
    request = CudaTranslationRequest.model_validate({"project": project, "options": {**chosen, "budget_s": budget}})
    if server is not None:
        answer = run_on(server, JobKind.CUDA_TRANSLATION, request, CudaTranslation, trust=trust)
    else:
        answer = asyncio.run(_translate(request, trust))
    answer = _as_seen_from_here(answer, program, output)
    texts = {path: text for path, text in answer.files.items() if not path.endswith(".h")}
    if output is not None and texts:
        write_file(output, "\n".join(texts.values()).encode())
    if patch is not None:
        write_file(patch, answer.patch.encode())
    if as_json:
        print_json(answer)
    elif output is None:
        typer.echo("\n".join(texts.values()), nl=False)
    _summarise(answer)
    return _exit_code(answer)


async def _translate(request: CudaTranslationRequest, trust: bool) -> CudaTranslation:
    settings = Settings()
    # What holds no such function is refused before walls are probed and weights are loaded.
    chosen_functions(request)
    executor = open_executor(settings, trust)
    asks = request.options.model and request.options.candidates > 0
    generator = LateModel(settings, request.options.budget_s) if asks else None
    try:
        return await translate(request, generator, executor, _Spoken(), settings)
    finally:
        if generator is not None:
            await generator.close()


class _Spoken(SilentProgress):
    """Progress as lines on standard error."""

    async def report(self, type: str, data: dict[str, Any]) -> None:
        if type == "function":
            number = f" ({data['number']} of {data['of']})" if data["of"] > 1 else ""
            say(f"codepar: `{data['function']}` in {data['path']}{number}")
        elif type == "proposing":
            say(f"codepar: round {data['round']}: asking the language model for {data['candidates']} answers")
        elif type == "tester":
            say(f"codepar: the model proposed {data['proposed']} test cases, {data['kept']} are used")
        elif type == "attempt":
            how = f"judged {data['status']}" if data["judged"] else data["status"] or "not run"
            say(f"codepar: {data['name']}: {how}{': ' + str(data['reason']) if data['reason'] else ''}")


def _as_seen_from_here(answer: CudaTranslation, program: str, output: Path | None) -> CudaTranslation:
    """The commands that judge again, with the paths that the person gave."""

    def seen(one: TranslatedFunction) -> dict[str, Any]:
        if not one.verdict.reproduce:
            return {}
        words = shlex.split(one.verdict.reproduce)
        root = Path(program)
        words[3] = program if program == "-" or not root.is_dir() else str(root / one.path)
        if output is not None:
            words[4] = str(output)
        elif program != "-":
            words[4] = str((root if root.is_dir() else root.parent) / PurePosixPath(words[4]))
        return {"verdict": one.verdict.model_copy(update={"reproduce": shlex.join(words)})}

    translations = tuple(one.model_copy(update=seen(one)) for one in answer.translations)
    return answer.model_copy(update={**seen(answer), "translations": translations})


def _summarise(answer: CudaTranslation) -> None:
    for one in answer.translations:
        _say_verdict(one)
    for note in answer.notes:
        say(f"codepar: note: {note}")
    cost = answer.cost
    say(
        f"codepar: {cost.wall_s:.1f} s: {cost.generations} answers of the model in {cost.generation_s:.1f} s, {cost.executions} "
        f"executions ({cost.compile_s:.1f} s compiling, {cost.run_s:.1f} s running)"
    )


def _say_verdict(one: TranslatedFunction) -> None:
    """The rungs of the ladder in short where all passed, each of them where one did not; then the command that judges again."""
    who = f"`{one.entry}` as {one.target} of `{one.function}`, by {one.origin}" if one.source else f"`{one.function}`"
    if one.verified:
        tests = one.verdict.check(CheckName.TESTS)
        say(f"codepar: {who}: {len(one.verdict.checks)} checks passed" + (f" on {tests.message}" if tests else ""))
        say(f"codepar: verified: {who}")
    else:
        for why in one.rules:
            say(f"codepar: {who}: the rules{f' (line {why.line})' if why.line else ''}: {why.message}")
        for check in one.verdict.checks if one.source else ():
            say(f"codepar:   {MARKS[check.passed]:<5}{check.name:<10}{check.message}")
        for line in least_lines(one.verdict):
            say(f"codepar:   {line}")
        say(f"codepar: unverified ({one.verdict.status}): {who}: {one.reason}")
    if one.verdict.reproduce:
        say(f"codepar: again: {one.verdict.reproduce}")


def _exit_code(answer: CudaTranslation) -> int:
    if answer.verified:
        return 0
    return 3 if any(one.verdict.status is Status.INFRA_ERROR for one in answer.translations) else 1
