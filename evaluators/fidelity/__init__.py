"""Requests of several functions answered at once and in parts, both answers executed: does splitting cost right answers?

Limits: those of ``evaluators.fidelity.cases``.
"""
