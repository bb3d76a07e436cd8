"""A person's own MPI run seen through the shim, outside the sandbox: deadlock, time in MPI, traffic. Limits: one machine."""
