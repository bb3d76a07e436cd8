"""Requests that hold several tasks: extraction, plan, cost, schedule, merge.

Limits: pure but for the schedule, which asks the ``Generator`` it is given; nothing here opens a model or runs code.
"""
