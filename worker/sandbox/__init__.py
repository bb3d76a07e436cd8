"""The walls: run this command on these files under these limits, and fail closed.

Use ``SandboxedRunner(settings)``. Limits: knows nothing of compilers, MPI or projects; x86_64 Linux only.
"""

from worker.sandbox.runner import SandboxedRunner

__all__ = ["SandboxedRunner"]
