"""`python -m stack --state DIR`: start the system, say in one JSON line where it is, and stop it when asked to.

Asked to: SIGTERM or SIGINT; and, unless detached, the end of standard input, so that it never outlives its parent.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
from contextlib import AbstractContextManager, suppress
from pathlib import Path

from runbook.children import end_with_parent
from runbook.errors import RunbookError
from stack import history, supervisor
from stack.state import StackError


def main(arguments: list[str] | None = None) -> int:
    """Exit code 0 after an orderly stop, 1 when the system did not start, 2 for unusable arguments."""
    parser = argparse.ArgumentParser(prog="python -m stack", description="Start the reference system.")
    parser.add_argument(
        "--state", metavar="DIR", type=Path, required=True, help="a new folder for logs and, meanwhile, secrets"
    )
    parser.add_argument("--defect", metavar="NAME", help="plant this defect of stack/defects")
    parser.add_argument("--detached", action="store_true", help="outlive the end of standard input")
    parser.add_argument("--database", metavar="IMAGE", help="run in containers: this image for PostgreSQL")
    parser.add_argument("--system", metavar="IMAGE", help="and this one for API and Admin (`make image`)")
    parser.add_argument("--engine", metavar="SOCKET", help="the container engine's socket")
    options = parser.parse_args(arguments)
    if (options.database is None) != (options.system is None):
        parser.error("--database and --system belong together")
    try:
        defect = supervisor.planted(options.defect) if options.defect is not None else None
    except supervisor.UnknownDefect as error:
        return _failed(error, 2)

    # libpq and the children would heed these: what is started depends on the arguments alone.
    for name in [name for name in os.environ if name.startswith(("PG", "STACK_"))]:
        del os.environ[name]

    stopping = threading.Event()
    _heed_signals(stopping, detached=options.detached)
    try:
        with _started(options, defect, stopping) as environment:
            history.make(environment)
            with suppress(OSError):  # nobody reads: the parent is gone, and the end of standard input will tell
                os.write(sys.stdout.fileno(), f"{json.dumps(environment)}\n".encode())
            if not options.detached:
                end_with_parent(stopping)
            while not stopping.wait(1):  # with a time-out: on Windows nothing interrupts a wait without one
                pass
    except (StackError, RunbookError) as error:
        return _failed(error, 1)
    return 0


def _started(
    options: argparse.Namespace, defect: Path | None, stopping: threading.Event
) -> AbstractContextManager[dict[str, str]]:
    if options.database is None:
        return supervisor.started(options.state, defect=defect, detached=options.detached, stopping=stopping)
    from stack import containers

    images = containers.Images(options.database, options.system, options.engine)
    return containers.started(options.state, images, defect=defect, stopping=stopping)


def _failed(error: Exception, code: int) -> int:
    print(f"stack: {error}", file=sys.stderr)
    return code


def _heed_signals(stopping: threading.Event, *, detached: bool) -> None:
    """A flag and no exception: whatever is under way is recorded before the stop. Detached outlives its terminal."""

    def stop(*_: object) -> None:
        stopping.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, signal.SIG_IGN if detached else stop)


if __name__ == "__main__":
    sys.exit(main())
