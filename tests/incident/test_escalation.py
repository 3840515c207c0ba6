"""Escalation, to real receivers: told or loudly not, acknowledged by whom, asked again, and nothing claimed."""

from __future__ import annotations

import json
import os
import ssl
import subprocess
import sys
import threading
import time
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from runbook.clauses import clauses
from runbook.errors import EvidenceError, SettingsError
from runbook.evidence.chain import digest
from runbook.incident import escalation, timeline
from runbook.incident.notice import NEXT_STEP
from runbook.incident.sheet import SHEET
from tests.incident.told import PASSWORD, ROLES, USER, Desk, lines, mail_server, one_byte_at_a_time
from tests.servers import Behaviour, Reply, Server, closed_port
from tests.test_transport import certificate

OK = Reply(200, {}, b"ok")
MAILBOXES = ["governance@mine.example", "deputy@mine.example"]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def hook(server: Server, role: str, kind: str = "json") -> dict[str, object]:
    """A channel to a server whose address holds a secret."""
    return {"kind": kind, "role": role, "url": f"{server.url}/hook/very-secret-{kind}?sig=very-secret"}


def outcomes(folder: Path) -> dict[str, tuple[bool, str | None]]:
    """What became of each channel, the last time."""
    return {line["channel"]: (line["delivered"], line["reason"]) for line in lines(folder)}


def test_everybody_is_told_by_every_channel_in_its_own_form(desk: Desk) -> None:
    run = desk.ran("20260131T093000Z-mine-1", {"checks/health/test_database.py::test_rls_is_on": "violated"})
    with Server(OK) as slack, Server(Reply(202)) as teams, Server(Reply(204)) as other, mail_server() as mails:
        desk.configure(
            "deliver_within = 5",
            slack=hook(slack, ROLES[0], "slack"),
            other=hook(other, ROLES[0]),
            teams=hook(teams, ROLES[1], "teams"),
            mail=mails.channel(ROLES[1]),
        )
        folder = desk.open("RLS is <off> & open", None, run)
        told = desk.escalate(folder)
    assert told.exit_code == 0, told.output
    assert outcomes(folder) == dict.fromkeys(("slack", "other", "teams", "mail"), (True, None))

    text = json.loads(slack.requests[0].body)["text"]
    assert "RLS is &lt;off&gt; &amp; open" in text
    message = json.loads(teams.requests[0].body)
    [attachment] = message["attachments"]
    assert (message["type"], attachment["contentType"]) == ("message", "application/vnd.microsoft.card.adaptive")
    assert (attachment["content"]["type"], attachment["content"]["version"]) == ("AdaptiveCard", "1.4")
    shown = [block["inlines"][0]["text"] for block in attachment["content"]["body"]]
    assert shown[0] == f"[P0] {folder.name} RLS is <off> & open"
    said = json.loads(other.requests[0].body)
    assert (said["incident"], said["severity"], said["role"], said["ask"]) == (folder.name, "P0", ROLES[0], 1)
    assert (said["target"], said["environment"], said["next"]) == ("mine", "staging", NEXT_STEP)
    assert [clause["id"] for clause in said["clauses"]] == ["H4"]
    [(envelope, mail)] = mails.taken
    assert (envelope.rcpt_tos, mail["subject"]) == (MAILBOXES[:1], shown[0])

    body = mail.get_payload(decode=True)
    assert isinstance(body, bytes)
    for words in (text, " ".join(shown), said["text"], body.decode()):
        assert NEXT_STEP in words
        assert f"runbook incident acknowledge {folder.name}" in words
        for language in ("id", "en"):
            first, _, rest = clauses()["H4"].remedy[language].partition(". ")
            assert first in words
            assert rest not in words


def test_nothing_secret_is_shown_or_written_of_a_channel(desk: Desk) -> None:
    with Server(OK) as there, Server(Reply(404)) as broken:
        channels = {"ops": hook(there, ROLES[0]), "broken": hook(broken, ROLES[1], "slack")}
        desk.configure("deliver_within = 5", **channels)
        folder = desk.open(f"Password: {PASSWORD} of a@b.example leaked")
        told = desk.escalate(folder)
    for text in (told.output, (folder / timeline.TIMELINE).read_text(encoding="utf-8")):
        assert "very-secret" not in text
        assert there.url not in text
    assert b"a@b.example" not in there.requests[0].body
    assert PASSWORD.encode() not in there.requests[0].body


