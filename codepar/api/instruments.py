"""The instruments behind ``/metrics``, and the middleware that feeds them.

Limits: they count this API process since its start.
"""

from __future__ import annotations

import time

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Metrics:
    """The instruments of one application, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "codepar_http_requests", "Requests answered.", ["method", "route", "status"], registry=self.registry
        )
        self.seconds = Histogram(
            "codepar_http_request_seconds",
            "Time to the end of the answer, waits and streams included.",
            ["method", "route"],
            buckets=BUCKETS,
            registry=self.registry,
        )
        self.open = Gauge("codepar_http_open_requests", "Requests in progress.", registry=self.registry)
        self.jobs = Gauge("codepar_jobs", "Jobs in the store.", ["kind", "state"], registry=self.registry)
        self.queues = Gauge("codepar_queue_length", "Messages that wait in a queue.", ["queue"], registry=self.registry)
        self.up = Gauge("codepar_up", "Whether the part can work, as /ready says.", ["part"], registry=self.registry)


class MeasuredRequests:
    """ASGI middleware that feeds ``Metrics``. Unknown paths and methods share one label: strangers cannot make new ones."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app = app
        self.metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and count its answer."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        status = "500"

        async def counted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = str(message["status"])
            await send(message)

        begun = time.perf_counter()
        self.metrics.open.inc()
        try:
            await self.app(scope, receive, counted)
        finally:
            self.metrics.open.dec()
            method = scope["method"] if scope["method"] in METHODS else "other"
            route = getattr(scope.get("route"), "path", "unmatched")
            self.metrics.requests.labels(method, route, status).inc()
            self.metrics.seconds.labels(method, route).observe(time.perf_counter() - begun)
