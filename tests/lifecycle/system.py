"""Small parts of a system for these tests: each runs, listens and leaves things behind as it is told."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import psutil

from runbook.lifecycle.part import Handle
from runbook.settings_parts import Part
from tests.documents import LIVE

SECONDS = 20.0

PROGRAM = """
import os, signal, socket, subprocess, sys
folder, extra = sys.argv[1], sys.argv[2:]
if os.fork():
    while not os.path.exists("up"): pass
    sys.exit()
os.setsid()
child = subprocess.Popen([sys.executable, "-S", "-c", "import signal; signal.pause()"])
server = socket.create_server(("127.0.0.1", int(open("port").read() or 0)))
open("port", "w").write(str(server.getsockname()[1]))
open("pids", "w").write(f"{os.getpid()} {child.pid}")
def stop(*_):
    if "child" not in extra: child.kill()
    if "file" not in extra: os.remove("up.lock")
    os.remove("up")
    os._exit(0)
signal.signal(signal.SIGTERM, stop)
open("up.lock", "w").close()
open("up", "w").close()
while True: signal.pause()
"""
"""A part with a child and a lock file: it goes into the background, and at SIGTERM takes both with it, or not."""

STOP = "import os, signal; os.kill(int(open('pids').read().split()[0]), signal.SIGTERM)"


def program(folder: Path, *leaves: str) -> Handle:
    """The program as a part that runs in the folder; it leaves its child, or its file, where it is told to."""
    (folder / "port").write_text("")
    return handle(
        folder,
        start=(sys.executable, "-S", "-c", PROGRAM, str(folder), *leaves),
        stop=(sys.executable, "-S", "-c", STOP),
        ready=("test", "-e", "up"),
        temporary=("*.lock",),
    )


def listening(part: Handle) -> Handle:
    """The part with the address at which it listens now."""
    port = (part.beside / "port").read_text()
    return Handle(part.name, part.part.model_copy(update={"listens": (f"127.0.0.1:{port}",)}), part.beside)


def handle(beside: Path, **keys: object) -> Handle:
    """A part with these settings, which stand in the folder `beside`."""
    known = {"start": ("true",), "stop": ("true",), "ready": ("true",), "listens": ("127.0.0.1:9",), **keys}
    return Handle("admin", Part.model_validate(known), beside)


def killed(folder: Path) -> None:
    """End what the program has left."""
    for pid in (folder / "pids").read_text().split() if (folder / "pids").exists() else ():
        with suppress(psutil.NoSuchProcess):
            psutil.Process(int(pid)).kill()


def document(*parts: str, stopped: str = "true", severity: str = "staging") -> str:
    """The settings of a live target with files for parts: each is up while its file is there."""
    sections = [
        f"""
[parts.{name}]
start = ["sh", "-c", "echo start {name} >> log; touch {name}"]
stop = ["sh", "-c", "echo stop {name} >> log; rm {name}"]
ready = ["test", "-e", "{name}"]
ready_within = 5
stop_within = 5
listens = ["127.0.0.1:9"]
"""
        for name in parts
    ]
    text = LIVE.replace('severity = "staging"', f'severity = "{severity}"\nmay_be_stopped = {stopped}')
    return text + "".join(sections)


class Answering:
    """An HTTP server that answers by a function of the request's handler, as long as the context lasts."""

    def __init__(self, answer: Callable[[BaseHTTPRequestHandler], object]) -> None:
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                answer(self)

            def do_POST(self) -> None:
                answer(self)

            def log_message(self, format: str, *args: object) -> None:
                """Nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> str:
        Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self.url

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def answer(handler: BaseHTTPRequestHandler, status: int, body: str = "", kind: str = "text/html") -> None:
    """One whole answer."""
    handler.send_response(status)
    handler.send_header("content-type", kind)
    handler.send_header("content-length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body.encode())
