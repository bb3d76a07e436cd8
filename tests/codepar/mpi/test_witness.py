"""The witness decides from what runs printed; the outputs are dealt here, since chance cannot be asked to repeat itself."""

from __future__ import annotations

import asyncio

import pytest

from codepar.mpi.witness import Measure, Witness
from codepar.project import Project
from codepar.protocols import Execution, ExecutionResult, Status, Traffic

TIMED = "double t = MPI_Wtime();"


class _Dealer:
    """Gives the outputs in turn, the last one for ever."""

    def __init__(self, *outputs: str) -> None:
        self.outputs = list(outputs)
        self.runs = 0

    async def execute(self, execution: Execution) -> ExecutionResult:
        output = self.outputs[min(self.runs, len(self.outputs) - 1)]
        self.runs += 1
        return ExecutionResult(status=Status.OK, exit_code=0, stdout=output)


def _judge(dealer: _Dealer, source: str, *answers: str):
    witness = Witness(dealer, Execution(project=Project.of_source(source)), Measure(), "the reference", whole=True)

    async def _all():
        return [await witness.judge(ExecutionResult(status=Status.OK, exit_code=0, stdout=answer)) for answer in answers]

    return asyncio.run(_all())


def test_a_time_that_came_out_the_same_three_times_is_found_to_vary():
    dealer = _Dealer("sum 5 in 52\n", "sum 5 in 52\n", "sum 5 in 52\n", "sum 5 in 53\n")
    (judgement,) = _judge(dealer, TIMED, "sum 5 in 57\n")
    assert (judgement.agrees, dealer.runs) == (True, 6)


def test_what_does_not_vary_in_six_runs_is_contradicted_and_not_run_for_ever():
    dealer = _Dealer("sum 5\n")
    judgements = _judge(dealer, TIMED, "sum 6\n", "sum 7\n")
    assert ([judgement.agrees for judgement in judgements], dealer.runs) == ([False, False], 6)


def test_a_program_that_neither_times_nor_draws_is_run_three_times():
    dealer = _Dealer("sum 5\n")
    (judgement,) = _judge(dealer, "int x;", "sum 6\n")
    assert (judgement.agrees, dealer.runs) == (False, 3)


@pytest.mark.parametrize("answer", ["5\n", "7\n"])
def test_a_program_whose_whole_output_varies_cannot_speak(answer):
    (judgement,) = _judge(_Dealer("1\n", "2\n", "3\n"), TIMED, answer)
    assert judgement.agrees is None
    assert "varies" in judgement.reason


SENDS, SILENT, TO_ITSELF = Traffic(messages=1, bytes=4, ranks=2), Traffic(), Traffic(collectives=1, bytes=4, ranks=1)


class _Exchanging(_Dealer):
    """Prints the same in every run; what its ranks exchange is dealt in turn, the last for ever."""

    def __init__(self, *traffic: Traffic | None) -> None:
        super().__init__("done\n")
        self.traffic = traffic

    async def execute(self, execution: Execution) -> ExecutionResult:
        traffic = self.traffic[min(self.runs, len(self.traffic) - 1)]
        return (await super().execute(execution)).model_copy(update={"traffic": traffic})


@pytest.mark.parametrize(
    ("of_reference", "of_answer", "agrees", "is_parallel"),
    [
        ([SENDS], SILENT, True, False),
        ([SENDS], TO_ITSELF, True, False),
        ([SENDS], Traffic(collectives=8, bytes=400, ranks=4), True, True),
        ([SENDS], None, None, True),
        ([SILENT], SILENT, True, True),
        ([TO_ITSELF], SILENT, True, True),
        ([None], SILENT, True, True),
        ([None], None, True, True),
        ([SENDS, SENDS, SILENT], SILENT, True, True),
        ([SENDS, SENDS, SENDS, SILENT], SILENT, True, True),
    ],
)
def test_what_is_judged_must_send_where_the_reference_always_does(of_reference, of_answer, agrees, is_parallel):
    dealer = _Exchanging(*of_reference)
    project = Project.of_source("int x = rand();")
    witness = Witness(dealer, Execution(project=project), Measure(), "the reference", must_send=True)
    answer = ExecutionResult(status=Status.OK, exit_code=0, stdout="done\n", traffic=of_answer)
    judgement = asyncio.run(witness.judge(answer))
    assert (judgement.agrees, judgement.is_parallel) == (agrees, is_parallel)
    assert bool(judgement.reason) == (agrees is None or not is_parallel)
