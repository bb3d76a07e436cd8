"""Celery's connection to the broker, made to outlast one that goes away: kombu's own waits long, and may wait for ever.

Limits: Redis without sentinels; messages that could not be acknowledged come again, and who takes them finds nothing to do.
"""

from __future__ import annotations

import logging
from typing import Any

import redis
from kombu.connection import Connection
from kombu.transport import redis as kombu_redis
from kombu.transport import virtual

RECONNECT_S = 1.0

_log = logging.getLogger(__name__)


class SteadyConnection(Connection):
    """Looks for a broker that is away every ``RECONNECT_S``; kombu waits longer each time, at last half a minute."""

    def ensure_connection(self, errback: Any = None, max_retries: int | None = None, **options: Any) -> Any:
        every = {"interval_start": RECONNECT_S, "interval_step": 0.0, "interval_max": RECONNECT_S}
        return super().ensure_connection(errback, max_retries, **{**every, **options})  # type: ignore[no-untyped-call] # kombu is untyped

    def get_transport_cls(self) -> Any:
        found = super().get_transport_cls()  # type: ignore[no-untyped-call] # kombu is untyped
        return _Transport if found is kombu_redis.Transport else found


class _QoS(kombu_redis.QoS):
    def ack(self, delivery_tag: str) -> None:
        try:
            super().ack(delivery_tag)  # type: ignore[no-untyped-call] # kombu is untyped
        except (redis.ConnectionError, redis.TimeoutError) as error:
            # Counted as in hand for ever, it would keep a worker from consuming, and so from seeing that its connection is gone.
            virtual.QoS.ack(self, delivery_tag)  # type: ignore[no-untyped-call] # kombu is untyped
            _log.warning("a message could not be acknowledged and will come again: %s", error)


class _Channel(kombu_redis.Channel):
    QoS = _QoS


class _Transport(kombu_redis.Transport):
    Channel = _Channel
