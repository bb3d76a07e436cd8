"""Put removed calls back."""

from codepar.mpi.remove import splice
from codepar.mpi.stripped import Stripped


def insert(stripped: Stripped) -> str:
    """Insert."""
    return splice(stripped.source.encode(), stripped.calls).decode()
