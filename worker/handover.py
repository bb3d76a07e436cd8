"""A pool process's side of its keeper: start it, hand it the messages that come, and hear what becomes of them.

The keeper is forked twice and leads a session of its own, so that it is nobody's child here: a kill of the worker and of all
that is below it does not reach it. Limits: fork, so Linux, and a pool process that has one thread.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from contextlib import suppress
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NoReturn

from codepar.settings import Settings
from worker.keeper import Answer, Errand, Keeper
from worker.title import rename

# Without the words by which one looks for the worker's own processes.
TITLE = "codepar keeper"

_log = logging.getLogger(__name__)


class Handover:
    """Has a keeper at any time. ``shutdown`` is asked in the keeper; for ``service`` see ``Keeper``."""

    def __init__(self, settings: Settings, shutdown: Callable[[], bool], service: int | None) -> None:
        self._settings = settings
        self._shutdown = shutdown
        self._service = service
        self._link = self._start()

    def give(self, errand: Errand) -> Answer:
        """Have it done. A keeper that is lost with the errand is an ``AGAIN``: the message belongs into the queue."""
        # A silent keeper is a living one; what can be read is the end.
        if self._link.closed or self._link.poll():
            self._link.close()
            self._link = self._start()
        try:
            self._link.send_bytes(errand.encoded())
            return Answer(self._link.recv_bytes().decode())
        except (EOFError, OSError):
            _log.warning("the keeper was lost in the middle of its work")
            self._link.close()
            return Answer.AGAIN

    def close(self) -> None:
        """Let the keeper end."""
        self._link.close()

    def _start(self) -> Connection:
        ours, theirs = Pipe()
        middle = os.fork()
        if middle == 0:
            _fork_again(lambda: self._keep(theirs))
        os.waitpid(middle, 0)
        theirs.close()
        return ours

    def _keep(self, link: Connection) -> None:
        rename(TITLE)
        _let_go({0, 1, 2, link.fileno()} | ({self._service} if self._service is not None else set()))
        Keeper(self._settings, link, self._shutdown, self._service).run()


def _fork_again(work: Callable[[], None]) -> NoReturn:
    """Do ``work`` in a grandchild that has no controlling terminal and no parent here; none of the two ever returns."""
    code = 1
    try:
        os.setsid()
        if os.fork() == 0:
            work()
        code = 0
    except BaseException:
        _log.exception("a keeper ended badly")
    finally:
        os._exit(code)


def _let_go(kept: set[int]) -> None:
    """Point every other descriptor at nothing: whoever waits for their end must not wait for this process.

    They are not closed, because an inherited object that is collected later would close whatever has their number then.
    """
    nothing = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
    for entry in list(Path("/proc/self/fd").iterdir()):
        descriptor = int(entry.name)
        if descriptor not in kept and descriptor != nothing:
            with suppress(OSError):
                os.dup2(nothing, descriptor, inheritable=False)
