"""The application: routers, middleware, error shape, and the life of what they stand on. Limits: one process, one event loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request

from codepar import __version__
from codepar.api import cuda, decompositions, executions, health, job_events, jobs, metrics, mpi
from codepar.api.body import BoundedBody
from codepar.api.errors import documented, install_error_handlers
from codepar.api.instruments import MeasuredRequests, Metrics
from codepar.api.services import Services, services_of
from codepar.engine.routes import openai_router
from codepar.engine.wire import CodeparOptions
from codepar.events import Events
from codepar.flows.decompose_chat import SplitGenerator
from codepar.protocols import Generator
from codepar.queue import JobQueue
from codepar.settings import Settings
from codepar.store import open_store
from codepar.sweeper import Sweeper

# Calls to the store and the broker are short, but a hundred clients may make one at the same time.
THREADS = 24
STORE_CONNECTIONS = 12

DESCRIPTION = """Proposes the MPI calls that a program lacks and the CUDA version of a sequential function, compiles and runs what
it proposes, and says what it verified.

Work is a job: a submission answers 202 with the job, or 200 with the finished one when it ends within `?wait=SECONDS`.
Every error has the shape `{"error": {"message", "type", "param", "code"}}`."""


def create_app(settings: Settings) -> FastAPI:
    """The ASGI application. A store that is down keeps it from starting; a broker or engine that is down does not."""
    instruments = Metrics()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        with ThreadPoolExecutor(THREADS, thread_name_prefix="io") as pool:
            asyncio.get_running_loop().set_default_executor(pool)
            store = open_store(settings, pool_size=STORE_CONNECTIONS)
            services = Services(settings, store, JobQueue(settings), Events(settings, store), instruments)
            sweeper = Sweeper(settings, store, services.queue)
            sweeper.start()
            app.state.services = services
            try:
                yield
            finally:
                await asyncio.to_thread(sweeper.stop)
                await services.close()

    app = FastAPI(title="codepar", version=__version__, description=DESCRIPTION, lifespan=lifespan, redirect_slashes=False)
    for router in (
        mpi.router,
        cuda.router,
        decompositions.router,
        executions.router,
        jobs.router,
        job_events.router,
        health.router,
        metrics.router,
    ):
        app.include_router(router)
    app.include_router(openai_router(_generator_of, _splitting), responses=documented(400, 404, 408, 413, 415, 422, 503))
    install_error_handlers(app)
    app.add_middleware(BoundedBody, max_bytes=settings.max_body_bytes)
    app.add_middleware(MeasuredRequests, metrics=instruments)
    return app


async def _generator_of(request: Request) -> Generator:
    return await services_of(request).generator()


def _splitting(request: Request, generator: Generator, options: CodeparOptions) -> Generator:
    return SplitGenerator(generator, options.split, services_of(request).settings, extractor=options.extractor)
