"""The summary at the end of a run: what an operator acts on, in the target's languages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from textwrap import wrap
from typing import Literal

from runbook.clauses import Language
from runbook.evidence.record import WORST_FIRST, CheckRecord
from runbook.evidence.verdict import ClauseResult, Judgement

Tone = Literal["good", "bad", "open", "plain", "title"]

WORDS: dict[str, dict[Language, str]] = {
    "held": {"id": "terpenuhi", "en": "held"},
    "violated": {"id": "dilanggar", "en": "violated"},
    "unverified": {"id": "belum terbukti", "en": "unverified"},
    "out of scope": {"id": "di luar cakupan", "en": "out of scope"},
    "waived": {"id": "dikecualikan sementara", "en": "waived"},
    "PASSED": {
        "id": "LULUS: semua dalam cakupan diperiksa dan terpenuhi",
        "en": "PASSED: everything in scope was verified and held",
    },
    "FAILED": {"id": "GAGAL: ada yang dilanggar", "en": "FAILED: something is violated"},
    "INCONCLUSIVE": {
        "id": "BELUM TERBUKTI: tidak semuanya dapat diperiksa, jangan anggap sehat",
        "en": "INCONCLUSIVE: not everything could be verified, do not take it for healthy",
    },
    "except": {
        "id": "KECUALI yang dikecualikan sementara (pemeriksaan: {count})",
        "en": "EXCEPT what is waived (checks: {count})",
    },
    "procedure": {"id": "Tindakan", "en": "Do this"},
    "checks": {"id": "pemeriksaan", "en": "checks"},
    "more": {"id": "selengkapnya di", "en": "the rest is in"},
    "unproven": {
        "id": "Belum terbukti berarti belum aman: atasi penyebab di atas, lalu jalankan lagi.",
        "en": "Not proved is not safe: mend the reason above, then run again.",
    },
}
TONES: dict[str, Tone] = {
    "held": "good",
    "violated": "bad",
    "unverified": "open",
    "waived": "open",
    "out of scope": "plain",
    "PASSED": "good",
    "FAILED": "bad",
    "INCONCLUSIVE": "open",
}
SHOWN_PER_CLAUSE = 5
PARAMETERS_SHOWN = 4
GAPS_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the summary, and the tone to show it in."""

    text: str
    tone: Tone = "plain"


def summary(
    judgement: Judgement, languages: Sequence[Language], record: str, width: int, alarms: Sequence[str] = ()
) -> Iterator[Line]:
    """The lines to show, at most `width` wide where words allow it. `alarms` stand first and last."""
    for alarm in alarms:
        yield from _wrapped(alarm, "bad", width, "")
    for result in judgement.clauses:
        yield from _clause(result, languages, record, width)
    for gap in judgement.gaps[:GAPS_SHOWN]:
        yield from _wrapped(f"! {gap}", "open", width, "  ")
    if len(judgement.gaps) > GAPS_SHOWN:
        yield from _wrapped(f"... {_in(languages, 'more')} {record}", "plain", width, "  ")
    yield Line("")
    verdict = judgement.verdict
    for language in languages:
        yield from _wrapped(WORDS[verdict][language], TONES[verdict], width, "")
    for language in languages if judgement.waived else ():
        yield from _wrapped(WORDS["except"][language].format(count=judgement.waived), "open", width, "")
    for alarm in alarms:
        yield from _wrapped(alarm, "bad", width, "")
    yield Line(record)


def _clause(result: ClauseResult, languages: Sequence[Language], record: str, width: int) -> Iterator[Line]:
    clause = result.clause
    held = len(result.with_outcome("held"))
    count = f"({held} / {len(result.records)} {_in(languages, 'checks')})"
    title = f"{clause.id}  {clause.severity}  {_in(languages, result.outcome)}  {count}"
    yield from _wrapped(title, TONES[result.outcome], width, "")
    for language in languages:
        yield from _wrapped(clause.wording[language], "plain", width, "    ")
    for index, group in enumerate(groups(result)):
        if index == SHOWN_PER_CLAUSE:
            yield from _wrapped(f"... {_in(languages, 'more')} {record}", "plain", width, "    ")
            break
        yield from _group(group, languages, width)
    if result.outcome == "violated":
        for language in languages:
            remedy = f"{WORDS['procedure'][language]}: {clause.remedy[language]}"
            yield from _wrapped(remedy, "title", width, "    ")
    elif result.outcome == "unverified":
        for language in languages:
            yield from _wrapped(WORDS["unproven"][language], "title", width, "    ")


def groups(result: ClauseResult) -> list[list[CheckRecord]]:
    """What did not hold, the worst first; the same check with the same reason for several parameters once."""
    found: dict[tuple[str, str, str | None], list[CheckRecord]] = {}
    for outcome in (outcome for outcome in WORST_FIRST if outcome != "held"):
        for item in result.with_outcome(outcome):
            found.setdefault((outcome, item.check.partition("[")[0], item.reason), []).append(item)
    return list(found.values())


def name(check: str) -> str:
    """A check's name in words, without its file and its parameter."""
    return check.partition("[")[0].rpartition("::")[2].removeprefix("test_").replace("_", " ")


def parameter(check: str) -> str:
    """What a check was run with, empty where it has no parameter."""
    return check.partition("[")[2].removesuffix("]")


def _group(group: list[CheckRecord], languages: Sequence[Language], width: int) -> Iterator[Line]:
    """The outcome in every language; the check's name and its reason are English."""
    first = group[0]
    named = ", ".join(parameter(item.check) for item in group[:PARAMETERS_SHOWN])
    more = f", +{len(group) - PARAMETERS_SHOWN}" if len(group) > PARAMETERS_SHOWN else ""
    text = f"- {_in(languages, first.outcome)}: {name(first.check)}" + (f" [{named}{more}]" if named else "")
    yield from _wrapped(text, TONES[first.outcome], width, "    ")
    if first.reason:
        yield from _wrapped(first.reason.splitlines()[0], "plain", width, "      ")


def _in(languages: Sequence[Language], word: str) -> str:
    return " / ".join(WORDS[word][language] for language in languages)


def _wrapped(text: str, tone: Tone, width: int, indent: str) -> Iterator[Line]:
    lines = wrap(
        text,
        max(width, 40),
        initial_indent=indent,
        subsequent_indent=indent + "  ",
        break_long_words=False,  # an address or a path can still be copied
        break_on_hyphens=False,
    )
    for line in lines:
        yield Line(line, tone)
