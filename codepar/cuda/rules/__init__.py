"""The rule-based translator: loops whose turns are provably independent, reductions, histograms and scans to CUDA or OpenMP.

``translate_by_rule`` is the way in. Limits: it proves or refuses; it never guesses.
"""

from codepar.cuda.rules.translate import RuleOutcome, translate_by_rule

__all__ = ["RuleOutcome", "translate_by_rule"]