FAILING: dict[str, tuple[Behaviour, str]] = {
    "answers 500": (Reply(500), "the receiver answered 500"),
    "limits requests": (Reply(429), "the receiver answered 429"),
    "hangs": ("silence", "no answer (ReadTimeout)"),
    "hangs up": ("drop", "no answer (RemoteProtocolError)"),
    "refuses": (Reply(404), "the receiver answered 404"),
    "leads elsewhere": (Reply(302, {"location": "/login"}), "the receiver answered 302"),
    "shows a page of its own": (Reply(200, {}, b"<html>sign in"), "the receiver answered 200, but not 'ok'"),
}


@pytest.mark.parametrize(("behaviour", "reason"), FAILING.values(), ids=FAILING)
def test_a_receiver_that_fails_is_told_loudly_and_keeps_nobody_else_waiting(
    desk: Desk, behaviour: Behaviour, reason: str
) -> None:
    with Server(OK) as there, Server(behaviour) as failing:
        desk.configure(
            "deliver_within = 0.8", ops=hook(there, ROLES[0], "slack"), board=hook(failing, ROLES[1], "slack")
        )
        folder = desk.open()
        began = time.monotonic()
        told = desk.escalate(folder)
        assert time.monotonic() - began < 6
    assert told.exit_code == 3
    assert f"NOT TOLD: {ROLES[1]} by board: {reason}" in told.stderr
    assert f"NOT TOLD: {ROLES[1]}. Call them now" in told.stderr
    assert outcomes(folder) == {"ops": (True, None), "board": (False, reason)}


def test_a_receiver_that_is_not_there_is_told(desk: Desk) -> None:
    gone = {"kind": "json", "role": ROLES[0], "url": f"http://127.0.0.1:{closed_port()}/"}
    desk.configure("deliver_within = 0.3", gone=gone, wrong={**gone, "url": "ftp://127.0.0.1/"})
    folder = desk.open()
    assert desk.escalate(folder).exit_code == 3
    assert outcomes(folder) == {
        "gone": (False, "no answer (ConnectError)"),
        "wrong": (False, "its url is no http or https address"),
        "": (False, escalation.NO_CHANNEL),
    }


@pytest.mark.parametrize("kind", ["json", "mail"])
def test_a_receiver_that_answers_a_byte_at_a_time_is_left_after_the_limit(desk: Desk, kind: str) -> None:
    with one_byte_at_a_time(b"HTTP/1.1 200 OK\r\nx: " if kind == "json" else b"220 ") as port:
        channel: dict[str, object] = {"kind": "json", "role": ROLES[0], "url": f"http://127.0.0.1:{port}/"}
        if kind == "mail":
            more = {"sender": "runbook@mine.example", "to": ["a@mine.example"], "encryption": "none"}
            channel = {"kind": "mail", "role": ROLES[0], "server": f"127.0.0.1:{port}", **more}
        desk.configure("deliver_within = 0.3", slow=channel)
        folder = desk.open()
        began = time.monotonic()
        assert desk.escalate(folder).exit_code == 3
        assert time.monotonic() - began < 6
    assert outcomes(folder)["slow"] == (False, "did not take it within 0.3 s")


def test_what_passes_is_tried_again_and_a_refusal_is_not(desk: Desk) -> None:
    with Server(Reply(503), "drop", OK) as later, Server(Reply(403)) as never:
        desk.configure("deliver_within = 5", later=hook(later, ROLES[0]), never=hook(never, ROLES[1]))
        folder = desk.open()
        assert desk.escalate(folder).exit_code == 3
    assert outcomes(folder) == {"later": (True, None), "never": (False, "the receiver answered 403")}
    assert (len(later.requests), len(never.requests)) == (3, 1)


def test_one_channel_is_enough_for_a_role_and_the_other_is_not_passed_over(desk: Desk) -> None:
    with Server(OK) as there, Server(Reply(400)) as failing:
        channels = {role.split()[0].lower(): hook(there, role) for role in ROLES}
        desk.configure("deliver_within = 5", **channels, second=hook(failing, ROLES[1]))
        told = desk.escalate(desk.open())
    assert told.exit_code == 0
    assert f"NOT TOLD: {ROLES[1]} by second" in told.stderr


