"""Names of tasks and queues, the Celery application they share, and how a job is sent.

Limits: tasks are sent by name and run in ``worker``; Celery carries messages only, results and leases live in the store.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

import redis
from celery import Celery
from kombu.entity import Queue
from kombu.exceptions import OperationalError
from redis.backoff import ConstantBackoff
from redis.retry import Retry

from codepar.errors import BrokerUnavailable
from codepar.jobs import JobKind
from codepar.settings import Settings
from codepar.transport import SteadyConnection

JOB_TASK = "codepar.job"
EXECUTE_TASK = "codepar.execute"

# Celery's Redis transport: the smaller number is served first. A job in hand waits for its executions, so they go ahead.
EXECUTION_PRIORITY = 0
JOB_PRIORITY = 3
PRIORITY_STEPS = (EXECUTION_PRIORITY, JOB_PRIORITY)

# Longer than an execution takes as a rule. A message that comes back sooner is harmless: the lease refuses it.
VISIBILITY_TIMEOUT_S = 1800
CONNECT_TIMEOUT_S = 2.0

# How Redis and Valkey refuse writes: their disk is full, or their memory.
_CANNOT_WRITE = ("MISCONF", "No space left", "maxmemory")


class QueueName(StrEnum):
    """``jobs`` runs flows, ``execute`` compiles and runs code, ``gpu`` does so where a device is."""

    JOBS = "jobs"
    EXECUTE = "execute"
    GPU = "gpu"


_BARE = {JobKind.EXECUTION: QueueName.EXECUTE, JobKind.GPU_EXECUTION: QueueName.GPU}


def queue_of(kind: JobKind) -> QueueName:
    """Where a kind of job runs. A bare execution needs no flow around it and goes where code runs, in one hop."""
    return _BARE.get(kind, QueueName.JOBS)


def queue_of_execution(body: dict[str, Any]) -> QueueName:
    """Where an ``Execution`` (as JSON) runs."""
    return QueueName.GPU if body.get("gpu") else QueueName.EXECUTE


def celery_url(redis_url: str) -> str:
    """The Redis URL as Celery spells it: ``unix:///path`` becomes ``redis+socket:///path``."""
    parts = urlsplit(redis_url)
    if parts.scheme != "unix":
        return redis_url
    query = f"?{parts.query.replace('db=', 'virtual_host=')}" if parts.query else ""
    return f"redis+socket://{parts.path}{query}"


def make_app(settings: Settings) -> Celery:
    """The Celery application, the same for who sends and who runs. Tasks are not registered here."""
    app = Celery("codepar", broker=celery_url(settings.broker_url), set_as_current=False)
    app.amqp.Connection = SteadyConnection
    app.conf.update(
        task_serializer="json",
        accept_content=["json"],
        task_ignore_result=True,
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        task_track_started=True,
        task_queues=[Queue(name.value) for name in QueueName],  # type: ignore[no-untyped-call] # kombu is untyped here
        task_default_queue=QueueName.JOBS.value,
        task_create_missing_queues=False,
        worker_prefetch_multiplier=1,
        worker_hijack_root_logger=False,
        worker_send_task_events=False,
        worker_enable_remote_control=False,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        broker_connection_retry=True,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_transport_options={
            "visibility_timeout": VISIBILITY_TIMEOUT_S,
            "unacked_restore_interval": 5,
            "unacked_restore_throttle": 1,
            "queue_order_strategy": "priority",
            "priority_steps": list(PRIORITY_STEPS),
            "socket_connect_timeout": CONNECT_TIMEOUT_S,
            "socket_keepalive": True,
        },
    )
    return app


class JobQueue:
    """Sends work. Safe to share between threads. Close it."""

    def __init__(self, settings: Settings) -> None:
        self._app = make_app(settings)
        self._redis = redis.Redis.from_url(
            settings.broker_url,
            socket_connect_timeout=CONNECT_TIMEOUT_S,
            socket_timeout=CONNECT_TIMEOUT_S * 2,
            # Who asks for depths wants to hear soon that nobody answers; the driver would try for seconds.
            retry=Retry(ConstantBackoff(0.1), 1),
        )
        self._lock = threading.Lock()

    def send_job(self, job_id: str, kind: JobKind) -> None:
        """Queue a stored job. Raises ``BrokerUnavailable`` within seconds; the job then stays stored and the sweep sends it."""
        self._send(JOB_TASK, [job_id], queue_of(kind), JOB_PRIORITY)

    def send_execution(self, execution_id: str, delivery: int, body: dict[str, Any]) -> None:
        """Queue one execution for ``codepar.remote``. Raises ``BrokerUnavailable``."""
        self._send(EXECUTE_TASK, [execution_id, delivery, body], queue_of_execution(body), EXECUTION_PRIORITY)

    def depths(self) -> dict[QueueName, int]:
        """How many messages wait in each queue. Raises ``BrokerUnavailable``."""
        with broker_errors():
            pipe = self._redis.pipeline(transaction=False)
            for name in QueueName:
                for key in _keys(name):
                    pipe.llen(key)
            lengths = [int(length) for length in pipe.execute()]
        width = len(PRIORITY_STEPS)
        return {name: sum(lengths[place * width : (place + 1) * width]) for place, name in enumerate(QueueName)}

    def ping(self) -> None:
        """Raise ``BrokerUnavailable`` unless the broker answers."""
        with broker_errors():
            self._redis.ping()

    def close(self) -> None:
        """Close the connections."""
        self._app.close()
        self._redis.close()

    def _send(self, task: str, arguments: list[Any], queue: QueueName, priority: int) -> None:
        with broker_errors():
            self._app.send_task(
                task,
                args=arguments,
                queue=queue.value,
                priority=priority,
                retry=True,
                retry_policy={"max_retries": 2, "interval_start": 0.1, "interval_step": 0.2, "interval_max": 0.5},
            )


def _keys(queue: QueueName) -> list[str]:
    # The transport keeps a list for each priority; the first has the plain name.
    return [queue.value if step == 0 else f"{queue.value}\x06\x16{step}" for step in PRIORITY_STEPS]


@contextmanager
def broker_errors() -> Iterator[None]:
    """Turn what Redis, kombu and the socket raise into ``BrokerUnavailable`` with its cause."""
    try:
        yield
    except (redis.RedisError, OperationalError, OSError) as error:
        raise broker_unavailable(error) from error


def broker_unavailable(error: Exception) -> BrokerUnavailable:
    """The driver's error in our words; a broker that cannot write because its disk is full says so."""
    text = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    if any(sign in text for sign in _CANNOT_WRITE):
        return BrokerUnavailable(f"the broker cannot write: {text}", remedy="free space or memory where the broker runs")
    return BrokerUnavailable(
        f"the broker cannot be reached: {text}",
        remedy="start it with `codepar serve`, or check CODEPAR_REDIS_URL; stored jobs are sent when it is back",
    )
