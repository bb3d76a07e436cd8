"""What a finished corpus leaves on disk: the data set, the manifest, the statistics and their pictures.

`data/{train,development}` (datasets, arrow), `manifest.jsonl`, `statistics.json`, `functions.svg`, `lengths.svg` in one folder.
Limits: needs the `train` extra.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

from codepar.errors import InvalidInput
from finetune.corpus import Corpus, statistics, write_manifest

SHOWN_FUNCTIONS = 30


def write_corpus(corpus: Corpus, folder: Path) -> dict[str, object]:
    """Write everything and give the statistics."""
    folder.mkdir(parents=True, exist_ok=True)
    _write_data(corpus, folder / "data")
    write_manifest(corpus, folder / "manifest.jsonl")
    found = statistics(corpus)
    (folder / "statistics.json").write_text(json.dumps(found, indent=2) + "\n")
    _draw(corpus, folder)
    return found


def read_rows(corpus: Path) -> Any:
    """The rows that ``write_corpus`` left, by split, ``train`` among them. Raises ``InvalidInput`` where ``corpus`` is none."""
    import datasets

    folder = corpus / "data"
    if not folder.is_dir():
        raise InvalidInput(f"{corpus} is not a corpus: it has no folder data", remedy="codepar finetune corpus -o FOLDER")
    rows = datasets.load_from_disk(str(folder))
    if "train" not in rows:
        raise InvalidInput(
            f"{corpus} has nothing to learn from", remedy="codepar finetune corpus, with repositories to learn from"
        )
    return rows


def _write_data(corpus: Corpus, folder: Path) -> None:
    import datasets

    datasets.disable_progress_bars()
    rows: dict[str, list[dict[str, Any]]] = {"train": [], "development": []}
    for member in corpus.members:
        program = member.program.model_dump(exclude={"stripped"})
        rows[member.split].append({**program, "stripped": member.program.stripped.model_dump_json()})
    parts = {split: datasets.Dataset.from_list(found) for split, found in rows.items() if found}
    datasets.DatasetDict(parts).save_to_disk(str(folder))


def _draw(corpus: Corpus, folder: Path) -> None:
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    programs = [member.program for member in corpus.members]
    counted = Counter(call.function for one in programs for call in one.stripped.calls).most_common(SHOWN_FUNCTIONS)
    figure, axes = pyplot.subplots(figsize=(8, 7))
    axes.barh([name for name, _ in counted][::-1], [number for _, number in counted][::-1], color="#3b6ea5")
    axes.set(xscale="log", xlabel="calls in the corpus", title=f"MPI functions of {len(programs)} programs")
    figure.savefig(folder / "functions.svg", bbox_inches="tight")
    pyplot.close(figure)
    figure, axes = pyplot.subplots(figsize=(8, 4))
    axes.hist([one.lines for one in programs], bins=60, color="#3b6ea5")
    axes.set(xlabel="lines of a program", ylabel="programs")
    figure.savefig(folder / "lengths.svg", bbox_inches="tight")
    pyplot.close(figure)
