"""The rungs that read a report, on reports made up for the purpose."""

from __future__ import annotations

import pytest

from codepar.cuda.cases.spec import TestCase, TestSet
from codepar.cuda.iterations import Iterations
from codepar.cuda.verdict import CheckName, ok
from codepar.flows.cuda_bench import Bench
from codepar.flows.cuda_rungs import atomics_notes, device_rung, launch_rung, memory_rung, parallel_rung, race_rung
from codepar.protocols import CheckResult, DeviceWork, Diagnostic, ExecutionResult, HostWork, KernelWork, Status


def bench(*levels: tuple[int, ...]) -> Bench:
    cases = tuple(TestCase(name=f"c{number}") for number in range(len(levels)))
    loops = {}
    for case, one in zip(cases, levels, strict=True):
        totals = [one[0]]
        for count in one[1:]:
            totals.append(totals[-1] * count)
        loops[case.name] = Iterations(one, tuple(totals))
    names = frozenset(case.name for case in cases)
    return Bench(TestSet(function="f", cases=cases, purpose="judge"), ok(CheckName.TESTS, ""), telling=names, iterations=loops)


def kernel(case: int, active: int, *, launches: int = 1, **fields) -> KernelWork:
    accesses = fields.pop("accesses", 3 * active * launches)
    shape = {"grid": (1, 1, 1), "block": (1024, 1, 1), "threads": fields.pop("threads", 1024)}
    busiest = fields.pop("busiest", 3 * launches)
    return KernelWork(
        case=case, kernel="k", launches=launches, active=active, accesses=accesses, busiest=busiest, **shape, **fields
    )


def device(*kernels: KernelWork, host: tuple[HostWork, ...] = ()) -> DeviceWork:
    return DeviceWork(launches=len(kernels), kernels=kernels, host=host, is_counted=True)


@pytest.mark.parametrize(
    ("levels", "active", "launches", "passed"),
    [
        ((100,), 50, 1, True),
        ((100,), 49, 1, False),
        ((100,), 1, 1, False),
        ((100, 40), 40, 1, True),  # either loop of a nest may be shared out
        ((100, 40, 500), 19, 1, False),
        ((10, 1000), 500, 10, True),  # ten launches: the outer loop is the host's
        ((10, 1000), 20, 10, False),
        ((1000,), 1, 1000, False),  # a launch an iteration
        ((3, 3000), 2, 1, False),  # half of the smaller loop, but never more than two threads at once
        ((1, 33), 1, 1, True),  # one position only
        ((3,), 1, 1, True),  # so small that it asks for nothing...
    ],
)
def test_half_of_the_iterations(levels, active, launches, passed):
    asked = bench(levels, (64,))  # ... beside a case that does
    rung = parallel_rung(asked, device(kernel(0, active, launches=launches), kernel(1, 64)))
    if levels == (3, 3000):
        rung = parallel_rung(bench(levels), device(kernel(0, active)))
    assert rung.passed is passed, rung.message


def ordered(*cases: tuple[int, int]) -> Bench:
    """Cases of one loop, each with its iterations and how many of them met in an element."""
    plain = bench(*((count,) for count, _ in cases))
    loops = {f"c{at}": Iterations((count,), (count,), (count,), (0,), (met,)) for at, (count, met) in enumerate(cases)}
    return Bench(plain.tests, plain.check, telling=plain.telling, iterations=loops)


@pytest.mark.parametrize(
    ("cases", "passed"),
    [
        (((64, 63), (64, 0)), True),  # a stride of zero
        (((1000, 999), (300, 0)), True),  # more than a block of them is free elsewhere
        (((64, 63), (63, 0)), False),  # only a small case is free: that may be luck
        (((64, 63), (64, 63)), False),  # a scan, a histogram
    ],
)
def test_iterations_that_depend_on_each_other_by_their_scalars_ask_for_nothing(cases, passed):
    rung = parallel_rung(ordered(*cases), device(kernel(0, 1), kernel(1, cases[1][0])))
    assert rung.passed is passed, rung.message


def test_where_one_iteration_does_all_the_work_threads_are_launched_for_all():
    one = bench((1,))
    spans = Bench(one.tests, one.check, telling=one.telling, iterations={"c0": Iterations((1,), (100,), (100,), (0,), (0,))})
    assert parallel_rung(spans, device(kernel(0, 1, threads=128))).passed is True
    assert parallel_rung(spans, device(kernel(0, 1, threads=32))).passed is False
    assert parallel_rung(one, device(kernel(0, 1, threads=128))).passed is False


def test_one_thread_with_the_others_looking_on_is_not_parallel():
    rung = parallel_rung(bench((100,)), device(kernel(0, 100, accesses=400, busiest=301)))
    assert (rung.passed, "one thread makes 301 of the 400" in rung.message) == (False, True)


@pytest.mark.parametrize(
    ("active", "busiest", "passed"), [(1, 100, False), (1, 99, True), (2, 400, True)], ids=["all", "some", "shared"]
)
def test_a_kernel_of_one_thread_beside_a_parallel_one(active, busiest, passed):
    crowd, alone = kernel(1, 100, accesses=2000, busiest=20), kernel(1, active, accesses=busiest, busiest=busiest)
    small = kernel(0, 40, accesses=400, busiest=40)
    rung = parallel_rung(bench((40,), (100,)), device(small, crowd, alone))
    assert rung.passed is passed, rung.message


