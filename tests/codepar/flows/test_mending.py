"""A completion by a site scorer: its calls are mended before they are offered, and it ranks the calls at the cursor."""

import asyncio

import pytest
import redis

from codepar.cli.late_model import LateModel
from codepar.engine.late import LateGenerator
from codepar.errors import Unsupported
from codepar.flows.complete import complete
from codepar.flows.mpi_request import MpiCompletionRequest
from codepar.layers import Layer
from codepar.mpi import site_scores
from codepar.mpi.words.model import WordModel
from codepar.protocols import Capabilities, SilentProgress, SiteModel, SiteScore
from worker.memory import JobMemory, RememberingGenerator

MESSAGE = """#include <mpi.h>
#include <stdio.h>
int main(int argc, char **argv)
{
  int rank, size, n;
  if (rank == 0) {
    n = 42 + size;
  } else if (rank == 1) {
    printf("%d\\n", n);
  }
  return 0;
}
"""
SEND = "&n, 1, MPI_INT, 1, 7, MPI_COMM_WORLD);"


@pytest.fixture
def scorer(scripted, monkeypatch):
    # What is told here is to count alone: a word model that knows no function says nothing.
    speechless = WordModel((), {}, Layer(1.0, ()), (), Layer(1.0, ()), ())
    monkeypatch.setattr(site_scores, "installed_words", lambda: speechless)

    class Scorer(scripted):
        """Fills in what it was told to, and gives each statement (by the piece behind the site) its functions."""

        def __init__(self, table, *answers):
            super().__init__(*answers)
            self.table = table
            self._capabilities = Capabilities(
                model="scripted",
                backend="test",
                context_tokens=4096,
                infill=True,
                sites=True,
                site_model=SiteModel(model="told", artefact="told-1", sha256="0" * 64),
            )

        async def score_sites(self, texts):
            return [tuple(self._of(text.pieces[behind]) for _, behind in text.sites) for text in texts]

        def _of(self, piece):
            told = next((scores for key, scores in self.table.items() if key in piece), {})
            return tuple(
                SiteScore(function=name, probabilities=(p,)) for name, p in sorted(told.items(), key=lambda one: -one[1])
            )

    return Scorer


SETUP = {
    "if (rank == 0)": {"MPI_Init": 0.9, "MPI_Comm_rank": 0.9, "MPI_Comm_size": 0.9},
    "return 0": {"MPI_Finalize": 0.9},
}


def ask(generator, source=MESSAGE, **options):
    request = MpiCompletionRequest.model_validate({"source": source, "options": {"verify": False, **options}})
    return asyncio.run(complete(request, generator, None, SilentProgress()))


def test_the_half_of_a_message_is_offered_with_its_other_half(scorer):
    source = MESSAGE.replace("size, n;", "size, n = 3;").replace("n = 42 + size;", 'puts("now");')
    model = scorer({**SETUP, "printf": {"MPI_Recv": 0.1}, "puts": {"MPI_Send": 0.8}}, SEND)
    answer = ask(model, source)
    assert answer.candidate == "model, mended"
    assert "MPI_Send(&n, 1, MPI_INT, 1, 0, MPI_COMM_WORLD);" in answer.source
    assert "MPI_Recv(&n, 1, MPI_INT, 0, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);" in answer.source


def test_an_answer_names_the_weights_that_scored_the_sites(scorer):
    answer = ask(scorer(SETUP, SEND))
    assert answer.provenance.model == "scripted"
    assert answer.provenance.site_model == SiteModel(model="told", artefact="told-1", sha256="0" * 64)
    assert ask(None).provenance.site_model is None


def test_what_is_not_probable_enough_is_left_out_and_said(scorer):
    table = {**SETUP, "printf": {"MPI_Barrier": 0.5}}
    assert "MPI_Barrier" in ask(scorer(table, SEND)).source
    answer = ask(scorer(table, SEND), abstain=0.7)
    assert "MPI_Barrier" not in answer.source
    assert [drop.text for drop in answer.dropped if drop.rule.startswith("abstention")] == ["MPI_Barrier(MPI_COMM_WORLD);"]


def test_the_calls_at_the_cursor_are_ranked_by_the_scorer(scorer):
    line = MESSAGE.count("\n", 0, MESSAGE.index("    printf")) + 1
    told = {"printf": {"MPI_Barrier": 0.3, "MPI_Recv": 0.6}}
    answer = ask(scorer(told, "&n, 1, MPI_INT, 0, 7, MPI_COMM_WORLD, MPI_STATUS_IGNORE);"), line=line)
    # The rules' receive, with another tag, may stand between them.
    assert list(dict.fromkeys(edit.function for edit in answer.suggestions))[:2] == ["MPI_Recv", "MPI_Barrier"]
    assert answer.suggestions[0].confidence > answer.suggestions[1].confidence
    assert answer.suggestions[0].after_line == line - 1


def test_what_is_typed_already_chooses_among_the_calls_at_the_cursor(scorer):
    source = MESSAGE.replace("    printf", "    MPI_B\n    printf")
    line = source.count("\n", 0, source.index("MPI_B")) + 1
    body = {"source": source, "options": {"verify": False, "line": line, "column": 10}}
    told = {"printf": {"MPI_Barrier": 0.1, "MPI_Recv": 0.6}}
    answer = asyncio.run(complete(MpiCompletionRequest.model_validate(body), scorer(told, SEND), None, SilentProgress()))
    assert answer.suggestions[0].function == "MPI_Barrier"
    assert all(edit.function.startswith("MPI_B") for edit in answer.suggestions)


async def opened(generator):
    return generator


@pytest.mark.parametrize(
    "wrap",
    [
        lambda inner: RememberingGenerator(inner, JobMemory(redis.Redis(port=1), "a job")),
        lambda inner: LateGenerator(lambda: opened(inner)),
    ],
    ids=["in a worker", "opened when asked"],
)
def test_sites_are_scored_through_what_stands_before_the_model(scorer, scripted, wrap):
    told = {**SETUP, "n = 42": {"MPI_Send": 0.8}}
    answer = ask(wrap(scorer(told, SEND)))
    assert (answer.source, answer.candidate) == (ask(scorer(told, SEND)).source, "model, mended")
    with pytest.raises(Unsupported, match="models build"):
        asyncio.run(wrap(scripted()).score_sites([]))


def test_a_model_that_cannot_be_opened_leaves_the_rules(flow_settings):
    answer = ask(LateModel(flow_settings, 1.0))
    assert answer.candidate == "rules"
    assert any("no language model" in note or "not used" in note for note in answer.notes)


def test_a_scorer_does_not_start_a_program_twice(scorer):
    whole = MESSAGE.replace("  if (rank == 0) {", "  MPI_Init(&argc, &argv);\n  if (rank == 0) {").replace(
        "  return 0;", "  MPI_Finalize();\n  return 0;"
    )
    answer = ask(scorer(SETUP, SEND), whole)
    functions = {edit.function for edit in answer.edits}
    assert "MPI_Comm_rank" in functions
    assert functions.isdisjoint({"MPI_Init", "MPI_Finalize"})
