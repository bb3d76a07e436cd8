"""The rungs of the ladder that read what a run reported: launches, memory, races, barriers, the host's own work, threads.

Every function takes evidence and gives one ``NamedCheck``. Limits: the evidence comes from the process under test, so it can
fail a rung or leave it unknown; that it passes rests on the values too.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import TypeVar

from codepar.cuda.cases.spec import TestSet
from codepar.cuda.iterations import Iterations
from codepar.cuda.verdict import CheckName, NamedCheck, failed, ok, unknown
from codepar.flows.cuda_bench import Bench
from codepar.protocols import CheckResult, DeviceWork, Diagnostic, ExecutionResult, HostWork, KernelWork, Status

MANY = 32
"""Iterations from which on a case tells how far the work is shared out; smaller ones ask for less."""

_HINDERS = frozenset({"cuda_error", "memory_error"})
_OWN_RUNGS = frozenset({Status.OK, Status.RACE, Status.BARRIER_DIVERGENCE})
_HOST_SHARE = 8
_STACK = 256
_SERIAL_SHARE = 0.9
_CROWD = 256
# In a triangular loop a thread makes up to twice the accesses of the usual one, with a long row some times as many.
_SKEW = 16
SAME_VALUE = "race_same_value"
_Work = TypeVar("_Work", KernelWork, HostWork)


def case_names(tests: TestSet, work: Iterable[KernelWork | HostWork]) -> set[str]:
    """The cases that have a record."""
    return {tests.cases[one.case].name for one in work if one.case is not None and 0 <= one.case < len(tests.cases)}


def launch_rung(bench: Bench, result: ExecutionResult) -> NamedCheck:
    """Every case that can tell anything launched a kernel. What kept launches from being made is the better answer."""
    name, device = CheckName.LAUNCH, result.device
    if device is None:
        return unknown(name, Status.INFRA_ERROR, "the run did not report what it launched")
    hindered = next((one for one in result.diagnostics if one.kind in _HINDERS), None)
    if hindered is not None and bench.telling - case_names(bench.tests, device.kernels):
        return failed(name, result.status, hindered.message, found=hindered)
    if device.launches == 0:
        return failed(name, Status.NOT_PARALLEL, "no kernel was launched")
    if not device.is_complete:
        return unknown(name, Status.INFRA_ERROR, "the record of the launches is not complete")
    without = sorted(bench.telling - case_names(bench.tests, device.kernels))
    if without:
        return failed(name, Status.NOT_PARALLEL, f"no kernel was launched in {_some(without, 'case')}")
    largest = max(device.kernels, key=lambda one: one.threads)
    return ok(name, f"{device.launches} launches in {len(bench.tests.cases)} cases; the largest is {shape(largest)}")


def shape(kernel: KernelWork) -> str:
    """``add<<<(4, 1, 1), (256, 1, 1)>>>``."""
    return f"{kernel.kernel}<<<{kernel.grid}, {kernel.block}>>>, {kernel.threads} threads"


def memory_rung(result: ExecutionResult, cases: str) -> NamedCheck:
    """No access outside what is allocated, in the instrumented run."""
    return _instrumented(CheckName.MEMORY, Status.MEMORY_ERROR, result, cases)


def race_rung(result: ExecutionResult, cases: str, *, accept_same_value: bool = False) -> NamedCheck:
    """No unordered accesses. Writes of one same value are a class of their own, and fail unless they are accepted."""
    rung = _instrumented(CheckName.RACE, Status.RACE, result, cases)
    same = _of_kind(result.diagnostics, SAME_VALUE)
    if not same or rung.passed is not True:
        return rung
    words = f"{same[0].message} (all leave one same value: its own class of race)"
    if accept_same_value:
        return rung.model_copy(update={"message": f"{rung.message}; accepted: {words}", "kind": SAME_VALUE})
    return failed(CheckName.RACE, Status.RACE, words, found=same[0], kind=SAME_VALUE)


def barrier_rung(results: Sequence[ExecutionResult]) -> NamedCheck:
    """All threads of a block reach each barrier, in every run."""
    for result in results:
        found = _of_kind(result.diagnostics, "barrier_divergence")
        if found:
            return failed(CheckName.BARRIER, Status.BARRIER_DIVERGENCE, found[0].message, found=found[0])
    return ok(CheckName.BARRIER, f"every barrier was reached by all threads of its block in {len(results)} runs")


def _instrumented(name: CheckName, status: Status, result: ExecutionResult, cases: str) -> NamedCheck:
    found = _of_kind(result.diagnostics, status)
    said: CheckResult | None = next((one for one in result.checks if one.check == name), None)
    if found:
        return failed(name, status, found[0].message, found=found[0])
    if said is not None and said.clean is False:
        return failed(name, status, said.message)
    if said is None or said.clean is None:
        why = said.message if said is not None else f"the run ended as {result.status} before it was checked"
        return unknown(name, result.status if result.status is not Status.OK else Status.INFRA_ERROR, why)
    if result.status not in _OWN_RUNGS:
        words = result.diagnostics[0].message if result.diagnostics else "nothing more is known"
        return failed(name, result.status, f"the instrumented run ends as {result.status}: {words}")
    if result.device is None or not result.device.is_counted or not result.device.is_complete:
        return unknown(name, Status.INFRA_ERROR, "part of the memory or of the launches was not watched")
    return ok(name, f"{said.message}; {cases}")


def device_rung(
    bench: Bench,
    device: DeviceWork,
    agreeing: Collection[str] | None,
    index_buffers: Collection[str],
    *,
    unseen: Collection[str] = (),
) -> NamedCheck:
    """The results come from kernels: without them they are wrong, and host code does not go through the data itself.

    ``agreeing`` are the cases that are right with no kernel run, None where such a run said nothing. Buffers that hold subscripts
    may be read: their largest value is needed to size other buffers. What host code did in ``unseen`` cases was not counted, so
    none of these may be right without kernels.
    """
    name = CheckName.DEVICE
    for number, work in _by_case(device.host).items():
        problem = _host_problem(bench, number, work, index_buffers)
        if problem is not None:
            return failed(name, Status.NOT_PARALLEL, problem)
    if agreeing is None:
        return unknown(name, Status.INFRA_ERROR, "the run without kernels could not be carried through")
    asked = [case for case in bench.telling if bench.work(case) >= MANY] or sorted(bench.telling)
    right = [case for case in asked if case in agreeing]
    if 2 * len(right) > len(asked) or set(right) & set(unseen):
        message = f"{len(right)} of {len(asked)} cases are right although no kernel ran: the host computes them"
        return failed(name, Status.NOT_PARALLEL, message)
    return ok(
        name, f"with no kernel run {len(asked) - len(right)} of {len(asked)} cases are wrong; host code leaves the data alone"
    )


def _host_problem(bench: Bench, number: int, work: Sequence[HostWork], index_buffers: Collection[str]) -> str | None:
    case = bench.tests.cases[number].name
    size = max(bench.work(case), bench.changed(case))
    counts = {one.buffer: one.stores if one.buffer in index_buffers else one.elements for one in work}
    stack = counts.pop("stack", 0)
    if stack > max(_STACK, size // 2):
        return f"case {case}: host code itself works on {stack} elements on its stack, where the original has {size} to do"
    touched = sum(counts.values())
    if touched <= max(MANY, size // _HOST_SHARE):
        return None
    named = ", ".join(f"{count} of {buffer}" for buffer, count in counts.items() if count)
    return f"case {case}: host code itself loads or stores {touched} elements ({named}), where the original has {size} to do"


def parallel_rung(bench: Bench, device: DeviceWork, plain: DeviceWork | None = None, unseen: Collection[str] = ()) -> NamedCheck:
    """Threads that access global memory: at least half of the iterations of a loop that can be shared out, in every telling case.

    The loops are the two outermost of the original's busiest nest, less those that the host steps through with a launch each;
    the smaller of the two counts, at least 2. And over all cases: half of the largest, or 32 threads, were seen active at once.
    Nothing is asked of a case whose iterations meet in an element where those of a larger one do not (a stride of zero).
    """
    name = CheckName.PARALLEL
    shares = [_share(bench, number, work) for number, work in _by_case(device.kernels).items()]
    telling = [share for share in shares if share.case in bench.telling and not share.is_ordered]
    asked = [share for share in telling if share.most > 1]
    if bench.iterations is None:
        return unknown(name, Status.INFRA_ERROR, "the original's iterations could not be counted")
    if not asked:
        return _lonely_rung(telling)
    short = next((share for share in asked if share.active < share.needed), None)
    if short is not None:
        return failed(name, Status.NOT_PARALLEL, short.words())
    small = _too_small(bench, plain, unseen) if plain is not None else None
    if small is not None:
        return failed(name, Status.NOT_PARALLEL, small)
    best = max(asked, key=lambda share: share.active)
    largest = max(share.most for share in asked)
    if best.active < min(MANY, -(-largest // 2)):
        return failed(
            name, Status.NOT_PARALLEL, f"never more than {best.active} threads are active, of up to {largest} iterations"
        )
    lonely = next((share for share in asked if share.iterations >= MANY and share.is_lonely), None)
    if lonely is not None:
        message = f"case {lonely.case}: one thread makes {lonely.busiest} of the {lonely.accesses} accesses to memory"
        return failed(name, Status.NOT_PARALLEL, message)
    alone = _alone(bench, device, asked) or _skewed(bench, device, asked)
    if alone is not None:
        return failed(name, Status.NOT_PARALLEL, alone)
    serial = next((one for one in device.kernels if _is_serial(one)), None)
    if serial is not None:
        share = f"{serial.same_address} of its {serial.accesses} accesses"
        message = f"{serial.kernel}: {share} are atomics on one address, which run in turn"
        return failed(name, Status.NOT_PARALLEL, message)
    return ok(
        name, f"at least half of the iterations have a thread in each of {len(asked)} cases; up to {best.active} threads active"
    )


def _lonely_rung(telling: Sequence[_Share]) -> NamedCheck:
    """No more than one iteration of any case touches memory: threads for all of them must at least be launched."""
    name = CheckName.PARALLEL
    looped = [share for share in telling if share.span > 1]
    if not looped:
        return failed(name, Status.NOT_PARALLEL, "in no case does the original run a loop of more than one iteration")
    for share in looped:
        if share.threads < max(2, -(-share.span // 2)):
            message = f"case {share.case}: at most {share.threads} threads are launched, for {share.span} iterations"
            return failed(name, Status.NOT_PARALLEL, message)
    return ok(name, f"no more than one iteration touches memory in any of {len(looped)} cases; all have their threads")


def _alone(bench: Bench, device: DeviceWork, asked: Sequence[_Share]) -> str | None:
    """A kernel of one active thread that goes through all the data of the largest case, whatever other kernels do."""
    case = max((share.case for share in asked if share.iterations >= MANY), key=bench.work, default=None)
    if case is None:
        return None
    for number, work in _by_case(device.kernels).items():
        for one in work if bench.tests.cases[number].name == case else ():
            if one.active == 1 and one.busiest >= bench.work(case):
                steps = bench.work(case)
                return f"case {case}: {one.kernel}: its one active thread makes {one.busiest} accesses, for {steps} iterations"
    return None


def _skewed(bench: Bench, device: DeviceWork, asked: Sequence[_Share]) -> str | None:
    """A thread that goes through half of a large case or more, while the others of its kernel load and store for show."""
    large = {share.case for share in asked if share.iterations >= _CROWD}
    for number, work in _by_case(device.kernels).items():
        case = bench.tests.cases[number].name
        for one in work if case in large else ():
            if 2 * one.busiest >= bench.work(case) > 0 and one.busiest * one.active > _SKEW * one.accesses:
                usual = one.accesses // max(1, one.active)
                return f"case {case}: {one.kernel}: one thread makes {one.busiest} accesses, its threads make {usual} on average"
    return None


def _too_small(bench: Bench, plain: DeviceWork, unseen: Collection[str]) -> str | None:
    """A case that was not instrumented, and whose launches have too few threads to begin with."""
    for number, work in _by_case(plain.kernels).items():
        share = _share(bench, number, work)
        is_asked = share.case in unseen and share.case in bench.telling and not share.is_ordered
        if is_asked and share.most > 1 and share.threads < share.needed:
            return f"case {share.case}: at most {share.threads} threads are launched, {share.needed} are asked for"
    return None


class _Share:
    """One case: threads active in the largest launch against what the original has to share out.

    ``span`` counts also iterations that touch no memory; ``is_ordered``: this case's iterations depend on each other.
    """

    def __init__(
        self, case: str, levels: tuple[int, ...], kernels: Sequence[KernelWork], *, span: int = 1, is_ordered: bool = False
    ) -> None:
        self.case = case
        self.span = span
        self.is_ordered = is_ordered
        self.threads = max((one.threads for one in kernels), default=0)
        self.iterations = min(levels, default=1)
        self.most = max(levels, default=1)
        self.active = max((one.active for one in kernels), default=0)
        self.accesses = sum(one.accesses for one in kernels)
        self.busiest = sum(one.busiest for one in kernels)

    @property
    def needed(self) -> int:
        return max(2, -(-self.iterations // 2)) if self.most > 3 and self.iterations > 1 else 1

    @property
    def is_lonely(self) -> bool:
        return 2 * self.busiest > self.accesses

    def words(self) -> str:
        threads = "1 thread is" if self.active == 1 else f"{self.active} threads are"
        return f"case {self.case}: {threads} active at most, {self.needed} are asked for (half of {self.iterations} iterations)"


def _share(bench: Bench, number: int, kernels: Sequence[KernelWork]) -> _Share:
    case = bench.tests.cases[number].name
    known = (bench.iterations or {}).get(case)
    # A host that steps through a loop launches some kernel again and again; several kernels once each are no steps.
    launches = sum(one.launches for one in kernels) if any(one.launches > 1 for one in kernels) else 1
    if known is None:
        return _Share(case, (bench.changed(case),), kernels)
    first = known.begun(launches)
    span = min(known.spans[first : first + 2], default=1)
    return _Share(case, known.shared_out(launches), kernels, span=span, is_ordered=_is_ordered(bench, known, launches))


def _is_ordered(bench: Bench, known: Iterations, launches: int) -> bool:
    """Whether iterations meet in an element here, but not in a case with as many or a block of them: the scalars' doing."""
    others = [one for name, one in (bench.iterations or {}).items() if name in bench.telling]
    return any(one.is_free(loop, min(level, _CROWD)) for loop, level in known.clashing(launches).items() for one in others)


def atomics_notes(device: DeviceWork) -> tuple[str, ...]:
    """Kernels in which most threads of a large launch go through one address in turn."""
    found = {
        one.kernel: f"{one.kernel}: {one.same_address} atomics on one address run in turn, {one.active} threads (case {one.case})"
        for one in device.kernels
        if one.active >= _CROWD and 2 * one.same_address >= one.active * one.launches
    }
    return tuple(found.values())


def _is_serial(kernel: KernelWork) -> bool:
    return kernel.active >= _CROWD and kernel.same_address >= _SERIAL_SHARE * kernel.accesses


def _by_case(records: Iterable[_Work]) -> dict[int, list[_Work]]:
    grouped: dict[int, list[_Work]] = defaultdict(list)
    for one in records:
        if one.case is not None:
            grouped[one.case].append(one)
    return grouped


def _of_kind(diagnostics: Iterable[Diagnostic], *kinds: str) -> list[Diagnostic]:
    return [one for one in diagnostics if one.kind in kinds]


def _some(names: Sequence[str], what: str) -> str:
    shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    return f"{what}{'s' if len(names) > 1 else ''} {shown}"
