"""Requests that hold several tasks: extraction, plan, cost, schedule, merge.

Limits: pure; nothing here asks a model or runs code.
"""
