"""A whole co-evolution by the command with a random tiny model: killed twice, gone on with, and what it leaves."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from codepar.errors import Conflict

ROUNDS, SEEN = 2, 1.0
OPTIONS = [
    *("--rounds", str(ROUNDS), "-n", "1", "--repair", "0", "--tests", "1", "--mutants", "2", "--epochs", "1", "--rank", "4"),
    *("--precision", "float32", "--device", "cpu", "--pack-tokens", "3000", "--sample-tokens", "3000", "--least-score", "0.1"),
    *("--seen-again", str(SEEN), "--evaluation-tokens", "2500", "--workers", "1", "--functions", "1", "--trust"),
]


def command(mirrors, output, *more):
    listed = ["--mirrors", str(mirrors), "--list", str(mirrors / "commits.tsv")]
    codepar = str(Path(sys.executable).parent / "codepar")
    return [codepar, "finetune", "musl", "-o", str(output), *listed, *OPTIONS, *more]


@pytest.fixture(scope="module")
def environment(checkpoint, tmp_path_factory, shared_cache):
    data = shared_cache(tmp_path_factory.mktemp("data"))
    chosen = {"CODEPAR_DATA_DIR": str(data), "CODEPAR_MODEL": str(checkpoint), "CODEPAR_ENGINE_BACKEND": "transformers"}
    return {**os.environ, **chosen, "OMP_NUM_THREADS": "1"}


def killed_when(words, environment, is_there, seconds=270):
    """Start the command and kill it with all its processes as soon as a file is there."""
    with subprocess.Popen(words, env=environment, start_new_session=True, stderr=subprocess.PIPE, text=True) as child:
        until = time.monotonic() + seconds
        while not is_there() and child.poll() is None and time.monotonic() < until:
            time.sleep(0.05)
        there = is_there()
        was_running = child.poll() is None
        os.killpg(child.pid, signal.SIGKILL)
        said = child.stderr.read()
    assert there, said
    assert was_running, said


@pytest.fixture(scope="module")
def tested(mirrors, environment, tmp_path_factory):
    """The folder of a run that was killed while it tested, and what was there."""
    output = tmp_path_factory.mktemp("run") / "musl"
    first = output / "round-01"
    killed_when(command(mirrors, output), environment, lambda: any(first.glob("outcomes/*.json")))
    return output, {path: path.read_bytes() for path in first.rglob("*.json")}


@pytest.fixture(scope="module")
def trained(tested, mirrors, environment):
    """The same, gone on with and killed while it trained, and its pairs."""
    output, _ = tested
    first = output / "round-01"
    killed_when(command(mirrors, output), environment, (first / "musl-translator" / "log.jsonl").is_file)
    return (first / "pairs.jsonl").read_bytes()


@pytest.fixture(scope="module")
def run(tested, trained, mirrors, environment):
    """The folder of the same run, gone on with to its end, the result and what was told."""
    output, _ = tested
    done = subprocess.run(command(mirrors, output, "--json"), env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return output, json.loads(done.stdout), done.stderr


def rows(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_what_was_there_at_a_kill_is_whole(tested):
    _, found = tested
    assert any(path.parent.name == "outcomes" for path in found)
    assert all(json.loads(content)["function"] for content in found.values())


def test_a_run_that_goes_on_keeps_what_was_there(tested, trained):
    _, found = tested
    assert all(path.read_bytes() == content for path, content in found.items())
    assert trained


def test_what_was_done_before_a_kill_is_kept_to_the_end(run, tested, trained):
    output, result, told = run
    assert all(path.read_bytes() == content for path, content in tested[1].items())
    assert (output / "round-01" / "pairs.jsonl").read_bytes() == trained
    assert result["finished"]
    assert "round 2, translated and tested: 2 of 2 functions" in told


def test_every_kept_pair_says_where_it_is_from_and_what_verified_it(run):
    output = run[0]
    kept = rows(output / "round-01" / "pairs.jsonl")
    both = [*kept, *rows(output / "round-02" / "pairs.jsonl")]
    assert {row["function"]["name"] for row in both} == {"saxpy", "clip", "scale_rows"}
    for row in kept:
        assert row["verdict"]["status"] == "ok"
        assert row["verdict"]["purpose"] == "judge"
        assert all(check["passed"] for check in row["verdict"]["checks"])
        assert row["verdict"]["tests"]["cases"]
        assert row["verdict"]["tests"]["seed"] == row["judge_seed"] != row["rank_seed"]
        assert (row["round"], row["origin"]) == (1, "rules")
        assert row["function"]["licence"] in {"MIT", "none"}
        assert len(row["function"]["commit"]) == 40


def test_kept_tests_notice_the_empty_kernel(run):
    kept = rows(run[0] / "round-01" / "tests.jsonl")
    assert kept
    for row in kept:
        names = {case["name"] for case in row["cases"]}
        empty = [kill for kill in row["kills"] if kill["kind"] == "empty_kernel"]
        assert empty
        assert all(set(kill["cases"]) & names for kill in empty)
        assert row["verdict"]["status"] == "ok"


def test_both_roles_learn_and_the_next_round_asks_what_they_became(run, checkpoint):
    output, result, _ = run
    first, second, last = result["rounds"]
    for role in ("translator", "tester"):
        assert (output / "round-01" / f"musl-{role}" / "adapter_model.safetensors").is_file()
        assert first[role]["new"] == first[role]["by_origin"]["rules"] > 0
        assert first[role]["steps"] >= 1
        assert second["models"][role] == f"{checkpoint.name}+musl-{role}"
        assert first["models"][role] == checkpoint.name
    # Everything that was seen is learned again here: the draw is set to 1.
    assert second["translator"]["again"] == first["translator"]["new"]
    assert (last["translator"], last["tester"]) == (None, None)
    assert (output / "curve.svg").read_text().startswith("<?xml")


def test_held_back_functions_are_measured_and_never_learned_from(run):
    output, result, _ = run
    held = {row["name"] for row in rows(output / "functions.jsonl") if row["split"] == "development"}
    assert held == {"scale_rows"}
    assert [one["development"]["functions"] for one in result["rounds"]] == [1, 1, 1]
    assert [one["train"]["functions"] for one in result["rounds"]] == [1, 1, 0]
    assert result["rounds"][0]["development"]["solved"]["value"] == 1
    card = (output / "round-01" / "musl-translator" / "README.md").read_text()
    assert "from a corpus of 1 programs of 1 repositories" in card


def test_the_second_adapter_goes_on_from_the_first(run):
    from codepar.engine.safetensors import read_safetensors

    one, two = (read_safetensors(run[0] / f"round-0{at}" / "musl-translator" / "adapter_model.safetensors") for at in (1, 2))
    assert one.keys() == two.keys()
    distance = sum(float(abs(two[name] - one[name]).mean()) for name in one if "lora_A" in name)
    size = sum(float(abs(one[name]).mean()) for name in one if "lora_A" in name)
    # Another random start would be as far away as its own size.
    assert 0 < distance < 0.3 * size


def test_another_run_in_the_same_folder_is_refused(run):
    from finetune.musl.files import read_rows
    from finetune.musl.functions import CFunction
    from finetune.musl.options import LearnOptions, MuslOptions
    from finetune.musl.run import evolve

    corpus = list(read_rows(run[0] / "functions.jsonl", CFunction))
    other = MuslOptions(candidates=2, learn=LearnOptions(base="another"))
    with pytest.raises(Conflict, match="other options"):
        asyncio.run(evolve(other, corpus, run[0], hands=None, train=None))
