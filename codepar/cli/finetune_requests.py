"""`codepar finetune request-network`: what `codepar split` decides by, learned from labelled prompts.

Limits: needs the `train` extra; the files go into the package by hand.
"""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import Annotated

import typer

from codepar.cli.common import JsonOption, print_json, say
from codepar.errors import ToolMissing


def register(group: typer.Typer) -> None:
    """Add `request-network` to `codepar finetune`."""
    group.command("request-network")(request_network_command)


def request_network_command(
    *,
    known: Annotated[Path, typer.Option(exists=True, dir_okay=False, help="Prompts that the rules were written after (JSONL).")],
    strangers: Annotated[Path, typer.Option(exists=True, dir_okay=False, help="Prompts that no rule has seen (JSONL).")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder for the network and the weights of the choice.")],
    epochs: Annotated[int | None, typer.Option(min=1, help="Times that everything is looked at.")] = None,
    folds: Annotated[int, typer.Option(min=2, help="Networks that are trained without a share of the sources.")] = 5,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes; all cores by default.")] = None,
    json: JsonOption = False,
) -> None:
    """Train the network that reads requests, and the choice among readings. A quarter of an hour on two cores."""
    try:
        from finetune.requests import run, training
    except ImportError as error:
        raise ToolMissing(f"training needs {error.name}", remedy="make setup-train") from error
    recipe = training.Recipe()
    learning = run.Learning(dataclasses.replace(recipe, epochs=epochs or recipe.epochs))
    effort = run.Effort(folds, workers or os.cpu_count() or 1)
    found = run.run(run.Sources(known, strangers), output, learning, effort, say)
    if json:
        print_json({"rules": dataclasses.asdict(found.rules), "chosen": dataclasses.asdict(found.chosen), "output": str(output)})
        return
    say(f"the rules alone: {found.rules}")
    say(f"{output}: {found.chosen}, on sources that nothing was learned from")
