"""BLEU and chrF of a corpus, from ``sacrebleu``, with the signatures that say which BLEU and which chrF.

Limits: one reference a text; ``sacrebleu`` is an extra (``pip install 'codepar[metrics]'``); its own tokens are those of prose.
"""

from __future__ import annotations

from collections.abc import Sequence

from codepar.errors import ToolMissing
from codepar.protocols import Record


class Overlap(Record):
    """``bleu`` and ``chrf`` from 0 to 100, with the settings that made them."""

    bleu: float
    bleu_signature: str
    chrf: float
    chrf_signature: str


def overlap(candidates: Sequence[str], references: Sequence[str]) -> Overlap:
    """Of texts side by side. Raises ``ToolMissing`` without ``sacrebleu``."""
    try:
        from sacrebleu.metrics.bleu import BLEU
        from sacrebleu.metrics.chrf import CHRF
    except ImportError as error:
        raise ToolMissing("BLEU and chrF need sacrebleu", remedy="pip install 'codepar[metrics]'") from error
    bleu, chrf = BLEU(force=True), CHRF()
    scores = [metric.corpus_score(list(candidates), [list(references)]).score for metric in (bleu, chrf)]
    return Overlap(
        bleu=scores[0],
        bleu_signature=str(bleu.get_signature()),
        chrf=scores[1],
        chrf_signature=str(chrf.get_signature()),
    )
