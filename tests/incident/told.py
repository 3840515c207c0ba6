"""A desk from which incidents are escalated and bug fixes recorded; the target does not answer, the receivers do."""

from __future__ import annotations

import json
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from email.message import Message
from email.parser import BytesParser
from email.policy import default
from pathlib import Path
from typing import Any

import click
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from click.testing import CliRunner, Result

from runbook.cli import main
from runbook.evidence import keys
from runbook.evidence.record import CheckRecord, Outcome, RunRecord
from runbook.evidence.redact import Redactor
from runbook.evidence.run import Run, read
from runbook.incident import timeline
from runbook.incident.backlog_cli import backlog
from runbook.incident.opening import open_incident
from runbook.incident.registry import Entry, entries_in
from runbook.settings import Settings
from runbook.settings_file import load
from tests.documents import LIVE, VARIABLES
from tests.evidence.written_runs import whole
from tests.servers import closed_port

ROLES = ("System Operator", "Governance")
USER, PASSWORD = "runbook", "password-of-the-mail-channel"


class Desk:
    """A folder with settings, incidents, reports and a registry, and the commands run on them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file, self.incidents, self.reports = folder / "mine.toml", folder / "incidents", folder / "reports"
        self.registry = folder / "backlog.toml"
        self.environment = {**VARIABLES, "RUNBOOK_KEY": "", "RUNBOOK_MAIL_PASSWORD": PASSWORD}
        self.configure("")

    def configure(self, more: str, **channels: Mapping[str, object]) -> None:
        """Write the settings, with channels whose `url` stands in a variable of its own."""
        blocks = [LIVE, more if more.startswith("[") else f"[incidents]\n{more}"]
        for name, channel in channels.items():
            blocks.append(f"[incidents.channels.{name}]")
            for key, value in channel.items():
                if key == "url":
                    self.environment[f"URL_OF_{name}"] = str(value)
                shown = f'{{ env = "URL_OF_{name}" }}' if key == "url" else json.dumps(value)
                blocks.append(
                    f"{key} = {shown}" if key != "password" else 'password = { env = "RUNBOOK_MAIL_PASSWORD" }'
                )
        self.file.write_text("\n".join(blocks), encoding="utf-8")

    def person(self, name: str, role: str) -> Path:
        """Somebody with a key, in the settings from now on."""
        path = self.folder / f"{name}.pem"
        text = f'\n[people.{name}]\nname = "{name.title()}"\nrole = "{role}"\nkey = "{keys.new(path)}"\n'
        self.file.write_text(self.file.read_text(encoding="utf-8") + text, encoding="utf-8")
        return path

    @property
    def settings(self) -> Settings:
        """What the settings file says."""
        return load(self.file, self.environment)

    def open(self, title: str = "The API is down", severity: str | None = "P0", run: Run | None = None) -> Path:
        """A new incident."""
        return open_incident(self.incidents, self.settings, title, run, severity, "nobody gets an answer").folder

    def invoke(self, *arguments: str | Path, command: click.Command = main, key: Path | None = None) -> Result:
        """A command of `runbook`."""
        environment = self.environment | ({"RUNBOOK_KEY": str(key)} if key is not None else {})
        result = CliRunner().invoke(command, [*map(str, arguments), "--target", str(self.file)], env=environment)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result

    def escalate(self, folder: Path, *more: str) -> Result:
        """Tell whoever must know."""
        return self.invoke("incident", "escalate", folder.name, "--incidents", self.incidents, *more)

    def acknowledge(self, folder: Path, *more: str, key: Path | None = None) -> Result:
        """Say that somebody is on it."""
        return self.invoke("incident", "acknowledge", folder.name, "--incidents", self.incidents, *more, key=key)

    def backlog(self, *arguments: str | Path) -> Result:
        """`runbook backlog`."""
        return self.invoke(*arguments, command=backlog)

    def entries(self) -> tuple[Entry, ...]:
        """What stands in the registry."""
        return entries_in(self.registry)

    def ran(
        self,
        name: str,
        outcomes: Mapping[str, Outcome] | None = None,
        *,
        target: str = "mine",
        not_run: Sequence[str] = (),
        ended: bool = True,
        each: int = 1,
    ) -> Run:
        """A run of the healthcheck in which everything held but what is said otherwise, by the beginning of its id."""
        checks = [_with(record, outcomes or {}) for record in whole("health", each=each).checks]
        later()
        record = RunRecord(self.reports / name, Redactor())
        record.write("start", target=target, sections=["health"])
        record.write("plan", required=[*(check.check for check in checks), *not_run])
        for check in checks:
            record.check(check)
        later()
        if ended:
            bad = {check.outcome for check in checks}
            verdict = "FAILED" if "violated" in bad else "PASSED" if bad == {"held"} and not not_run else "INCONCLUSIVE"
            record.write("verdict", verdict=verdict, gaps=[])
        record.close()
        return read(record.path.parent)


def later() -> None:
    """Let the moment pass: what comes after something else began later, and records count in milliseconds."""
    now = timeline.now()
    while timeline.now() == now:
        time.sleep(0.0002)


def _with(record: CheckRecord, outcomes: Mapping[str, Outcome]) -> CheckRecord:
    found = [outcome for check, outcome in outcomes.items() if record.check.startswith(check)]
    return replace(record, outcome=found[0], reason="not as it should be") if found else record


def lines(folder: Path, kind: timeline.Kind = "asked") -> list[dict[str, Any]]:
    """The lines of a kind in a timeline whose chain is whole."""
    return timeline.read(folder).of(kind)


class Mails:
    """Takes e-mail, or answers what it is told to."""

    def __init__(self) -> None:
        self.taken: list[tuple[Envelope, Message]] = []
        self.users: list[str] = []
        self.encrypted: list[bool] = []
        self.tries = 0
        self.answers: list[str] = []
        self.refused: set[str] = set()
        self.port = 0

    async def recipient(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """One recipient."""
        if address in self.refused:
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def message(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """One message."""
        self.tries += 1
        transport = server.transport
        self.encrypted.append(transport is not None and transport.get_extra_info("ssl_object") is not None)
        if self.answers:
            answer = self.answers.pop(0)
            if not answer.startswith("250"):
                return answer
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        self.taken.append((envelope, BytesParser(policy=default).parsebytes(content)))
        return "250 taken"

    def sign_in(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object) -> AuthResult:
        """Who signs in."""
        right = isinstance(data, LoginPassword) and (data.login, data.password) == (USER.encode(), PASSWORD.encode())
        if isinstance(data, LoginPassword):
            self.users.append(data.login.decode())
        return AuthResult(success=right, handled=False)

    def channel(self, role: str = "Governance", **more: object) -> dict[str, object]:
        """What the settings say of it."""
        there = {"kind": "mail", "role": role, "server": f"127.0.0.1:{self.port}", "encryption": "none"}
        return {**there, "sender": "runbook@mine.example", "to": ["governance@mine.example"], **more}


@contextmanager
def mail_server(
    *, starttls: ssl.SSLContext | None = None, tls: ssl.SSLContext | None = None, sign_in: bool = False
) -> Iterator[Mails]:
    """A real SMTP server on this machine."""
    mails = Mails()
    mails.port = closed_port()
    more: dict[str, Any] = {"auth_required": True, "authenticator": mails.sign_in} if sign_in else {}
    if starttls is not None:
        more |= {"tls_context": starttls, "require_starttls": True}
    # The server looks for its handlers by these names.
    handlers = {"handle_RCPT": staticmethod(mails.recipient), "handle_DATA": staticmethod(mails.message)}
    controller = Controller(
        type("Handlers", (), handlers)(), hostname="127.0.0.1", port=mails.port, ssl_context=tls, **more
    )
    controller.start()
    try:
        yield mails
    finally:
        controller.stop()


@contextmanager
def one_byte_at_a_time(begin: bytes) -> Iterator[int]:
    """The port of a server that never stops to answer, and never comes to an end."""
    stop = threading.Event()

    def answer(connection: socket.socket) -> None:
        with connection:
            try:
                for byte in begin + b"x" * 10_000:
                    connection.sendall(bytes([byte]))
                    if stop.wait(0.05):
                        return
            except OSError:
                return

    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.05)

        def serve() -> None:
            while not stop.is_set():
                try:
                    connection, _ = listener.accept()
                except TimeoutError:
                    continue
                threading.Thread(target=answer, args=(connection,), daemon=True).start()

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield int(listener.getsockname()[1])
        finally:
            stop.set()
            thread.join()


def today() -> datetime:
    """Now, in UTC."""
    return datetime.now(UTC)
