"""The FastAPI application. Light to import: the model's libraries are loaded by the service, after start."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline
from starlette.routing import Route

from api import errors, guard, pages
from api.http import batch, collections, exports, openai, writes
from api.http.routes import router
from api.mcp.door import McpDoor
from api.observer import Observer
from api.service import Service
from rag.settings import Settings

# A question of 20,000 characters is refused by length; a body that can't be one is refused before it is read.
MAX_BODY_BYTES = 1_000_000


def create_app(settings: Settings, url: str = "", watch: bool = False, service: Service | None = None) -> FastAPI:
    """The application with its service, which starts and stops with it.

    `service` may be given with a data folder and a model that are open already.
    """
    service = service or Service(settings, watch)
    service.url = url
    mcp = McpDoor(service, MAX_BODY_BYTES)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        service.start()
        async with mcp.running():
            yield
        service.stop()

    app: FastAPI = FastAPIOffline(
        docs_url=None, redoc_url=None, title="Renglón", version=version("renglon"), lifespan=lifespan,
        max_body_size=MAX_BODY_BYTES,
        description="Answers from a folder of articles; every sentence cites file, line and span.",
    )  # fmt: skip
    app.state.service = service
    errors.install(app)
    app.add_middleware(guard.Guard, settings=settings)
    app.add_middleware(Observer, metrics=service.metrics)
    app.include_router(router)
    app.include_router(writes.router(settings))
    app.include_router(collections.router)
    app.include_router(openai.router)
    app.include_router(exports.router)
    app.include_router(batch.router)
    app.router.routes.append(Route("/mcp", mcp, include_in_schema=False))
    guard.describe(app)
    pages.install(app)
    return app
