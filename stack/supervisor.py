"""Starts PostgreSQL, then the API and the Admin side by side, waits until they are ready, and stops them in order."""

from __future__ import annotations

import difflib
import http.client
import importlib
import json
import os
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from stack import repository
from stack.parts import Part, Parts, controlled
from stack.postgres import Server
from stack.processes import DATABASE
from stack.state import StackError, State, claimed

ROOT = Path(__file__).resolve().parents[1]
DEFECTS = Path(__file__).parent / "defects"
FACTORIES = {"api": "stack.api.app:create", "admin": "stack.admin.app:create"}


class UnknownDefect(StackError):
    """No planted defect has this name; the message lists the nearest."""


@contextmanager
def started(
    directory: Path,
    *,
    defect: Path | None = None,
    detached: bool = False,
    stopping: threading.Event | None = None,
) -> Iterator[dict[str, str]]:
    """The environment (STACK_*) of a system that runs as long as the context lasts, and then leaves only its logs.

    Raises StackError when it does not start; nothing of it is left then either.
    """
    factories = factories_with(defect)
    with claimed(directory, stopping) as state:
        with reserved_ports(len(factories)) as (api_port, admin_port):
            server = Server(state, in_memory=not detached)
            # Imported here, while initdb runs: 0.1 s.
            from stack import secrets

            secret = secrets.generate()
            api_url = f"http://127.0.0.1:{api_port}"
            environment = {
                "STACK_API_URL": api_url,
                "STACK_AUTH_URL": f"{api_url}/auth/v1",
                "STACK_ADMIN_URL": f"http://127.0.0.1:{admin_port}",
                "STACK_DATABASE_DSN": server.dsn("postgres"),
                "STACK_AUTHENTICATOR_DSN": server.dsn("authenticator"),
                "STACK_AUTH_ADMIN_DSN": server.dsn("supabase_auth_admin"),
                "STACK_JWT_SECRET": secret.jwt_secret,
                "STACK_PRIVATE_KEY_FILE": str(state.write("private.pem", secret.private_key)),
                "STACK_PUBLIC_KEY_FILE": str(state.write("public.pem", secret.public_key)),
                "STACK_ANON_KEY": secret.anon_key,
                "STACK_PASSWORD": secret.password,
                **deployed_from(state, defect),
                "STACK_STATE": str(state.directory),
                "STACK_DATABASE_LISTENS": server.listens,
                "STACK_DATABASE_LOCK": str(server.lock_file),
                "STACK_API_TEMPORARY": str(temporary(state, "api") / "*"),
                "STACK_ADMIN_TEMPORARY": str(temporary(state, "admin") / "*"),
                "STACK_API_LOG": str(state.logs / "api.log"),
                "STACK_DATABASE_LOG": str(state.logs / f"{DATABASE}.log"),
            }
            encrypted_password = secrets.hash_password(secret.password)
            server.start(encrypted_password, defect)
            state.check_stopping()
            # What was put in place up to here was put there by hand, and not through what is deployed.
            environment["STACK_DEPLOYED_AT"] = datetime.now(UTC).isoformat()
            parts, waiting = Parts(state), []
            parts.add("supabase", Part(server.begin, server.is_ready))
            for (name, factory), port in zip(factories.items(), (api_port, admin_port), strict=True):
                own = {**os.environ, **environment, "TMPDIR": str(temporary(state, name))}
                begin = partial(state.spawn, name, _uvicorn(factory, port), cwd=ROOT, env=own)
                ready = partial(healthy, port)
                parts.add(name, Part(begin, ready, port))
                waiting.append((name, begin(), ready))
            for name, process, ready in waiting:
                state.wait_until_ready(name, process, ready)
        if (system := system_of(defect)) is not None:
            system(parts)
        with controlled(parts) as environment["STACK_CONTROL"]:
            state.write("environment.json", json.dumps(environment, indent=2))
            yield environment


def planted(name: str) -> Path:
    """The file of the defect with this name. Raises UnknownDefect."""
    known = {path.stem: path for path in DEFECTS.rglob("[!_]*") if path.suffix in {".sql", ".py"}}
    if name not in known:
        near = difflib.get_close_matches(name, known, n=5)
        raise UnknownDefect(f"no defect is named {name!r}; near it: {', '.join(near) or 'none'}")
    return known[name]


def factories_with(defect: Path | None) -> dict[str, str]:
    """The applications that uvicorn serves, by process: the defect's where it has one. Raises StackError."""
    if defect is None or defect.suffix != ".py":
        return FACTORIES
    module = f"stack.defects.{defect.stem}"
    try:
        found = importlib.import_module(module)
    except Exception as error:
        raise StackError(f"{module} cannot be imported: {error}") from error
    replaced = {name: f"{module}:{name}" for name in FACTORIES if callable(getattr(found, name, None))}
    if not replaced and not hasattr(found, "system") and not hasattr(found, "sources"):
        raise StackError(f"{module} plants nothing: it has none of api(), admin(), system() and sources()")
    return FACTORIES | replaced


def system_of(defect: Path | None) -> Callable[[Parts], None] | None:
    """What the defect does to how parts are stopped and started again, if anything."""
    if defect is None or defect.suffix != ".py":
        return None
    return getattr(importlib.import_module(f"stack.defects.{defect.stem}"), "system", None)


def temporary(state: State, name: str) -> Path:
    """The folder for a process's temporary files, removed with the state."""
    folder = state.directory / "temporary" / name
    if not folder.parent.exists():
        folder.parent.mkdir(mode=0o700)
        state.adopt(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


@contextmanager
def reserved_ports(count: int) -> Iterator[list[int]]:
    """Free ports on 127.0.0.1 that nobody else is given meanwhile: bound, but not listening.

    A server that sets SO_REUSEADDR, as uvicorn does, can still take them.
    """
    with ExitStack() as held:
        ports = []
        for _ in range(count):
            holder = held.enter_context(socket.socket())
            holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            holder.bind(("127.0.0.1", 0))
            ports.append(holder.getsockname()[1])
        yield ports


def _uvicorn(factory: str, port: int) -> list[str]:
    listen = ["--host", "127.0.0.1", "--port", str(port)]
    return [sys.executable, "-m", "uvicorn", "--factory", factory, *listen, "--no-access-log", "--log-level", "warning"]


def healthy(port: int) -> bool:
    """Whether what serves there says that it is."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=1)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def deployed_from(state: State, defect: Path | None) -> dict[str, str]:
    """The repository, made of the sources that run, and the commit of it that is deployed."""
    folder = state.directory / "repository"
    folder.mkdir(mode=0o700)
    state.adopt(folder)
    module = (
        None if defect is None or defect.suffix != ".py" else importlib.import_module(f"stack.defects.{defect.stem}")
    )
    commit = repository.make(folder, getattr(module, "sources", None))
    told = {"STACK_COMMIT": commit, "STACK_CLEAN": "true", "STACK_RELEASE": repository.RELEASE}
    return {"STACK_REPOSITORY": str(folder), **told}
