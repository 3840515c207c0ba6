"""What was started in a session of its own: ended with everything that it started, and by itself when its parent is."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress


def kill(process: subprocess.Popen[str] | subprocess.Popen[bytes]) -> None:
    """With everything of its session: what lived on would hold a pipe open."""
    if sys.platform == "win32":
        process.kill()
    else:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def end_with_parent(stopping: threading.Event) -> None:
    """Have it set when standard input ends, as it does when whoever started this process is gone."""

    def watch() -> None:
        # Not through sys.stdin: its lock would be held when the interpreter ends.
        with suppress(OSError):
            while os.read(0, 4096):
                pass
        stopping.set()

    threading.Thread(target=watch, daemon=True).start()
