"""What is written to whoever holds a role in an incident, in the target's languages and in each channel's form."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import localtime, make_msgid
from typing import TYPE_CHECKING

from runbook.clauses import Clause, Language, clauses
from runbook.evidence.redact import Redactor

if TYPE_CHECKING:
    from runbook.incident.delivery import Send
    from runbook.incident.timeline import Incident
    from runbook.settings import Settings
    from runbook.settings_incident import Channel

NEXT_STEP = "runbook gate reopen"
SLACK_TOOK_IT = "ok"
"""What Slack's incoming webhooks answer (https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks)."""
WORDS: dict[Language, dict[str, str]] = {
    "id": {
        "to": "Untuk {role}: permintaan ke-{ask}. Belum ada yang mengonfirmasi sebagai {role}.",
        "target": "Target: {target} ({environment}). Insiden dibuka: {since}.",
        "clause": "Dilanggar {clause} ({severity}): {wording} Tindakan: {step}",
        "none": "Tidak ada run yang menunjukkan klausul yang dilanggar; lihat catatan insiden.",
        "next": "Langkah berikut: rollback ke versi stabil bila perlu; akses dibuka lagi hanya setelah `{next}` lulus.",
        "acknowledge": "Konfirmasi bahwa Anda menanganinya: `{acknowledge}`",
    },
    "en": {
        "to": "To the {role}: request number {ask}. Nobody has acknowledged as {role} yet.",
        "target": "Target: {target} ({environment}). Incident opened: {since}.",
        "clause": "Violated {clause} ({severity}): {wording} Do this: {step}",
        "none": "No run shows which clause is violated; see the incident's notes.",
        "next": "Next step: roll back to a stable version where needed; access opens again only after `{next}` passes.",
        "acknowledge": "Acknowledge that you are on it: `{acknowledge}`",
    },
}


@dataclass(frozen=True, slots=True)
class Notice:
    """A message to a role; `ask` counts how often it was asked by this channel, this time included."""

    incident: Incident
    settings: Settings
    role: str
    ask: int

    @property
    def title(self) -> str:
        """One line, without anything that looks like a secret."""
        title = f"[{self.incident.severity}] {self.incident.id} {self.incident.sheet.title}"
        return self._safe(" ".join(title.split()))

    @property
    def acknowledge(self) -> str:
        """The command that says that somebody is on it."""
        return f'runbook incident acknowledge {self.incident.id} --role "{self.role}" --name "..."'

    def lines(self) -> list[str]:
        """The message in each language of the target."""
        return [self._safe(line) for language in self.settings.languages for line in self._in(language)]

    def sent_by(self, channel: Channel) -> Send:
        """What sends it through a channel."""
        from runbook.incident.delivery import mail, webhook

        if channel.kind == "mail":
            return mail(channel, self.as_mail(channel))
        url = channel.url.get_secret_value() if channel.url is not None else ""
        if channel.kind == "slack":
            return webhook(url, self.for_slack(), answers=SLACK_TOOK_IT)
        return webhook(url, self.for_teams() if channel.kind == "teams" else self.as_json())

    def for_slack(self) -> dict[str, object]:
        """Text for an incoming webhook; what Slack takes for marks of its own is escaped."""
        text = "\n".join([f"*{self.title}*", *self.lines()])
        return {"text": text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")}

    def for_teams(self) -> dict[str, object]:
        """A message for "Post to a channel when a webhook request is received", with an Adaptive Card.

        Its texts are runs, which unlike text blocks hold no Markdown (https://adaptivecards.io/explorer/TextRun.html).
        """
        texts = [{"text": self.title, "weight": "bolder"}, *({"text": line} for line in self.lines())]
        body = [{"type": "RichTextBlock", "inlines": [{"type": "TextRun", **text}]} for text in texts]
        card = {
            "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
            "type": "AdaptiveCard",
            "version": "1.4",
            "msteams": {"width": "Full"},
            "body": body,
        }
        kind = "application/vnd.microsoft.card.adaptive"
        return {"type": "message", "attachments": [{"contentType": kind, "contentUrl": None, "content": card}]}

    def as_json(self) -> dict[str, object]:
        """For everything else; docs/escalate.md explains the keys."""
        return {
            "incident": self.incident.id,
            "severity": self.incident.severity,
            "title": self._safe(self.incident.sheet.title),
            "target": self.settings.name,
            "environment": self.settings.severity,
            "since": self.incident.began.isoformat(timespec="seconds"),
            "role": self.role,
            "ask": self.ask,
            "clauses": [
                {"id": one.id, "severity": one.severity, "wording": one.wording, "step": _first_steps(one)}
                for one in self._violated()
            ],
            "next": NEXT_STEP,
            "acknowledge": self.acknowledge,
            "text": "\n".join(self.lines()),
        }

    def as_mail(self, channel: Channel) -> EmailMessage:
        """An e-mail from the channel's sender to its addresses."""
        message = EmailMessage()
        message["Subject"] = self.title
        message["From"] = str(channel.sender)
        message["To"] = ", ".join(channel.to)
        message["Date"] = localtime()
        message["Message-ID"] = make_msgid(domain=str(channel.sender).rpartition("@")[2])
        message["Auto-Submitted"] = "auto-generated"
        message["Importance"] = "high"
        message.set_content("\n\n".join(self.lines()) + "\n")
        return message

    def _in(self, language: Language) -> Iterator[str]:
        words = WORDS[language]
        yield words["to"].format(role=self.role, ask=self.ask)
        yield words["target"].format(
            target=self.settings.name,
            environment=self.settings.severity,
            since=f"{self.incident.began:%Y-%m-%d %H:%M} UTC",
        )
        for one in self._violated():
            yield words["clause"].format(
                clause=one.id,
                severity=one.severity,
                wording=one.wording[language],
                step=_first_steps(one)[language],
            )
        if not self._violated():
            yield words["none"]
        yield words["next"].format(next=NEXT_STEP)
        yield words["acknowledge"].format(acknowledge=self.acknowledge)

    def _violated(self) -> list[Clause]:
        return [clauses()[id_] for id_ in self.incident.clauses if id_ in clauses()]

    def _safe(self, text: str) -> str:
        return Redactor(self.settings.secrets()).text(text)


def _first_steps(clause: Clause) -> dict[Language, str]:
    """The first sentence of what is to be done."""
    return {language: text.partition(". ")[0].removesuffix(".") + "." for language, text in clause.remedy.items()}
