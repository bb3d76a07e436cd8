"""The capabilities from end to end; ``registry`` has one flow for each kind of job.

Limits: nothing is imported here, since a command of the shell needs one flow and should not wait for all.
"""
