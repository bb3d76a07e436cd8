"""`codepar finetune corpus`: the training data of codepar's own models. Limits: needs the `train` extra."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated

import typer

from codepar.cli import finetune_musl, finetune_requests, finetune_train
from codepar.cli.common import JsonOption, print_json, say
from codepar.engine.models import require_model
from codepar.errors import InvalidInput, ToolMissing
from codepar.mpi.headers import load_signatures
from codepar.mpi.ranking.weights import own_weights, read_weights
from codepar.settings import Settings

_app = typer.Typer(help="Corpora and training.", no_args_is_help=True)


@_app.callback()
def _group() -> None:
    """Corpora and training."""


def register(app: typer.Typer) -> None:
    """Add `finetune` to the command."""
    finetune_train.register(_app)
    finetune_musl.register(_app)
    finetune_requests.register(_app)
    app.add_typer(_app, name="finetune")


@_app.command("corpus")
def corpus_command(
    *,
    list_file: Annotated[Path, typer.Option("--list", exists=True, dir_okay=False, help="Repositories and commits (TSV).")],
    mirrors: Annotated[Path, typer.Option(exists=True, file_okay=False, help="Folder of git repositories.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder of the corpus.")],
    held_out: Annotated[
        list[Path], typer.Option(exists=True, dir_okay=False, help="Signatures of held-out programs (JSON).")
    ] = [],  # noqa: B006  # typer copies it
    held_out_list: Annotated[Path | None, typer.Option(exists=True, dir_okay=False, help="Held-out repositories (TSV).")] = None,
    exclude: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="Names of repositories never to learn from.")
    ] = None,
    development: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="Names of the development repositories; drawn if unset.")
    ] = None,
    clone_url: Annotated[str | None, typer.Option(help="Where to clone what is missing, with {repository} in it.")] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes; all cores by default.")] = None,
    json: JsonOption = False,
) -> None:
    """Collect MPI programs from repositories, drop duplicates and what is held out, split by repository."""
    try:
        from finetune import corpus, corpus_files, pool, similar, sources
    except ImportError as error:
        raise ToolMissing(f"the corpus needs {error.name}", remedy="make setup-train") from error
    listed = sources.read_sources(list_file)
    judging = sources.read_sources(held_out_list) if held_out_list is not None else []
    signatures = [values for path in held_out for values in similar.read_signatures(path)]
    excluded = corpus.read_excluded(exclude) if exclude is not None else frozenset()
    done = 0

    def hear(collection: corpus.Collection) -> None:
        nonlocal done
        done += 1
        found = collection.fault or f"{len(collection.programs)} programs"
        say(f"{done}/{len(listed) + len(judging)} {collection.repository}: {found}")

    with pool.open_pool(workers) as executor:
        if executor is None:
            return
        collected = corpus.collect_all(
            [*listed, *judging], mirrors, output / "repositories", executor, clone_url=clone_url, heard=hear
        )
    signatures += [values for collection in collected[len(listed) :] for values in collection.signatures]
    excluded |= {source.repository for source in judging}
    judged_by = corpus.read_excluded(development) if development is not None else frozenset()
    assembled = corpus.assemble(collected[: len(listed)], excluded, similar.HeldOut(signatures), judged_by)
    found = corpus_files.write_corpus(assembled, output)
    if json:
        print_json(found)
    else:
        say(f"{found['programs']} programs of {found['repositories']} repositories in {output}")


@_app.command("sites")
def sites_command(
    *,
    corpus: Annotated[Path, typer.Option(exists=True, file_okay=False, help="Folder that `finetune corpus` made.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Adapter folder; a run that was stopped goes on there.")],
    base: Annotated[
        Path | None, typer.Option(exists=True, help="GGUF file or checkpoint folder; the default model if unset.")
    ] = None,
    tokens: Annotated[int, typer.Option(min=1, help="End after so many tokens.")] = 1_500_000,
    minutes: Annotated[float | None, typer.Option(min=0.01, help="End after so many minutes, if that is sooner.")] = None,
    adapter: Annotated[
        Path | None, typer.Option(exists=True, file_okay=False, help="A trained scorer to go on from, at a lower rate.")
    ] = None,
    learned: Annotated[
        Path | None,
        typer.Option(exists=True, file_okay=False, help="The corpus --adapter learned from: less of it is shown."),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Train the site scorer: which MPI calls are missing at which places. Build it with `codepar models build`."""
    try:
        from finetune.sites import run, training
    except ImportError as error:
        raise ToolMissing(f"training needs {error.name}", remedy="make setup-train") from error
    settings = Settings()
    where = base or require_model(settings.models_dir, settings.model).path
    recipe = training.Recipe(tokens=tokens, minutes=minutes)
    if adapter is not None:
        recipe = training.going_on(recipe)
    sources = run.Sources(corpus, where, adapter, learned)
    everything, rest = run.train_sites(sources, output, recipe, run.Architecture(), say)
    if json:
        print_json({"held_out_f1": everything.f1, "without_boilerplate_f1": rest.f1, "adapter": str(output)})
        return
    say(f"{output}: F1 {everything.f1:.3f} on held-out functions; now: codepar models build {output}")


