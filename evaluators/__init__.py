"""Measuring what the capabilities of codepar are worth: benchmarks, metrics, intervals, the harness that joins them.

Limits: MPI completion and the decomposition of prompts have benchmarks that can be run; there is no leaderboard yet.
"""
