"""Do the CPU runtime and a GPU agree? ``python benchmarks/cuda_agreement.py [--pairs FILE] [--checks] [--without-gpu]``.

All kernels at hand run on both: the pairs of FILE (as ``cuda_pairs.py`` reads them) on recorded inputs, the labelled kernels of
``tests/``, the translations of ``examples/cuda`` in the programs they came from. Agreement is the same exit code and the same
output, numbers within what another order of summation allows. With ``--checks`` both also look for memory errors, races and
divergent barriers, and the findings are set side by side; compute-sanitizer sees races on shared memory alone. Without a device
it says why and exits 2; ``--without-gpu`` then shows what can be seen: what the CPU runtime runs and nvcc accepts. Limits: one
run a side; a race may print anything on either.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from cuda_pairs import program, same

from codepar.errors import EnvironmentFault
from codepar.project import Project
from codepar.protocols import Check, Execution, ExecutionResult, Limits, Status
from codepar.settings import Settings
from worker.executor import LocalExecutor
from worker.runner import Runner
from worker.sandbox import SandboxedRunner
from worker.trusted import TrustedRunner

ROOT = Path(__file__).resolve().parent.parent
CORPUS = ROOT / "tests/worker/toolchains/cuda_cpu/corpus"
EXAMPLES = ROOT / "examples/cuda"
LIMITS = Limits(wall_s=30, compile_s=120)
PATH = "/usr/local/bin:/usr/bin:/bin"
NOT_RUN = {Status.COMPILE_ERROR, Status.UNSUPPORTED, Status.REFUSED, Status.TIMEOUT, Status.MEMORY_LIMIT}
FINDINGS = {Status.MEMORY_ERROR, Status.RACE, Status.BARRIER_DIVERGENCE}
_CASE = re.compile(r'^CASE\((\w+), "[^"]+", "(\w+)"\)', re.MULTILINE)


@dataclass(frozen=True)
class Item:
    """One program with its arguments. ``label`` is the finding it was written for, None where nobody labelled it."""

    group: str
    name: str
    project: Project
    arguments: tuple[str, ...] = ()
    label: str | None = None


@dataclass
class Table:
    """Counts by group, findings by label, and a line for each disagreement."""

    groups: dict[str, Counter[str]] = field(default_factory=dict)
    findings: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    differ: list[str] = field(default_factory=list)

    def count(self, item: Item, what: str) -> None:
        self.groups.setdefault(item.group, Counter())[what] += 1


def pairs(file: Path, inputs: int) -> Iterator[Item]:
    """Each pair's CUDA version on its first recorded inputs."""
    for line in file.read_text().splitlines():
        row = json.loads(line)
        text = program(f"{row['cuda_code']}\n{row['cuda_wrapper']}", row["consistent_cuda_inputs"])
        for test in range(min(inputs, len(row["consistent_cuda_inputs"]))):
            yield Item("pairs", f"{row['id']}.{test}", Project(files={"main.cu": text}), (str(test),))


def corpus() -> Iterator[Item]:
    """Every labelled kernel of the tests, at one shape."""
    frame = (CORPUS / "corpus.h").read_text()
    for path in sorted(CORPUS.glob("*.cu")):
        text = path.read_text()
        project = Project(files={path.name: text, "corpus.h": frame})
        for name, label in _CASE.findall(text):
            yield Item("tests", f"{path.stem}:{name}", project, (name, "256", "5"), label)


def examples() -> Iterator[Item]:
    """Each example program, its function replaced by the translation beside it."""
    for path in sorted(EXAMPLES.glob("*.c")):
        translation = path.with_name(f"{path.stem}_cuda.cu")
        if not translation.exists():
            continue
        kernels = translation.read_text()
        declared = re.search(r'extern "C" (.*?(\w+)_cuda\(.*?\));', kernels)
        if declared is None:
            raise SystemExit(f"{translation}: no entry with C linkage")
        swapped = f"{declared[1]};\n#define {declared[2]} {declared[2]}_cuda\nint main("
        host = path.read_text().replace("int main(", swapped, 1)
        yield Item("examples", path.stem, Project(files={path.name: host, translation.name: kernels}))


class Sides:
    """Runs a program on either side."""

    def __init__(self, settings: Settings, trust: bool, checks: bool) -> None:
        runner: Runner = TrustedRunner() if trust else SandboxedRunner(settings)
        self.executor = LocalExecutor(settings, runner, PATH)
        self._emulated: tuple[Check, ...] = ("memory", "race") if checks else ()
        self._on_gpu: tuple[Check, ...] = ("memory", "race", "sync") if checks else ()

    async def emulated(self, item: Item) -> ExecutionResult:
        return await self.executor.execute(_asked(item, emulate=True, checks=self._emulated))

    async def on_gpu(self, item: Item) -> ExecutionResult:
        return await self.executor.execute(_asked(item, gpu=True, checks=self._on_gpu))

    async def nvcc_accepts(self, item: Item) -> bool:
        return (await self.executor.cuda.check(_asked(item))).status == Status.OK


