"""What is sent to people: taken by a receiver within a time limit, or not, and then why; never where it was sent to."""

from __future__ import annotations

import contextlib
import queue
import smtplib
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from typing import TYPE_CHECKING, TypeVar

import httpx
from tenacity import Retrying, retry_if_exception_type, stop_before_delay, wait_exponential_jitter

from runbook.api.client import DIRECT, TOO_MANY_REQUESTS

if TYPE_CHECKING:
    from runbook.settings_incident import Channel

K = TypeVar("K")
GRACE = 1
"""Seconds after the limit within which a try may still say why it failed."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of one message. `reason` says why it was not delivered, or which part of it was not."""

    delivered: bool
    reason: str | None = None


Send = Callable[[float], Delivery]
"""Sends once, waiting so many seconds at most; raises `Busy` where it may be tried again."""


class Busy(Exception):
    """No answer, or one that may be another one later."""


def each_within(seconds: float, sends: Mapping[K, Send]) -> Iterator[tuple[K, Delivery]]:
    """Send them all at once, again while a receiver is not there, and yield what became of each as soon as it is known.

    After so many seconds whatever has not said that it was taken counts as not delivered: a receiver that hangs, or
    answers a byte at a time, holds up nobody.
    """
    ends: queue.SimpleQueue[tuple[K, Delivery]] = queue.SimpleQueue()
    deadline = time.monotonic() + seconds
    for name, send in sends.items():
        threading.Thread(target=lambda n=name, s=send: ends.put((n, _sent(s, deadline))), daemon=True).start()
    waiting = dict.fromkeys(sends)
    while waiting:
        try:
            name, delivery = ends.get(timeout=max(deadline + GRACE - time.monotonic(), 0.001))
        except queue.Empty:
            for name in waiting:
                yield name, Delivery(False, f"did not take it within {seconds:g} s")
            return
        del waiting[name]
        yield name, delivery


def _sent(send: Send, deadline: float) -> Delivery:
    reasons: list[str] = []

    def attempt() -> Delivery:
        try:
            return send(max(deadline - time.monotonic(), 0.001))
        except Busy as error:
            reasons.append(str(error))
            raise

    tries = Retrying(
        retry=retry_if_exception_type(Busy),
        stop=stop_before_delay(max(deadline - time.monotonic(), 0)),
        wait=wait_exponential_jitter(multiplier=0.1, max=2, jitter=0.1),
        reraise=True,
    )
    try:
        return tries(attempt)
    except Busy:
        # The first try had all the time that there was; a later one may have ended for want of it.
        return Delivery(False, reasons[0])
    except Exception as error:
        # Whatever it is, it was not delivered, and the others are still to be told.
        return Delivery(False, f"cannot be sent ({type(error).__name__})")


def webhook(url: str, payload: object, *, answers: str | None = None) -> Send:
    """Post JSON. `answers`: the text that this kind of receiver answers when it took it."""

    def send(seconds: float) -> Delivery:
        try:
            with httpx.Client(timeout=seconds, follow_redirects=False, mounts=dict.fromkeys(DIRECT)) as client:
                answer = client.post(url, json=payload, headers={"user-agent": "runbook"})
        except (httpx.UnsupportedProtocol, httpx.LocalProtocolError, httpx.InvalidURL):
            return Delivery(False, "its url is no http or https address")
        except httpx.RequestError as error:
            raise Busy(f"no answer ({type(error).__name__})") from None
        if answer.is_server_error or answer.status_code == TOO_MANY_REQUESTS:
            raise Busy(f"the receiver answered {answer.status_code}")
        if not answer.is_success:
            return Delivery(False, f"the receiver answered {answer.status_code}")
        if answers is not None and answer.text.strip() != answers:
            return Delivery(False, f"the receiver answered {answer.status_code}, but not {answers!r}")
        return Delivery(True)

    return send


def mail(channel: Channel, message: EmailMessage) -> Send:
    """Hand an e-mail to the channel's server."""

    def send(seconds: float) -> Delivery:
        try:
            smtp = _signed_in(channel, seconds)
            try:
                refused = smtp.send_message(message)
                # It is taken: how the farewell goes is of no importance.
                with contextlib.suppress(smtplib.SMTPException, OSError):
                    smtp.quit()
            finally:
                smtp.close()
        except ssl.SSLCertVerificationError:
            return Delivery(False, "the certificate of the mail server is not valid for its name")
        except smtplib.SMTPRecipientsRefused as error:
            codes = sorted({code for code, _ in error.recipients.values()})
            return _answered(codes[0], f"refused every address ({', '.join(map(str, codes))})")
        except smtplib.SMTPResponseException as error:
            return _answered(error.smtp_code, f"answered {error.smtp_code}")
        except smtplib.SMTPNotSupportedError:
            return Delivery(False, f'the mail server has no {channel.encryption}, or no sign-in; see "encryption"')
        except (smtplib.SMTPException, OSError) as error:
            raise Busy(f"no answer from the mail server ({type(error).__name__})") from None
        if refused:
            return Delivery(True, f"the mail server refused {len(refused)} of {len(channel.to)} addresses")
        return Delivery(True)

    return send


def _answered(code: int, told: str) -> Delivery:
    """SMTP's 4yz may be another answer later, its 5yz not (RFC 5321, 4.2.1)."""
    if code < 500:
        raise Busy(f"the mail server {told}")
    return Delivery(False, f"the mail server {told}")


def _signed_in(channel: Channel, seconds: float) -> smtplib.SMTP:
    host, _, port = str(channel.server).rpartition(":")
    context = ssl.create_default_context()
    if channel.encryption == "tls":
        smtp: smtplib.SMTP = smtplib.SMTP_SSL(host, int(port), timeout=seconds, context=context)
    else:
        smtp = smtplib.SMTP(host, int(port), timeout=seconds)
    try:
        if channel.encryption == "starttls":
            smtp.starttls(context=context)
        if channel.user is not None and channel.password is not None:
            smtp.login(channel.user, channel.password.get_secret_value())
    except BaseException:
        smtp.close()
        raise
    return smtp
