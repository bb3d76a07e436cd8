"""Freeze the development list of whole programs that run: what rules and order of candidates are chosen by, never judged by.

``python benchmarks/mpi_dev_list.py --mirrors FOLDER --corpus FOLDER --out TSV``: as ``mpi_list.py`` chooses them, from the
repositories that the corpus keeps for development, of which no weights have seen a program.
Limits: two dozen repositories, so a single one may sway a figure; ``mpi_programs.tsv`` alone is for judging.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from collections import Counter
from pathlib import Path

from mpi_list import Candidate, Log, candidates_of, distinct, freeze
from mpi_programs import Bench, write_list

from codepar.settings import Settings
from finetune.similar import HeldOut
from finetune.sources import Source
from worker.executor import open_executor

_REMARKS = ("Whole MPI programs that run, for development: from repositories of the corpus that nothing is learned from.",)


def sources(manifest: Path) -> list[Source]:
    """The repositories of the corpus that are kept for development, at their commits."""
    rows = [json.loads(line) for line in manifest.read_text().splitlines()]
    kept = {(row["repository"], row["commit"]) for row in rows if row["split"] == "development"}
    return [Source(repository, commit) for repository, commit in sorted(kept)]


async def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mirrors", type=Path, required=True, help="folder of the repositories' git folders")
    parser.add_argument("--corpus", type=Path, required=True, help="folder of the training corpus")
    parser.add_argument("--most", type=int, default=4, help="programs a repository")
    parser.add_argument("--log", type=Path, default=Path("mpi_dev_list.jsonl"), help="answers so far, to go on from")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    left_out: Counter[str] = Counter()
    found: list[Candidate] = []
    for source in sources(arguments.corpus / "manifest.jsonl"):
        found += candidates_of(source, arguments.mirrors, HeldOut(()), left_out)
    settings = Settings()
    bench = Bench(open_executor(settings, trusted=False), settings)
    entries = await freeze(distinct(found), bench, arguments.most, Log(arguments.log))
    write_list(entries, arguments.out, _REMARKS)
    weak = sum(entry.is_weak for entry in entries)
    print(f"{len(entries)} programs of {len({entry.repository for entry in entries})} repositories, {weak} of them weak")


if __name__ == "__main__":
    asyncio.run(_main())
