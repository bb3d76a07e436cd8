"""``codepar split PROMPT|-``: the parts of a request that can be answered side by side, or why it stays whole.

Without ``--run`` no model is asked, nothing is carried out, and the exit code is 0 either way: that a request stays whole is an
answer. Limits: ``split_run.py`` carries out.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from codepar.cli.common import JsonOption, checked_output, print_json, read_text
from codepar.errors import InputTooLarge, InvalidInput
from codepar.project import MAX_FILE_BYTES, MAX_PROJECT_BYTES
from codepar.prompts.cost import ASSUMED_COST
from codepar.prompts.extract import extract
from codepar.prompts.items import Decomposition, Item, Predicted
from codepar.prompts.plan import Plan, plan_of
from codepar.prompts.published import published
from codepar.settings import Settings

_SHOWN = 72
_BUDGET_S = 900.0
_ITEM_BUDGET_S = 120.0


def register(app: typer.Typer) -> None:
    """Add `split` to the command."""
    app.command("split")(split_command)


def split_command(
    prompt: Annotated[
        str, typer.Argument(metavar="PROMPT|-", help="The request, the name of a file that holds it, or - for stdin.")
    ],
    *,
    file: Annotated[list[Path] | None, typer.Option("--file", metavar="FILE", help="An attachment; may be repeated.")] = None,
    plan: Annotated[bool, typer.Option("--plan", help="Also show edges, waves, contract and template.")] = False,
    model: Annotated[
        bool, typer.Option("--model", help="Ask the language model where the rules are unsure; takes seconds.")
    ] = False,
    run: Annotated[bool, typer.Option("--run", help="Answer the parts, and join the answers.")] = False,
    split: Annotated[
        Literal["auto", "never", "always"], typer.Option(help="With --run: part by part where that pays, never, or always.")
    ] = "auto",
    no_verify: Annotated[bool, typer.Option("--no-verify", help="With --run: compile and judge nothing.")] = False,
    max_tokens: Annotated[int, typer.Option(help="With --run: the longest answer of the model to a part.")] = 1024,
    budget: Annotated[float, typer.Option(help="With --run: seconds for asking, in all.")] = _BUDGET_S,
    item_budget: Annotated[float, typer.Option(help="With --run: seconds for a part, with its repairs.")] = _ITEM_BUDGET_S,
    seed: Annotated[int | None, typer.Option(min=0, help="With --run: of the tests that judge translations.")] = None,
    trust: Annotated[bool, typer.Option("--trust", help="With --run: my own code, my account, no walls.")] = False,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="With --run: a folder for changed and new files.")] = None,
    patch: Annotated[Path | None, typer.Option(help="With --run: write the changes as a patch to this file.")] = None,
    server: Annotated[str | None, typer.Option(metavar="URL", help="With --run: let this codepar service do it.")] = None,
    parallelprompt: Annotated[bool, typer.Option("--parallelprompt", help="Print the row of ParallelPrompt's schema.")] = False,
    as_json: JsonOption = False,
) -> int:
    """Split a request that holds several tasks; say why where it stays whole."""
    if not run:
        _refuse_without_run(
            {"--output": output, "--patch": patch, "--server": server, "--seed": seed, "--trust": trust, "--no-verify": no_verify}
        )
    elif parallelprompt:
        raise InvalidInput("--parallelprompt prints the parts, --run answers them", remedy="leave one of them out")
    text = _prompt(prompt)
    files = _attachments(file or [])
    if run:
        options = {
            "run": True,
            "split": split,
            "extractor": "model" if model else "rules",
            "verify": not no_verify,
            "max_tokens": max_tokens,
            "budget_s": budget,
            "item_budget_s": item_budget,
            "seed": seed,
        }
        return _carry_out(text, files, options, trust=trust, server=server, places=(output, patch), as_json=as_json)
    found = _found(text, files, model=model)
    if plan and found.split:
        found = found.model_copy(update={"predicted": _predicted(found, plan_of(found, text, files))})
    if parallelprompt:
        print_json(published(found, text))
    elif as_json:
        print_json(found)
    else:
        _show(found, plan_of(found, text, files) if plan and found.split else None)
    return 0


def _refuse_without_run(options: dict[str, object]) -> None:
    """Nothing is carried out: what a person expects of these would silently not come."""
    given = [name for name, value in options.items() if value is not None and value is not False]
    if given:
        raise InvalidInput(f"{', '.join(given)}: nothing is carried out without --run", remedy="add --run")


def _found(text: str, files: dict[str, str], *, model: bool) -> Decomposition:
    if not model:
        return extract(text, files)
    from codepar.cli.split_model import found_with_model

    return found_with_model(text, files)


def _carry_out(
    text: str,
    files: dict[str, str],
    options: dict[str, Any],
    *,
    trust: bool,
    server: str | None,
    places: tuple[Path | None, Path | None],
    as_json: bool,
) -> int:
    # What only lists parts starts a tenth as fast with all this imported.
    from codepar.cli.split_output import Output, checked_folder
    from codepar.cli.split_run import run_split
    from codepar.flows.decompose_request import DecompositionRequest

    folder, patch = places
    request = DecompositionRequest.model_validate({"prompt": text, "files": files, "options": options})
    return run_split(request, Output(as_json, checked_folder(folder), checked_output(patch)), trust=trust, server=server)


def _predicted(found: Decomposition, plan: Plan) -> Predicted:
    """What the engine that was measured last would take, else the default one on idle cores."""
    from codepar.flows.calibrate import all_calibrations, place_of
    from codepar.flows.decompose_mode import predicted_of
    from codepar.flows.decompose_request import DecompositionOptions

    settings = Settings()
    here = place_of(settings)
    measured = (one.cost for one in all_calibrations(settings) if (one.model, one.where) == (settings.model, here))
    return predicted_of(found, plan, next(measured, ASSUMED_COST), DecompositionOptions().concurrency)


def _prompt(argument: str) -> str:
    """The text itself, unless it is ``-`` or one word that names a file."""
    if argument == "-" or (argument and not any(letter.isspace() for letter in argument) and _is_file(argument)):
        return read_text(argument)
    if len(argument.encode(errors="surrogateescape")) > MAX_FILE_BYTES:
        raise InputTooLarge(f"the prompt is larger than {MAX_FILE_BYTES} bytes", remedy="attach its code with --file")
    try:
        argument.encode()
    except UnicodeEncodeError as error:
        raise InvalidInput(f"the prompt is not UTF-8: {error.reason}", remedy="write it to a file in UTF-8") from error
    return argument


def _is_file(name: str) -> bool:
    try:
        return Path(name).is_file()
    except (OSError, ValueError):
        return False


def _attachments(paths: list[Path]) -> dict[str, str]:
    """The files by the names they were given, or as seen from the folder that holds them all where two share a name."""
    files: dict[str, str] = {}
    for path, name in zip(paths, _names(paths), strict=True):
        if name in files:
            raise InvalidInput(f"--file {path} is given twice", remedy="name each file once")
        files[name] = read_text(str(path))
    if sum(len(text.encode()) for text in files.values()) > MAX_PROJECT_BYTES:
        raise InputTooLarge(f"the attachments have more than {MAX_PROJECT_BYTES} bytes", remedy="attach fewer files")
    return files


def _names(paths: list[Path]) -> list[str]:
    short = [path.name if path.is_absolute() or ".." in path.parts else path.as_posix() for path in paths]
    if len(set(short)) == len(short):
        return short
    whole = [path.resolve() for path in paths]
    root = os.path.commonpath([path.parent for path in whole])
    return [path.relative_to(root).as_posix() for path in whole]


def _show(found: Decomposition, plan: Plan | None) -> None:
    typer.echo(found.reason)
    for item in found.items:
        typer.echo(f"  {item.id}. {_place(item)}  {_first_line(item.text)}")
    if plan is None:
        return
    for edge in found.edges:
        typer.echo(f"  {edge.from_} -> {edge.to}  {edge.kind}")
    for number, wave in enumerate(plan.waves, 1):
        typer.echo(f"wave {number}: {', '.join(wave)}")
    if plan.reduce:
        typer.echo(f"at the end: {plan.reduce}")
    if plan.contract:
        typer.echo(f"contract:\n{plan.contract}")
    if found.predicted is not None:
        typer.echo(f"predicted: {found.predicted.serial_s:.1f} s at once, {found.predicted.parallel_s:.1f} s side by side")
    typer.echo(f"template:\n{found.template}")


def _place(item: Item) -> str:
    return f"[{item.file or 'prompt'} {item.span[0]}-{item.span[1]}]"


def _first_line(text: str) -> str:
    line, _, rest = text.partition("\n")
    return line[:_SHOWN] + (" ..." if rest or len(line) > _SHOWN else "")
