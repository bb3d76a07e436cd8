"""``codepar split PROMPT|-``: the parts of a request that can be answered side by side, or why it stays whole.

No model is asked and nothing is carried out. Exit 0 either way: that a request stays whole is an answer. Limits: ``--run`` is not
built yet and says so.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from codepar.cli.common import JsonOption, print_json, read_text
from codepar.errors import InputTooLarge, InvalidInput, Unsupported
from codepar.project import MAX_FILE_BYTES, MAX_PROJECT_BYTES
from codepar.prompts.extract import extract
from codepar.prompts.items import Decomposition, Item
from codepar.prompts.plan import Plan, plan_of
from codepar.prompts.published import published

_SHOWN = 72


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
    run: Annotated[bool, typer.Option("--run", help="Carry the plan out (not built yet).")] = False,
    parallelprompt: Annotated[bool, typer.Option("--parallelprompt", help="Print the row of ParallelPrompt's schema.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Split a request that holds several tasks; say why where it stays whole."""
    if run:
        raise Unsupported("--run: carrying a plan out is not built yet", remedy="ask the steps that --plan shows")
    text = _prompt(prompt)
    files = _attachments(file or [])
    found = extract(text, files)
    if parallelprompt:
        print_json(published(found, text))
    elif as_json:
        print_json(found)
    else:
        _show(found, plan_of(found, text, files) if plan and found.split else None)


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
    """The files by the names they were given; of two with one name the second is refused."""
    files: dict[str, str] = {}
    for path in paths:
        name = path.name if path.is_absolute() or ".." in path.parts else path.as_posix()
        if name in files:
            raise InvalidInput(f"--file {path}: there is another {name}", remedy="give each attachment a name of its own")
        files[name] = read_text(str(path))
    if sum(len(text.encode()) for text in files.values()) > MAX_PROJECT_BYTES:
        raise InputTooLarge(f"the attachments have more than {MAX_PROJECT_BYTES} bytes", remedy="attach fewer files")
    return files


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
    typer.echo(f"template:\n{found.template}")


def _place(item: Item) -> str:
    return f"[{item.file or 'prompt'} {item.span[0]}-{item.span[1]}]"


def _first_line(text: str) -> str:
    line, _, rest = text.partition("\n")
    return line[:_SHOWN] + (" ..." if rest or len(line) > _SHOWN else "")