def test_one_address_for_all():
    crowd = kernel(0, 1000, accesses=1000, atomics=1000, same_address=1000)
    assert parallel_rung(bench((1000,)), device(crowd)).passed is False
    naive_sum = kernel(0, 1000, accesses=2000, atomics=1000, same_address=1000)
    assert parallel_rung(bench((1000,)), device(naive_sum)).passed is True
    assert len(atomics_notes(device(naive_sum))) == 1
    assert atomics_notes(device(kernel(0, 1000, atomics=1000, same_address=8))) == ()


def test_unknown_iterations_are_no_pass():
    unknown = Bench(bench((8,)).tests, ok(CheckName.TESTS, ""), telling=frozenset({"c0"}), iterations=None)
    assert parallel_rung(unknown, device(kernel(0, 8))).passed is None


def test_what_was_not_instrumented_is_held_against_what_was_launched():
    both, seen = bench((100,), (5000,)), device(kernel(0, 100))
    small = device(kernel(0, 0, threads=128), kernel(1, 0, threads=32))
    assert parallel_rung(both, seen, small, {"c1"}).passed is False
    large = device(kernel(0, 0, threads=128), kernel(1, 0, threads=5120))
    assert parallel_rung(both, seen, large, {"c1"}).passed is True


def host(buffer: str, elements: int, *, stores: int = 0, copied: int = 0) -> HostWork:
    return HostWork(case=0, buffer=buffer, elements=elements, loads=elements, stores=stores, copied=copied)


@pytest.mark.parametrize(
    ("busiest", "others", "passed"),
    [
        (2000, 8, False),  # one thread does it all, the others load for show
        (1000, 500, True),  # a scan in which each thread goes through what is before it
        (400, 8, True),  # less than half of the work: the totals of blocks, say
    ],
)
def test_no_thread_of_a_crowd_goes_through_the_data(busiest, others, passed):
    kernels = device(kernel(0, 1000, accesses=busiest + 999 * others, busiest=busiest))
    rung = parallel_rung(bench((1000,)), kernels)
    assert rung.passed is passed
    assert passed or f"one thread makes {busiest} accesses" in rung.message


@pytest.mark.parametrize(
    ("work", "passed"),
    [
        ((host("x", 0, copied=1000), host("stack", 60), host("other", 4)), True),
        ((host("x", 130),), False),
        ((host("other", 130),), False),
        ((host("index", 1000),), True),
        ((host("index", 1000, stores=1000),), False),
        ((host("stack", 501),), False),
        ((host("other", 100),), True),  # partial sums of blocks
    ],
)
def test_host_code_leaves_the_data_alone(work, passed):
    rung = device_rung(bench((1000,)), device(kernel(0, 1000), host=work), frozenset(), {"index"})
    assert rung.passed is passed, rung.message


def test_right_without_kernels_is_a_host_fallback():
    three = bench((100,), (100,), (100,))
    work = device(kernel(0, 100))
    assert device_rung(three, work, {"c0", "c1"}, ()).passed is False
    assert device_rung(three, work, {"c0"}, ()).passed is True
    assert device_rung(three, work, {"c0"}, (), unseen={"c0"}).passed is False
    assert device_rung(three, work, None, ()).passed is None


def result(
    status: Status = Status.OK, *found: Diagnostic, clean: bool | None = True, work: DeviceWork | None = None
) -> ExecutionResult:
    checks = tuple(CheckResult(check=name, clean=clean, message="said") for name in ("memory", "race"))
    return ExecutionResult(status=status, checks=checks, diagnostics=found, device=work or device(kernel(0, 100)))


def test_launches_are_asked_of_every_telling_case():
    two = bench((100,), (100,))
    assert launch_rung(two, result(work=device(kernel(0, 100), kernel(1, 100)))).passed is True
    assert launch_rung(two, result()).passed is False
    assert launch_rung(two, result(work=DeviceWork())).passed is False
    assert launch_rung(two, ExecutionResult(status=Status.RUNTIME_ERROR)).passed is None


def test_what_was_not_watched_is_no_pass():
    for broken in (result(clean=None), result(work=DeviceWork(launches=1, is_counted=True, is_complete=False))):
        assert memory_rung(broken, "all cases").passed is None
        assert race_rung(broken, "all cases").passed is None


def test_same_value_races_are_a_class_of_their_own():
    seen = result(Status.OK, Diagnostic(kind="race_same_value", message="two writes", line=3))
    refused, accepted = race_rung(seen, ""), race_rung(seen, "", accept_same_value=True)
    assert (refused.passed, refused.kind, refused.line) == (False, "race_same_value", 3)
    assert (accepted.passed, accepted.kind) == (True, "race_same_value")
    real = result(Status.RACE, Diagnostic(kind="race", message="a race", line=4), clean=False)
    assert race_rung(real, "", accept_same_value=True).passed is False
