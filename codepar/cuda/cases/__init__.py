"""Test cases for sequential functions and their translations: specification, generation, programs, comparison, mutants.

Limits: pure; ``codepar.flows`` runs the programs.
"""

from codepar.cuda.cases.compare import Comparison, Difference, Tolerance, compare
from codepar.cuda.cases.driver import CaseProgram, candidate_project, new_nonce, reference_project
from codepar.cuda.cases.dump import CaseOutput, Dump, read_dump
from codepar.cuda.cases.generate import candidates, choose, generate
from codepar.cuda.cases.spec import BufferSpec, Distribution, TestCase, TestSet

__all__ = [
    "BufferSpec",
    "CaseOutput",
    "CaseProgram",
    "Comparison",
    "Difference",
    "Distribution",
    "Dump",
    "TestCase",
    "TestSet",
    "Tolerance",
    "candidate_project",
    "candidates",
    "choose",
    "compare",
    "generate",
    "new_nonce",
    "read_dump",
    "reference_project",
]
