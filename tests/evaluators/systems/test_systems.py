"""Each system proposes for a program of the benchmark what its name says."""

import asyncio

import pytest

from codepar.errors import EngineUnavailable, InvalidInput
from codepar.mpi.headers import load_signatures
from codepar.protocols import Capabilities, Generation
from codepar.settings import Settings
from evaluators.systems import SYSTEMS, open_system
from evaluators.systems.model import ModelSystem


@pytest.fixture
def settings(tmp_path):
    return Settings(data_dir=tmp_path, engine_url=None)


def propose(name, settings, source):
    async def ask():
        system = await open_system(name, settings, budget_s=5.0)
        try:
            return await system.propose(source), await system.provenance()
        finally:
            await system.close()

    return asyncio.run(ask())


def functions(edits):
    return [edit.function for edit in edits if edit.kind == "call"]


def test_without_a_model(tasks, settings):
    assert propose("empty", settings, tasks[0].source)[0] == []
    four, _ = propose("four-calls", settings, tasks[0].source)
    assert functions(four) == ["MPI_Init", "MPI_Comm_rank", "MPI_Comm_size", "MPI_Finalize"]
    rules, provenance = propose("rules", settings, tasks[0].source)
    assert "MPI_Wtime" in functions(rules)
    assert provenance["mpi_header"].endswith("mpi.h")


def test_the_product_works_without_a_model_as_it_does_for_people(tasks, settings):
    edits, provenance = propose("default", settings, tasks[0].source)
    assert functions(edits) == functions(propose("rules", settings, tasks[0].source)[0])
    assert provenance["model"] is None


def test_the_model_alone_needs_one(tasks, settings):
    with pytest.raises(EngineUnavailable):
        propose("model", settings, tasks[0].source)


def test_what_is_no_program_is_refused(settings):
    with pytest.raises(InvalidInput):
        propose("rules", settings, "Dear Sir or Madam, this is a letter.")


def test_an_unknown_name_lists_the_known_ones(settings):
    with pytest.raises(InvalidInput, match="four-calls"):
        propose("none", settings, "")
    assert set(SYSTEMS) == {"empty", "four-calls", "rules", "model", "default"}


class Engine:
    """An engine that answers one text, or fails."""

    def __init__(self, answer):
        self.answer = answer

    async def capabilities(self):
        return Capabilities(model="tiny", backend="test", context_tokens=4096, chat=True)

    async def complete(self, prompt, sampling):
        if self.answer is None:
            raise EngineUnavailable("the engine is gone")
        return Generation(text=self.answer, finish_reason="stop", prompt_tokens=1, completion_tokens=1)


def test_the_model_s_calls_pass_the_rules_and_its_loss_is_no_silence(tasks):
    signatures = load_signatures()
    answer = "parallel (7 1, MPI_Init(&argc, &argv);) (9 1, MPI_Barrier(ghosts);)"
    edits = asyncio.run(ModelSystem(Engine(answer), signatures, 5.0).propose(tasks[0].source))
    assert functions(edits) == ["MPI_Init"]
    with pytest.raises(EngineUnavailable, match="the engine is gone"):
        asyncio.run(ModelSystem(Engine(None), signatures, 5.0).propose(tasks[0].source))
