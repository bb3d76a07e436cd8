"""The runtime's report, which the program could forge."""

from __future__ import annotations

import json
import os

from hypothesis import given
from hypothesis import strategies as st

from codepar.project import Project
from codepar.protocols import Execution, Status
from worker.runner import Outcome
from worker.toolchains.cuda_cpu.report import Finding, ReportMemory, diagnostic, parse, symbolised
from worker.toolchains.cuda_cpu.symbols import read
from worker.toolchains.cuda_cpu.verdict import check_result, judge_run

RACE = {"kind": "race", "message": "write here, read at {pc:0x20}", "file": None, "line": None, "pc": "0x10", "kernel": "k"}
EXECUTION = Execution(project=Project.of_source("", "k.cu"), emulate=True)
ENDED_WELL = Outcome("exit", 0, None, b"", b"", {}, 0.1, 0.1, 0)


def lines(*records: dict) -> bytes:
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


def test_addresses_become_lines_and_equal_findings_one():
    report = parse(lines(RACE, {**RACE, "pc": "0x11"}))
    named = symbolised(report, {0x10: "k.cu:3", 0x11: "k.cu:3", 0x20: "k.cu:4"}, {"k.cu"})
    (found,) = named.findings
    assert (found.file, found.line, found.message) == ("k.cu", 3, "write here, read at k.cu:4")


def test_a_file_is_named_as_in_the_project():
    finding = {"kind": "memory_error", "message": "m", "file": "./k.cu", "line": 3}
    (found,) = symbolised(parse(lines(finding)), {}, {"dir/k.cu", "other.cu"}).findings
    assert found.file == "dir/k.cu"


def test_the_innermost_line_of_the_project_counts():
    text = "0x0000000000000010\n/cache/include/atomics.h:7\nk.cu:3 (discriminator 2)\nk.cu:9\n0x0000000000000020\n??:0\n"
    assert read(text, {"k.cu"}) == {0x10: "k.cu:3"}


def test_the_memory_is_bounded_and_read_back():
    with ReportMemory() as memory:
        os.write(memory.descriptor, lines({"kind": "summary", "launches": 2, "kernels": [{"threads": 64}, {"threads": 32}]}))
        try:
            os.pwrite(memory.descriptor, b"x", 1024**2 + 5)
        except PermissionError:
            refused = True
        report = memory.read()
    assert refused
    assert report.summary is not None
    assert (report.summary.launches, report.summary.threads) == (2, 64)


@given(st.binary(max_size=200) | st.recursive(st.none() | st.text() | st.integers(), st.lists).map(json.dumps).map(str.encode))
def test_anything_can_be_read(content):
    parse(content + b"\n" + lines({"kind": "race", "message": 3, "thread": content.hex(), "line": -1, "pc": "zz"}))


@given(
    st.lists(
        st.fixed_dictionaries({"kind": st.sampled_from(["race", "ok", "summary", "unsupported", "note"]), "message": st.text()})
    )
)
def test_a_report_never_makes_a_result_better(records):
    failed = Outcome("exit", 3, None, b"", b"", {}, 0.1, 0.1, 0)
    assert judge_run(EXECUTION, failed, parse(lines(*records))).status != Status.OK


def test_precedence():
    findings = [
        {"kind": kind, "message": kind} for kind in ("cuda_error", "barrier_divergence", "race", "memory_error", "unsupported")
    ]
    expected = [Status.RUNTIME_ERROR, Status.BARRIER_DIVERGENCE, Status.RACE, Status.MEMORY_ERROR, Status.UNSUPPORTED]
    for count, status in enumerate(expected, 1):
        judgement = judge_run(EXECUTION, ENDED_WELL, parse(lines(*findings[:count])))
        assert judgement.status == status
        assert judgement.diagnostics[0].kind == findings[count - 1]["kind"]


def test_one_same_value_is_told_but_is_no_race():
    report = parse(lines({"kind": "race_same_value", "message": "m"}, {"kind": "summary", "launches": 1, "kernels": []}))
    judgement = judge_run(EXECUTION, ENDED_WELL, report)
    assert judgement.status == Status.OK
    result = check_result("race", judgement.status, report, 0.1)
    assert result.clean
    assert "write one same value" in result.message


def test_a_run_without_a_summary_is_not_called_clean():
    assert check_result("race", Status.OK, parse(b""), 0.1).clean is None


def test_a_refused_launch_names_no_thread():
    finding = Finding("cuda_error", "launch of k refused: x", "k.cu", 3, "k", (0, 0, 0), (0, 0, 0))
    assert diagnostic(finding).message == "launch of k refused: x"
