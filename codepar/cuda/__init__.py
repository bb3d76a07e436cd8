"""From sequential C and C++ functions to parallel ones: analysis, rules, host wrapper, test specifications.

Limits: pure; nothing here compiles or runs. ``codepar.flows`` joins it with an ``Executor`` and a ``Generator``.
"""
