"""The API as an ASGI application: `uvicorn --factory stack.api.app:create`."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

from stack.api import database, errors, log, routes, settings
from stack.api.settings import Settings


def cors(origin: str) -> dict[str, Any]:
    """Exactly the Admin's origin, methods and headers. Tokens travel in a header, so credentials stay off."""
    return {
        "allow_origins": [origin],
        "allow_methods": ["GET", "POST"],
        "allow_headers": ["authorization", "apikey", "content-type", "x-event-id"],
        "expose_headers": ["x-request-id"],
        "allow_credentials": False,
    }


def middleware(known: Settings) -> list[Middleware]:
    """Outermost first: CORS is around the refusals too, or the Admin could not read them."""
    return [Middleware(CORSMiddleware, **cors(known.admin_origin)), Middleware(log.RequestLog)]


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    """Open the pools, and close them once the requests under way are answered."""
    known: Settings = app.state.settings
    async with (
        database.pool(known.authenticator_dsn, min_size=1, max_size=10) as app.state.pool,
        database.pool(known.auth_admin_dsn, min_size=0, max_size=2) as app.state.auth_pool,
    ):
        yield


def create() -> Starlette:
    """The application for the settings in the environment."""
    log.configure()
    known = settings.read(os.environ)
    app = Starlette(
        routes=routes.table(),
        middleware=middleware(known),
        exception_handlers={HTTPException: errors.answer},
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False  # its redirect repeats whatever Host the client claims
    app.state.settings = known
    return app
