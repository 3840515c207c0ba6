"""What the browser ends because this machine's network changed is looked at again, never held against the system.

Each look takes place in a network of its own: an address that comes or goes is seen by every browser of a machine.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from itertools import count
from pathlib import Path

import psutil
import pytest

from runbook.admin.browser import launched, visit
from runbook.admin.console import consoles
from runbook.errors import Unverified
from runbook.evidence.redact import Redactor
from runbook.settings import Admin, SignIn

SECONDS = 60
POLL = 0.01
HEAD = b"HTTP/1.0 200 OK\r\ncontent-type: text/html\r\n\r\n"
PAGE = HEAD + b'<input id="email"><input id="password"><button id="in"></button>'
CHANGED = "the network of this machine changed while the browser looked"
pytestmark = pytest.mark.skipif(
    not shutil.which("unshare") or not shutil.which("ip") or os.geteuid() != 0,
    reason="not run: a network of its own needs root, and the programs unshare and ip",
)


@pytest.mark.parametrize(("changes", "said"), [(2, "held"), (5, CHANGED)])
@pytest.mark.parametrize("look", ["visit", "console"])
def test_a_disturbed_look_is_taken_again(look: str, changes: int, said: str, tmp_path: Path) -> None:
    command = ["unshare", "--net", sys.executable, "-m", "tests.test_network_changed", look, str(changes)]
    asked = subprocess.run([*command, str(tmp_path)], capture_output=True, text=True, timeout=SECONDS, check=False)
    assert asked.stdout.startswith(said), asked.stdout + asked.stderr


def answering(listener: socket.socket, changes: int) -> None:
    """Take no connection until an address of this network has come so many times while a browser waited for one."""
    port, numbers = listener.getsockname()[1], count()
    with socket.create_connection(listener.getsockname()):  # all that the queue holds
        for _ in range(changes):
            while not (waiting := who_waits(port)):
                time.sleep(POLL)
            while waiting & who_waits(port):  # a browser that has only just started does not listen yet
                subprocess.run(["ip", "address", "add", f"10.9.{next(numbers)}.1/24", "dev", "own"], check=True)
                time.sleep(10 * POLL)
        listener.accept()[0].close()
    listener.listen()
    while True:
        threading.Thread(target=answer, args=(listener.accept()[0],), daemon=True).start()


def answer(connection: socket.socket) -> None:
    with connection:
        if connection.recv(1 << 16):
            connection.sendall(PAGE)


def who_waits(port: int) -> set[object]:
    """Where those come from whose connection there is not taken."""
    connections = psutil.net_connections("tcp4")
    return {one.laddr for one in connections if port in one.raddr and one.status == psutil.CONN_SYN_SENT}


def main(look: str, changes: str, folder: str) -> None:
    """Print "held" or why the look proves nothing."""
    for words in ("link set lo up", "link add own type veth peer name other", "link set own up", "link set other up"):
        subprocess.run(["ip", *words.split()], check=True, timeout=SECONDS)
    listener = socket.create_server(("127.0.0.1", 0), backlog=0)
    threading.Thread(target=answering, args=(listener, int(changes)), daemon=True).start()
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    form = SignIn.model_validate({"email": "#email", "password": "#password", "submit": "#in"})
    admin = Admin(url=url, origin=url, persona="x", sign_in=form, loaded="button", pages=("/",))
    with launched(None) as browser:
        try:
            if look == "visit":
                seen = visit(browser, admin, "x", "y", limit=SECONDS)
                print("held", seen.loaded, seen.failed_requests)
            else:
                found = consoles(browser, admin, "x", "y", limit=SECONDS, folder=Path(folder), redactor=Redactor())
                print(found["/"] if isinstance(found["/"], Unverified) else "held", found)
        except Unverified as error:
            print(error)


if __name__ == "__main__":
    main(*sys.argv[1:])
