"""Measuring what the capabilities of codepar are worth: benchmarks, metrics, intervals, the harness that joins them.

Limits: MPI completion is the one benchmark built so far; there is no leaderboard yet.
"""
