"""Rows are appended, torn ones passed over, forms of others read."""

import json
import multiprocessing
import os

import pytest

from codepar.errors import Conflict, InvalidInput, NotFound
from evaluators.samples import Sample, SampleWriter, read_samples

ROW = {"task_id": "ada_waves_1", "edits": [{"after_line": 7, "text": "MPI_Init(&argc, &argv);"}]}


def test_what_is_written_is_read_back(tmp_path):
    sample = Sample.model_validate(ROW)
    path = tmp_path / "s.jsonl"
    with SampleWriter(path) as writer:
        writer.append(sample)
    assert read_samples(path).rows == (sample,)


def test_the_torn_row_of_a_killed_run_is_passed_over_and_not_built_upon(tmp_path):
    path = tmp_path / "s.jsonl"
    path.write_text(json.dumps(ROW) + "\n" + json.dumps(ROW)[:25])
    with SampleWriter(path) as writer:
        writer.append(Sample.model_validate({**ROW, "task_id": "ada_waves_2"}))
    found = read_samples(path)
    assert [row.task_id for row in found.rows] == ["ada_waves_1", "ada_waves_2"]
    assert found.unreadable == 1


def test_of_several_rows_for_one_sample_the_last_counts(tmp_path, write_rows):
    path = write_rows(tmp_path / "s.jsonl", [{**ROW, "status": "infra_error", "edits": None}, ROW])
    assert [row.status.value for row in read_samples(path).rows] == ["ok"]


def test_a_released_answer_has_no_task(tmp_path, write_rows):
    path = write_rows(tmp_path / "s.jsonl", [{"pred": "(3 1, MPI_Finalize();)", "label": "(3 1, MPI_Finalize();)"}] * 2)
    rows = read_samples(path).rows
    assert len(rows) == 2
    assert rows[0].calls()[0].function == "MPI_Finalize"


def test_an_answer_in_the_published_form_is_taken_with_its_drift():
    sample = Sample(task_id="t", answer="(4 0, MPI_Wtime();) (6 1, MPI_Barrier(MPI_COMM_WORLD);)")
    assert [call.line for call in sample.placed("original")] == [4, 6]
    assert [call.line for call in sample.placed("corrected")] == [5, 7]
    assert [call.after_line for call in sample.calls()] == [5, 7]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "holds no sample"),
        ('{"task_id": "x"}\n', "neither `edits` nor `answer`"),
        ("[1]\n", "line 1"),
        ("no json\n", "no JSON"),
    ],
)
def test_a_file_without_samples_says_why(tmp_path, text, message):
    path = tmp_path / "s.jsonl"
    path.write_text(text)
    with pytest.raises(InvalidInput, match=message):
        read_samples(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(NotFound):
        read_samples(tmp_path / "none.jsonl")


def _hold(path, ready, done):
    with SampleWriter(path):
        ready.set()
        done.wait(30)


def test_two_runs_do_not_write_one_file(tmp_path):
    context = multiprocessing.get_context("fork")
    ready, done = context.Event(), context.Event()
    holder = context.Process(target=_hold, args=(tmp_path / "s.jsonl", ready, done))
    holder.start()
    try:
        assert ready.wait(30)
        with pytest.raises(Conflict, match="another run"):
            SampleWriter(tmp_path / "s.jsonl")
    finally:
        done.set()
        holder.join()
    with SampleWriter(tmp_path / "s.jsonl"):
        pass


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full")  # noqa: PTH110 - a device
def test_a_full_disk_is_the_environments_fault(tmp_path):
    from codepar.errors import EnvironmentFault

    with pytest.raises(EnvironmentFault, match="cannot be written"), _full() as writer:
        writer.append(Sample.model_validate(ROW))


def _full():
    from pathlib import Path

    return SampleWriter(Path("/dev/full"))