@_app.command("site-words")
def site_words_command(
    *,
    corpus: Annotated[Path, typer.Option(exists=True, file_okay=False, help="Folder that `finetune corpus` made.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder for weights and card.")],
    epochs: Annotated[int | None, typer.Option(min=1, help="Times that everything is looked at.")] = None,
    networks: Annotated[int | None, typer.Option(min=1, help="Networks that are trained and heard together.")] = None,
    json: JsonOption = False,
) -> None:
    """Train the word model, the site scorer's second opinion: which calls are missing where. Minutes on a CPU."""
    try:
        from finetune.sites import words
    except ImportError as error:
        raise ToolMissing(f"training needs {error.name}", remedy="make setup-train") from error
    known = words.WordRecipe()
    recipe = dataclasses.replace(known, epochs=epochs or known.epochs, networks=networks or known.networks)
    score = words.train_words(corpus, output, recipe, say)
    if json:
        print_json({"held_out_f1": score.everything, "without_boilerplate_f1": score.rest, "weights": str(output)})
        return
    say(f"{output}: F1 {score.everything:.3f} on held-out functions, {score.rest:.3f} beyond the four calls of every program")


@_app.command("arguments")
def arguments_command(
    *,
    corpus: Annotated[Path, typer.Option(exists=True, file_okay=False, help="Folder that `finetune corpus` made.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder for weights and card.")],
    epochs: Annotated[int | None, typer.Option(min=1, help="Times that everything is looked at.")] = None,
    json: JsonOption = False,
) -> None:
    """Train the argument ranker: which variables and expressions an MPI call takes. Minutes on a CPU."""
    try:
        from finetune.arguments import run, training
    except ImportError as error:
        raise ToolMissing(f"training needs {error.name}", remedy="make setup-train") from error
    settings = Settings()
    recipe = training.Recipe() if epochs is None else training.Recipe(epochs=epochs)
    trained = run.train_arguments(corpus, output, load_signatures(cache=settings.cache_dir), recipe, say)
    score = trained.score
    if json:
        print_json({"calls": score.calls, "right": score.right, "seconds": trained.seconds, "weights": str(output)})
        return
    say(f"{output}: all arguments right in {score.right} of {score.calls} calls of repositories not learned from")


@_app.command("argument-network")
def argument_network_command(
    *,
    corpus: Annotated[Path, typer.Option(exists=True, file_okay=False, help="Folder that `finetune corpus` made.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder for network and card.")],
    weights: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="Log-linear weights it stands beside; codepar's own if unset."),
    ] = None,
    epochs: Annotated[int | None, typer.Option(min=1, help="Times that everything is looked at.")] = None,
    json: JsonOption = False,
) -> None:
    """Train the argument ranker's network, which stands beside its weights. Minutes on a CPU."""
    try:
        from finetune.arguments import network_run
    except ImportError as error:
        raise ToolMissing(f"training needs {error.name}", remedy="make setup-train") from error
    beside = own_weights() if weights is None else read_weights(weights)
    if beside is None:
        raise InvalidInput("codepar comes without weights here", remedy="--weights FILE, of `codepar finetune arguments`")
    known = network_run.NetworkRecipe()
    recipe = dataclasses.replace(known, epochs=epochs or known.epochs)
    signatures = load_signatures(cache=Settings().cache_dir)
    found = network_run.train_network(corpus, output, signatures, recipe, say, beside=beside)
    if json:
        print_json({"calls": found.after.calls, "right": found.after.right, "before": found.before.right, "network": str(output)})
        return
    say(f"{output}: all arguments right in {found.after.right} of {found.after.calls} calls, {found.before.right} without it")