def _asked(item: Item, **fields: object) -> Execution:
    return Execution(project=item.project, arguments=item.arguments, limits=LIMITS, **fields)


def compare(item: Item, emulated: ExecutionResult, on_gpu: ExecutionResult, table: Table) -> None:
    """Count one program."""
    table.count(item, "programs")
    for result, side in ((emulated, "emulator"), (on_gpu, "GPU")):
        if result.status in NOT_RUN:
            table.count(item, f"not run: {side}")
            table.differ.append(f"{item.group} {item.name}: {side} {result.status}: {_why(result)}")
            return
    alike = emulated.exit_code == on_gpu.exit_code and same(emulated.stdout, on_gpu.stdout)
    table.count(item, "same" if alike else "differ")
    found = tuple(str(result.status) if result.status in FINDINGS else "nothing" for result in (emulated, on_gpu))
    table.findings[item.label or "unlabelled", *found] += 1
    if not alike:
        shown = f"{emulated.stdout.strip()[-80:]!r} and on the GPU {on_gpu.stdout.strip()[-80:]!r}"
        table.differ.append(f"{item.group} {item.name}: printed {shown}; {emulated.status}, {on_gpu.status}")


def _why(result: ExecutionResult) -> str:
    return result.diagnostics[0].message[:200] if result.diagnostics else result.stderr[:200]


async def agreement(items: list[Item], sides: Sides, checks: bool) -> Table:
    """Run everything on both sides, one program at a time: they share the device."""
    table = Table()
    for item in items:
        compare(item, await sides.emulated(item), await sides.on_gpu(item), table)
    if not checks:
        table.findings.clear()
    return table


async def without_gpu(items: list[Item], sides: Sides) -> Table:
    """What is seen where no device is."""
    table, accepted = Table(), dict[str, bool]()
    for item in items:
        result = await sides.emulated(item)
        text = "".join(item.project.files.values())
        if text not in accepted:
            accepted[text] = await sides.nvcc_accepts(item)
        table.count(item, "programs")
        table.count(item, "not run: emulator" if result.status in NOT_RUN else "run: emulator")
        table.count(item, "accepted: nvcc" if accepted[text] else "refused: nvcc")
        if result.status in NOT_RUN or not accepted[text]:
            told = "nvcc accepts it" if accepted[text] else "nvcc refuses it"
            table.differ.append(f"{item.group} {item.name}: {result.status}: {_why(result)}; {told}")
    return table


def show(table: Table) -> None:
    """Print the tables."""
    for group, counts in table.groups.items():
        told = ", ".join(f"{what} {count}" for what, count in sorted(counts.items()) if what != "programs")
        print(f"{group:9s} {counts['programs']} programs: {told}")
    if table.findings:
        print("label, the emulator finds, compute-sanitizer finds: programs")
    for (label, emulated, on_gpu), count in sorted(table.findings.items()):
        print(f"  {label:20s} {emulated:20s} {on_gpu:20s} {count}")
    for line in table.differ:
        print(f"  {line}")


async def main() -> int:
    """Read the command line and print the table of agreement; 2 where no GPU is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=Path, help="pairs with recorded outputs, one JSON object a line")
    parser.add_argument("--inputs", type=int, default=5, help="recorded inputs a pair")
    parser.add_argument("--checks", action="store_true", help="compare findings, too")
    parser.add_argument("--without-gpu", action="store_true")
    parser.add_argument("--trust", action="store_true", help="no sandbox")
    parser.add_argument("--only", default="", help="only programs whose name holds this")
    parser.add_argument("--data-dir", type=Path, help="where caches lie (default: the user's)")
    options = parser.parse_args()
    sides = Sides(Settings(data_dir=options.data_dir) if options.data_dir else Settings(), options.trust, options.checks)
    items = [*(pairs(options.pairs, options.inputs) if options.pairs else ()), *corpus(), *examples()]
    items = [item for item in items if options.only in item.name]
    if options.without_gpu:
        show(await without_gpu(items, sides))
        return 0
    try:
        gpu = await sides.executor.gpu.find()
    except EnvironmentFault as error:
        print(f"no table of agreement here: {error}", file=sys.stderr)
        return 2
    print(f"{gpu.devices[0].name}, driver of CUDA {gpu.driver}; {len(items)} programs")
    show(await agreement(items, sides, options.checks))
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