def test_mail_is_encrypted_and_signed_in_for(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pem = certificate(tmp_path, 9)
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    signed_in = {"user": USER, "password": PASSWORD}
    with mail_server(starttls=context, sign_in=True) as upgraded, mail_server(tls=context) as encrypted:
        desk.configure(
            "deliver_within = 5",
            upgraded=upgraded.channel(ROLES[0], encryption="starttls", **signed_in),
            encrypted=encrypted.channel(ROLES[1], encryption="tls"),
        )
        assert desk.escalate(desk.open()).exit_code == 0
    assert (upgraded.encrypted, encrypted.encrypted, upgraded.users) == ([True], [True], [USER])


def test_a_mail_server_that_is_not_who_it_should_be_gets_nothing(desk: Desk, tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate(tmp_path, 9))
    with mail_server(starttls=context) as upgraded, mail_server(tls=context) as encrypted, mail_server() as plain:
        desk.configure(
            "deliver_within = 2",
            upgraded=upgraded.channel(encryption="starttls"),
            encrypted=encrypted.channel(encryption="tls"),
            plain=plain.channel(encryption="starttls"),
        )
        folder = desk.open()
        assert desk.escalate(folder).exit_code == 3
    untrusted = "the certificate of the mail server is not valid for its name"
    assert outcomes(folder)["upgraded"] == outcomes(folder)["encrypted"] == (False, untrusted)
    assert outcomes(folder)["plain"][0] is False
    assert upgraded.taken + encrypted.taken + plain.taken == []


def test_a_wrong_password_is_a_refusal(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pem = certificate(tmp_path, 9)
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    with mail_server(starttls=context, sign_in=True) as mails:
        desk.configure("deliver_within = 5", mail=mails.channel(encryption="starttls", user="else", password=PASSWORD))
        folder = desk.open()
        assert desk.escalate(folder).exit_code == 3
    assert outcomes(folder)["mail"] == (False, "the mail server answered 535")


def test_mail_that_is_put_off_is_sent_again_and_mail_that_is_refused_is_not(desk: Desk) -> None:
    with mail_server() as later, mail_server() as never, mail_server() as some, mail_server() as none:
        later.answers, never.answers = ["451 try later", "250"], ["554 no", "250"]
        some.refused, none.refused = {MAILBOXES[1]}, set(MAILBOXES)
        servers = {"later": later, "never": never, "some": some, "none": none}
        desk.configure("deliver_within = 5", **{name: one.channel(to=MAILBOXES) for name, one in servers.items()})
        folder = desk.open()
        told = desk.escalate(folder)
    assert outcomes(folder) == {
        "": (False, escalation.NO_CHANNEL),
        "later": (True, None),
        "never": (False, "the mail server answered 554"),
        "some": (True, "the mail server refused 1 of 2 addresses"),
        "none": (False, "the mail server refused every address (550)"),
    }
    assert "told: Governance by some: the mail server refused 1 of 2 addresses" in told.output
    assert (len(later.taken), later.tries, never.tries, len(some.taken)) == (1, 2, 1, 1)


def test_a_title_of_several_lines_is_one_line_of_the_mail_s_head(desk: Desk) -> None:
    with mail_server() as mails:
        desk.configure("deliver_within = 5", mail=mails.channel())
        folder = desk.open("down\nBcc: everybody@mine.example\n")
        desk.escalate(folder)
    [(envelope, mail)] = mails.taken
    assert envelope.rcpt_tos == MAILBOXES[:1]
    assert (mail["bcc"], str(mail["subject"]).startswith(f"[P0] {folder.name} down Bcc:")) == (None, True)


def test_who_has_acknowledged_is_not_asked_again(desk: Desk) -> None:
    with Server(OK) as operator, Server(OK) as board:
        desk.configure("deliver_within = 5", operator=hook(operator, ROLES[0]), board=hook(board, ROLES[1]))
        folder = desk.open()
        assert desk.escalate(folder).exit_code == 0
        said = desk.acknowledge(folder, "--role", ROLES[0], "--name", "Ayu Lestari")
        assert said.output.strip() == f"acknowledged by Ayu Lestari ({ROLES[0]}), claimed, without a key"
        assert desk.escalate(folder).exit_code == 0
    assert (len(operator.requests), len(board.requests)) == (1, 2)
    assert json.loads(board.requests[1].body)["ask"] == 2
    [line] = lines(folder, "acknowledged")
    assert (line["role"], line["name"], line["claimed"]) == (ROLES[0], "Ayu Lestari", True)
    assert datetime.fromisoformat(line["at"]).utcoffset() == timedelta(0)


def test_who_was_told_of_less_is_asked_again(desk: Desk) -> None:
    with Server(OK) as receiver:
        desk.configure("deliver_within = 5", one=hook(receiver, ROLES[0]), two=hook(receiver, ROLES[1]))
        folder = desk.open(severity="P2")
        desk.escalate(folder)
        for role in ROLES:
            desk.acknowledge(folder, "--role", role, "--name", "Ayu")
        with timeline.held(folder) as book:
            book.add("severity", severity="P0", why="it is everybody")
        assert escalation.told_after(timeline.read(folder), ROLES[0], desk.settings) is None
        assert desk.escalate(folder).exit_code == 0
    assert len(receiver.requests) == 4
    assert escalation.told_after(timeline.read(folder), ROLES[0], desk.settings) is not None


def test_an_acknowledgement_by_key_is_that_person_s(desk: Desk) -> None:
    with Server(OK) as receiver:
        desk.configure("deliver_within = 5", one=hook(receiver, ROLES[0]), two=hook(receiver, ROLES[1]))
        key = desk.person("ayu", ROLES[0])
        folder = desk.open()
        desk.escalate(folder)
    said = desk.acknowledge(folder, key=key)
    assert said.output.strip() == f"acknowledged by Ayu ({ROLES[0]}), signed"
    incident = timeline.read(folder)
    assert escalation.not_acknowledged(incident, ROLES[0], desk.settings) is None
    assert escalation.not_acknowledged(incident, ROLES[1], desk.settings) == f"nobody has acknowledged as {ROLES[1]}"
    assert "has acknowledged it already" in desk.acknowledge(folder, key=key).stderr

    [path] = folder.glob("acknowledged-*.json")
    path.write_bytes(path.read_bytes().replace(b'"sig":"', b'"sig":"00', 1))
    assert "does not fit" in str(escalation.not_acknowledged(incident, ROLES[0], desk.settings))
    path.unlink()
    assert "cannot be read" in str(escalation.not_acknowledged(incident, ROLES[0], desk.settings))


def test_whoever_signed_has_been_told_by_whatever_way_and_a_claim_does_not_show_that(desk: Desk) -> None:
    desk.configure("")
    key = desk.person("ayu", ROLES[0])
    folder = desk.open()
    assert desk.escalate(folder).exit_code == 3
    desk.acknowledge(folder, key=key)
    desk.acknowledge(folder, "--role", ROLES[1], "--name", "Budi")
    signed, claimed = (escalation.told_after(timeline.read(folder), role, desk.settings) for role in ROLES)
    assert signed is not None
    assert timedelta(0) <= signed < timedelta(minutes=5)
    assert claimed is None


def test_a_signature_counts_for_its_own_incident_and_role_alone(desk: Desk) -> None:
    with Server(OK) as receiver:
        desk.configure("deliver_within = 5", one=hook(receiver, ROLES[0]), two=hook(receiver, ROLES[1]))
        key = desk.person("ayu", ROLES[0])
        first, second = desk.open(), desk.open()
        for folder in (first, second):
            desk.escalate(folder)
    desk.acknowledge(first, key=key)
    [line], [path] = lines(first, "acknowledged"), first.glob("acknowledged-*.json")
    said = {name: line[name] for name in ("name", "key", "file", "digest", "claimed")}
    asked = lines(second)
    with timeline.held(second) as book:
        digests = dict(zip([str(entry) for entry in book.incident.entries], book.incident.digests, strict=True))
        for role in ROLES:
            digest = next(digests[str(entry)] for entry in asked if entry["role"] == role)
            by = said["key"][:16]
            (second / f"acknowledged-{digest[:16]}-{by}.json").write_bytes(path.read_bytes())
            book.add("acknowledged", role=role, asked=digest, **said)
    for role in ROLES:
        fault = escalation.not_acknowledged(timeline.read(second), role, desk.settings)
        assert fault == "what Ayu signed is another acknowledgement"


def test_a_claim_does_not_count_where_somebody_could_have_signed(desk: Desk) -> None:
    desk.configure("")
    desk.person("ayu", ROLES[0])
    folder = desk.open()
    desk.escalate(folder)
    for role in ROLES:
        desk.acknowledge(folder, "--role", role, "--name", "Somebody")
    incident = timeline.read(folder)
    lacking = escalation.not_acknowledged(incident, ROLES[0], desk.settings)
    assert lacking == f"only claimed for Somebody; Ayu ({ROLES[0]}) can sign it"
    assert escalation.not_acknowledged(incident, ROLES[1], desk.settings) is None


@pytest.mark.parametrize(
    ("arguments", "message"),
    {
        (): "say who it is",
        ("--role", "Governance"): "say who it is",
        ("--role", "Governance", "--name", "  "): "say who it is",
        ("--role", "Governence", "--name", "Budi"): "nobody was asked as 'Governence'; asked were",
    }.items(),
    ids=str,
)
def test_an_acknowledgement_that_says_too_little_is_refused(
    desk: Desk, arguments: tuple[str, ...], message: str
) -> None:
    folder = desk.open()
    desk.escalate(folder)
    refused = desk.acknowledge(folder, *arguments)
    assert (refused.exit_code, message in refused.stderr) == (2, True), refused.stderr
    assert lines(folder, "acknowledged") == []


def test_nobody_acknowledges_what_nobody_was_asked(desk: Desk) -> None:
    folder = desk.open()
    refused = desk.acknowledge(folder, "--role", ROLES[0], "--name", "Ayu")
    assert f"`runbook incident escalate {folder.name}` asks" in refused.stderr


def test_a_key_that_is_named_signs_for_its_owner_or_not_at_all(desk: Desk) -> None:
    key = desk.person("ayu", ROLES[0])
    stranger = desk.person("stranger", "Nobody")
    folder = desk.open()
    desk.escalate(folder)
    for other in (["--role", ROLES[1]], ["--name", "Budi"]):
        assert f"the key is Ayu ({ROLES[0]})'s" in desk.acknowledge(folder, *other, key=key).stderr
    assert "nobody was asked as 'Nobody'" in desk.acknowledge(folder, key=stranger).stderr
    desk.configure("")
    assert "the key is nobody's of [people]" in desk.acknowledge(folder, key=key).stderr
    assert lines(folder, "acknowledged") == []


def test_it_is_asked_again_until_all_have_acknowledged(desk: Desk) -> None:
    with Server(OK) as receiver:
        more = "deliver_within = 5\nask_again_minutes = 0.001"
        desk.configure(more, one=hook(receiver, ROLES[0]), two=hook(receiver, ROLES[1]))
        folder, so_far = desk.open(), []

        def answer(one: escalation.Asked) -> None:
            so_far.append(one.role)
            if len(so_far) == 2:
                escalation.acknowledge(folder, {}, None, ROLES[0], "Ayu", key_named=False)
            elif so_far.count(ROLES[1]) == 3:
                escalation.acknowledge(folder, {}, None, ROLES[1], "Budi", key_named=False)

        left = escalation.escalate(folder, desk.settings, answer, minutes=5, rounds=9)
    assert left == []
    assert [json.loads(request.body)["role"] for request in receiver.requests[2:]] == [ROLES[1]] * 2
    assert len(lines(folder)) == 4


def test_it_is_asked_in_so_many_rounds_and_who_has_not_acknowledged_is_told(desk: Desk) -> None:
    with Server(OK) as receiver:
        more = "deliver_within = 5\nask_again_minutes = 0.001"
        desk.configure(more, one=hook(receiver, ROLES[0]), two=hook(receiver, ROLES[1]))
        folder = desk.open()
        told = desk.escalate(folder, "--wait", "0.01", "--rounds", "2")
    assert told.exit_code == 3
    assert f"NOT ACKNOWLEDGED: {', '.join(ROLES)}" in told.stderr
    assert len(receiver.requests) == 4


def test_a_closed_incident_is_not_escalated(desk: Desk) -> None:
    with Server(OK) as receiver:
        desk.configure("", one=hook(receiver, ROLES[0]))
        folder = desk.open()
        with timeline.held(folder) as book:
            book.add("closed", run="x", sheet=digest((folder / SHEET).read_bytes()))
        refused = desk.escalate(folder)
    assert (refused.exit_code, receiver.requests) == (2, [])
    assert "is closed: open another incident" in refused.stderr


def test_an_incident_is_not_escalated_by_the_channels_of_another_target(desk: Desk) -> None:
    with Server(OK) as receiver:
        desk.configure("", one=hook(receiver, ROLES[0]))
        folder = desk.open()
        desk.file.write_text(desk.file.read_text(encoding="utf-8").replace('name = "mine"', 'name = "theirs"'))
        refused = desk.escalate(folder)
    assert (refused.exit_code, receiver.requests, lines(folder)) == (2, [], [])
    assert "is an incident of mine, and the settings are of theirs" in refused.stderr


def test_two_people_at_once_lose_nothing(desk: Desk) -> None:
    with Server(OK) as receiver:
        desk.configure("deliver_within = 5", one=hook(receiver, ROLES[0]), two=hook(receiver, ROLES[1]))
        folder, settings, failed = desk.open(), desk.settings, []

        def both() -> None:
            try:
                list(escalation.ask(folder, settings))
                escalation.acknowledge(folder, {}, None, ROLES[0], "Ayu", key_named=False)
            except EvidenceError as error:
                failed.append(error)

        threads = [threading.Thread(target=both) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert failed == []
    assert len(lines(folder)) == len(receiver.requests) >= 7
    assert len(lines(folder, "acknowledged")) == 6


def test_whoever_is_killed_has_told_what_was_told(desk: Desk) -> None:
    with Server(OK) as there, Server("silence") as hanging:
        desk.configure("deliver_within = 60", there=hook(there, ROLES[0]), hanging=hook(hanging, ROLES[1]))
        folder = desk.open()
        command = ["incident", "escalate", folder.name, "--incidents", str(desk.incidents), "--target", str(desk.file)]
        process = subprocess.Popen(
            [sys.executable, "-c", "from runbook.cli import main; main()", *command],
            env={**os.environ, **desk.environment},
            stdout=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 20
        while not (b'"asked"' in (folder / timeline.TIMELINE).read_bytes() and hanging.requests):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        process.kill()
        process.wait()
    assert outcomes(folder) == {"there": (True, None)}
    assert escalation.unacknowledged(timeline.read(folder), desk.settings) == list(ROLES)


CHANNEL_FAULTS = {
    "no address": ({"kind": "slack", "role": "x"}, 'kind = "slack" needs url'),
    "no server": ({"kind": "mail", "role": "x"}, 'kind = "mail" needs server and sender and to'),
    "a server without a port": ({"server": "mine.example"}, "server: string should match pattern"),
    "a port that is none": ({"server": "mine.example:99999"}, "server: must end in a port, 1 to 65535"),
    "two addresses in one": ({"to": ["a@b.example\nBcc: c@d.example"]}, "to.0: string should match pattern"),
    "a user without a password": ({"user": "me"}, "user and password belong together"),
    "a password in the clear": ({"user": "me", "password": "it"}, 'a password is not sent with encryption = "none"'),
    "an unknown kind": ({"kind": "pager"}, "kind: input should be 'slack', 'teams', 'json' or 'mail'"),
}


@pytest.mark.parametrize(("change", "fault"), CHANNEL_FAULTS.values(), ids=CHANNEL_FAULTS)
def test_a_channel_that_cannot_work_is_refused(desk: Desk, change: dict[str, object], fault: str) -> None:
    mail = {"kind": "mail", "role": "x", "server": "a.example:25", "encryption": "none", "sender": "a@b.example"}
    desk.configure("", x=change if change.get("role") else {**mail, "to": ["c@d.example"], **change})
    with pytest.raises(SettingsError) as raised:
        assert desk.settings
    [line] = raised.value.lines
    assert fault in line
    assert "incidents.channels.x" in line
