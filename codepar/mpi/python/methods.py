"""The methods of mpi4py's classes and what they give, from ``methods.json``.

Classes that share their calls share a kind: ``comm`` for all communicators, ``request`` for all requests. Limits: made from the
type stub of mpi4py 4.1 (a test compares); conversions of handles are no calls of MPI and not listed.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files

CLASSES = {
    **dict.fromkeys(("Comm", "Intracomm", "Topocomm", "Cartcomm", "Graphcomm", "Distgraphcomm", "Intercomm"), "comm"),
    **dict.fromkeys(("Request", "Prequest", "Grequest"), "request"),
    **{
        name: name.lower()
        for name in ("Message", "Op", "Group", "Info", "Datatype", "Errhandler", "Session", "Win", "File", "Status")
    },
}
"""The kind of each class of ``mpi4py.MPI``."""

_AMBIGUOUS = frozenset(
    [
        "Accept",
        "Add",
        "Cancel",
        "Close",
        "Commit",
        "Complete",
        "Connect",
        "Create",
        "Delete",
        "Disconnect",
        "Dup",
        "Free",
        "Get",
        "Join",
        "Lock",
        "Open",
        "Pack",
        "Post",
        "Probe",
        "Put",
        "Read",
        "Seek",
        "Set",
        "Shrink",
        "Spawn",
        "Split",
        "Start",
        "Sync",
        "Test",
        "Unlock",
        "Unpack",
        "Wait",
        "Write",
        "Clone",
        "Flush",
        "Get_name",
        "Set_name",
        "Get_size",
        "Abort",
        "Scan",
    ]
)


@cache
def methods() -> dict[str, dict[str, str]]:
    """For each kind (``module`` for functions of ``MPI`` itself) its methods with the kind or builtin that they give."""
    table: dict[str, dict[str, str]] = json.loads(files(__package__).joinpath("methods.json").read_text())
    return table


@cache
def distinctive() -> dict[str, str]:
    """Methods that only mpi4py is known to have, whatever the receiver, with what they give."""
    found: dict[str, str] = {}
    for kind in ("comm", "request", "win", "file"):
        found |= {name: given for name, given in methods()[kind].items() if name[0].isupper() and name not in _AMBIGUOUS}
    return found
