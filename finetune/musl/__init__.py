"""Co-evolution of a Translator and a Tester after MuSL: rounds of translate, test, filter, train.

Limits: C to CUDA; docs/musl.md says how it is run.
"""
