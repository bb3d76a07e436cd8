"""A function by rule: a parallel version that follows from proofs, or the reasons why there is none.

Limits: see the modules; what is refused here may still be translated by a model.
"""

from __future__ import annotations

from dataclasses import dataclass

from codepar.cuda.function import Refusal, SequentialFunction
from codepar.cuda.rules.build import build
from codepar.cuda.rules.emit_cuda import CudaEmitter
from codepar.cuda.rules.emit_openmp import OpenmpEmitter
from codepar.cuda.rules.errors import CannotProve
from codepar.cuda.rules.plan import plan_of
from codepar.cuda.translation import DevicePart, Target, Translation


@dataclass(frozen=True, slots=True)
class RuleOutcome:
    """``part`` (CUDA) or ``translation`` (OpenMP) where the rules could prove it, else ``refusals`` with at least one reason."""

    part: DevicePart | None = None
    translation: Translation | None = None
    refusals: tuple[Refusal, ...] = ()

    @property
    def is_translated(self) -> bool:
        return self.part is not None or self.translation is not None


def translate_by_rule(function: SequentialFunction, target: Target = Target.CUDA) -> RuleOutcome:
    """Never raises for what the text holds: what cannot be proved is a refusal with its line."""
    try:
        built = build(function)
        plan, analysis = plan_of(built)
        if target is Target.OPENMP:
            return RuleOutcome(translation=OpenmpEmitter(built, plan, analysis.printable).translation())
        return RuleOutcome(part=CudaEmitter(built, plan, analysis.printable).part())
    except CannotProve as reason:
        return RuleOutcome(refusals=(Refusal(reason.code, reason.message, reason.line or function.line),))
    except RecursionError:
        return RuleOutcome(refusals=(Refusal("too_deep", "the function is nested too deeply for the rules", function.line),))
