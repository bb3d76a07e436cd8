"""Work on many items side by side: over MPI ranks where a launcher started several, else over processes.

`mpiexec -n 8 codepar finetune corpus ...` spreads over ranks (and nodes), the same command without `mpiexec` over the cores of
this machine. Limits: functions and items must be picklable; one rank gives out the work and does none.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from typing import TypeVar, cast

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")
# Set by the launchers of MPICH, Open MPI and PMIx in each rank's environment.
_LAUNCHED = ("PMI_SIZE", "OMPI_COMM_WORLD_SIZE", "PMIX_RANK")


@contextmanager
def open_pool(workers: int | None = None) -> Iterator[Executor | None]:
    """A pool of ``workers`` processes (all cores by default), or of the other ranks.

    None in a rank that worked for the first one: it has done its part by then, and its program ends.
    """
    if not any(name in os.environ for name in _LAUNCHED):
        with ProcessPoolExecutor(max_workers=workers) as processes:
            yield processes
        return
    # Importing these starts MPI: only where a launcher waits for it.
    from mpi4py import MPI
    from mpi4py.futures import MPICommExecutor

    with MPICommExecutor(MPI.COMM_WORLD, root=0) as ranks:
        yield cast("Executor | None", ranks)


def spread(pool: Executor, work: Callable[[_Item], _Result], items: Iterable[_Item]) -> Iterator[_Result]:
    """The results of ``work`` on each item, in the order in which they are done."""
    for future in as_completed([pool.submit(work, item) for item in items]):
        yield future.result()
