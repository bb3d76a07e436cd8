"""`codepar finetune request-network` and `request-senses`: what `codepar split` decides by, learned from labelled prompts.

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
from codepar.settings import Settings


def register(group: typer.Typer) -> None:
    """Add both to `codepar finetune`."""
    group.command("request-network")(request_network_command)
    group.command("request-senses")(request_senses_command)


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


def request_senses_command(
    *,
    prompts: Annotated[
        list[Path], typer.Option(exists=True, dir_okay=False, help="Prompts whose words are to be in the table as well (JSONL).")
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="The table of what words mean.")],
    base: Annotated[str | None, typer.Option(help="A GGUF file, a folder, an installed model; the setting `model`.")] = None,
) -> None:
    """Ask a language model what words mean, for `request-network` to learn beside. Minutes on two cores."""
    try:
        from finetune.requests import run, senses
    except ImportError as error:
        raise ToolMissing(f"this needs {error.name}", remedy="make setup-train") from error
    settings = Settings()
    count = senses.make_senses(base or settings.model, settings.models_dir, run.words_of(prompts), output, say)
    say(f"{output}: {count} words")
