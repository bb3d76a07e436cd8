"""The rungs of an OpenMP translation: parallel regions seen, sanitizers clean, threads that took part.

A small file beside the translation stands before libgomp's entries for parallel regions and counts the threads that enter, four
being asked for where the translation names no number. Limits: gcc's libgomp; that a thread entered a region does not say how
much of the work it did.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from codepar.cuda.cases.driver import CaseProgram
from codepar.cuda.cases.dump import CaseOutput
from codepar.cuda.cases.spec import TestSet
from codepar.cuda.verdict import CheckName, NamedCheck, failed, ok, unknown
from codepar.protocols import ExecutionResult, Status

THREADS = 4
REGIONS_FILE = "codepar_regions.c"
REGIONS_MARK = "codepar-regions"
"""What the counters' line on standard error begins with."""
_LINE = re.compile(r"^codepar-regions (\d+) (\d+)$", re.MULTILINE)
_SHARES = re.compile(
    r"^[ \t]*#[ \t]*pragma[ \t]+omp\b(?:[^\n\\]|\\.|\\\n)*\b(?:for|sections|task|taskloop|loop|distribute)\b"
    r"|\bomp_get_thread_num\b",
    re.MULTILINE,
)
_SCHEDULES = (
    "static",
    "dynamic",
    "guided",
    "runtime",
    "nonmonotonic_dynamic",
    "nonmonotonic_guided",
    "nonmonotonic_runtime",
    "maybe_nonmonotonic_runtime",
)
_SOURCE = """#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

static unsigned long regions, most;
struct work { void (*run)(void *); void *data; unsigned long threads; };
static void enter(void *given) {
    struct work *work = given;
    __atomic_add_fetch(&work->threads, 1, __ATOMIC_RELAXED);
    work->run(work->data);
}
static void *real(const char *name) {
    void *found = dlsym(RTLD_NEXT, name);
    if (!found) { fprintf(stderr, "%s is not in libgomp\\n", name); abort(); }
    return found;
}
static void count(struct work *work) {
    ++regions;
    if (work->threads > most) most = work->threads;
}
__attribute__((destructor)) static void tell(void) { fprintf(stderr, "\\ncodepar-regions %lu %lu\\n", regions, most); }

void GOMP_parallel(void (*run)(void *), void *data, unsigned threads, unsigned flags) {
    struct work work = {run, data, 0};
    ((void (*)(void (*)(void *), void *, unsigned, unsigned))real("GOMP_parallel"))(enter, &work, threads, flags);
    count(&work);
}
void GOMP_parallel_sections(void (*run)(void *), void *data, unsigned threads, unsigned sections, unsigned flags) {
    struct work work = {run, data, 0};
    void (*start)(void (*)(void *), void *, unsigned, unsigned, unsigned) = real("GOMP_parallel_sections");
    start(enter, &work, threads, sections, flags);
    count(&work);
}
"""
_ASK = """extern void omp_set_num_threads(int);
__attribute__((constructor)) static void ask(void) { omp_set_num_threads(@THREADS@); }
"""
_CHUNKED = """
void GOMP_parallel_loop_@NAME@(void (*run)(void *), void *data, unsigned threads, long a, long b, long c, @CHUNK@unsigned flags) {
    struct work work = {run, data, 0};
    void (*start)(void (*)(void *), void *, unsigned, long, long, long, @TYPE@unsigned) = real("GOMP_parallel_loop_@NAME@");
    start(enter, &work, threads, a, b, c, @PASS@flags);
    count(&work);
}
"""


def counting(program: CaseProgram) -> CaseProgram:
    """The program with the file that counts."""
    return replace(program, project=program.project.with_files({REGIONS_FILE: counting_file()}), flags=(*program.flags, "-ldl"))


def plain(program: CaseProgram) -> CaseProgram:
    """The program with as many threads and no counters: ThreadSanitizer's own view of OpenMP stands at their place."""
    return replace(program, project=program.project.with_files({REGIONS_FILE: asking_file()}))


def asking_file() -> str:
    """The file that asks for threads and counts nothing."""
    return _ASK.replace("@THREADS@", str(THREADS))


def counting_file() -> str:
    """The file that asks for threads and counts those that enter a region; link with ``-ldl``."""
    text = _SOURCE + asking_file()
    for name in _SCHEDULES:
        has_chunk = not name.endswith("runtime")
        chunked = _CHUNKED.replace("@NAME@", name).replace("@CHUNK@", "long chunk, " if has_chunk else "")
        text += chunked.replace("@TYPE@", "long, " if has_chunk else "").replace("@PASS@", "chunk, " if has_chunk else "")
    return text


def launch_rung(result: ExecutionResult) -> NamedCheck:
    """A parallel region was entered."""
    name = CheckName.LAUNCH
    found = _LINE.search(result.stderr)
    if found is None:
        return unknown(name, Status.INFRA_ERROR, "the run did not report its parallel regions")
    if int(found[1]) == 0:
        return failed(name, Status.NOT_PARALLEL, "no parallel region was entered")
    return ok(name, f"{found[1]} parallel regions were entered")


def parallel_rung(result: ExecutionResult, source: str) -> NamedCheck:
    """More than one thread was in one region, and something shares work out among them."""
    name = CheckName.PARALLEL
    if not _SHARES.search(source):
        return failed(
            name, Status.NOT_PARALLEL, "nothing shares work out: no loop, section, task or thread number in a pragma or call"
        )
    found = _LINE.search(result.stderr)
    if found is None:
        return unknown(name, Status.INFRA_ERROR, "the run did not report its threads")
    if int(found[2]) < 2:
        return failed(name, Status.NOT_PARALLEL, "no parallel region has more than one thread")
    return ok(name, f"up to {found[2]} threads in a region, of {THREADS} asked for")


def memory_rung(result: ExecutionResult, tests: TestSet, outputs: Sequence[CaseOutput]) -> NamedCheck:
    """Every case ends well under AddressSanitizer and UndefinedBehaviorSanitizer."""
    name = CheckName.MEMORY
    bad = [one for one in outputs if not one.is_ok]
    if result.status is Status.OK and not bad and len(outputs) == len(tests.cases):
        return ok(name, f"clean under AddressSanitizer and UndefinedBehaviorSanitizer in {len(outputs)} cases")
    place = next((one for one in result.diagnostics if one.kind != "note"), None)
    words = (
        place.message if place is not None else (f"case {bad[0].name} {bad[0].why()}" if bad else f"it ends as {result.status}")
    )
    if result.status in {Status.INFRA_ERROR, Status.UNSUPPORTED, Status.REFUSED, Status.TIMEOUT}:
        return unknown(name, result.status, f"the run under sanitizers ends as {result.status}: {words}")
    return failed(name, result.status if result.status is not Status.OK else Status.MEMORY_ERROR, words, found=place)


def race_rung(result: ExecutionResult) -> NamedCheck:
    """No data race under ThreadSanitizer."""
    name = CheckName.RACE
    place = next((one for one in result.diagnostics if one.kind != "note"), None)
    words = place.message if place is not None else "nothing more is known"
    if result.status is Status.OK:
        return ok(name, f"no race observed by ThreadSanitizer with {THREADS} threads")
    if result.status is Status.RACE:
        return failed(name, Status.RACE, words, found=place)
    return unknown(name, result.status, f"the run under ThreadSanitizer ends as {result.status}: {words}")
