"""How many elements of each buffer a call touches.

Limits: as yet every extent is unknown and says so.
"""

from __future__ import annotations

from codepar.cuda.function import Extent, SequentialFunction


def extents_of(function: SequentialFunction) -> dict[str, Extent]:
    """The extent of every buffer."""
    return {one.name: Extent(reason="not analysed") for one in function.signature.buffers}
