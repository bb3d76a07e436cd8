"""The worker: Celery tasks and the local Executor with its sandbox and toolchains."""
