"""Nothing in a folder of sealed runs can be changed unseen, and what nobody touched always verifies."""

from __future__ import annotations

import base64
import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from securesystemslib.signer import CryptoSigner

from runbook.evidence import chain, envelope, keys, ledger
from runbook.evidence.record import CheckRecord, RunRecord
from runbook.evidence.redact import Redactor
from runbook.evidence.seal import SEAL, seal
from runbook.evidence.verify import Verified, verify

CHANGES = 2500
RUNS = ("20260131T093000Z-one-1", "20260131T094000Z-two-2", "20260131T095000Z-three-3")
ID = "checks/health/test_database.py::test_rls_is_on[{}]"


def write_run(folder: Path, verdict: str = "PASSED") -> None:
    """A small run with the files that runs leave."""
    outcome = {"PASSED": "held", "FAILED": "violated"}[verdict]
    record = RunRecord(folder, Redactor())
    record.write("start", target="mine", sections=["health"], by="somebody", commit="c0ffee", clean=True)
    names = [ID.format(f"public.{name}") for name in ("events", "enrollments", "people")]
    record.write("plan", required=names)
    for name in names:
        record.check(CheckRecord(name, "H4", "P0", outcome, 0.5))  # type: ignore[arg-type]
    gaps = [f"{id_}: no check ran" for id_ in ("H1", "H2", "H3", "H5")]
    told = "FAILED" if verdict == "FAILED" else "INCONCLUSIVE"
    record.write("verdict", verdict=told, gaps=gaps)
    record.close()
    (folder / "junit.xml").write_text("<testsuites/>", encoding="utf-8")
    (folder / "screenshots").mkdir()
    (folder / "screenshots" / "page.png").write_bytes(bytes(range(256)))


class Reports:
    """A folder of three sealed runs, put back as it was after each change."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "reports"
        self.signer = CryptoSigner.generate_ed25519()
        self.other = CryptoSigner.generate_ed25519()
        self.trusted = {keys.material(self.signer.public_key): "us"}
        for number, name in enumerate(RUNS):
            write_run(self.folder / name, "FAILED" if number == 1 else "PASSED")
            seal(self.folder / name, self.signer, Redactor())
        self._files = {path: path.read_bytes() for path in self.folder.rglob("*") if path.is_file()}

    @property
    def files(self) -> list[Path]:
        """Every file that is evidence."""
        return sorted(path for path in self._files if path.name != ledger.LOCK)

    def restore(self) -> None:
        """As it was."""
        for path in [path for path in self.folder.rglob("*") if path.is_file() and path not in self._files]:
            path.unlink()
        for path, data in self._files.items():
            if not path.is_file() or path.read_bytes() != data:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)

    def changed(self) -> list[str]:
        """The files that differ from how they were."""
        now = {path: path.read_bytes() for path in self.folder.rglob("*") if path.is_file()}
        return [path.name for path in now.keys() | self._files.keys() if now.get(path) != self._files.get(path)]

    def faults(self) -> list[str]:
        """What is found wrong."""
        return [found for found in verify(self.folder, self.trusted) if isinstance(found, str)]


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Reports:
    return Reports(tmp_path_factory.mktemp("evidence"))


def test_what_nobody_touched_verifies(reports: Reports) -> None:
    found = list(verify(reports.folder, reports.trusted))
    assert [(f.folder.name, f.verdict, f.by) for f in found if isinstance(f, Verified)] == [
        (RUNS[0], "INCONCLUSIVE", "us"),
        (RUNS[1], "FAILED", "us"),
        (RUNS[2], "INCONCLUSIVE", "us"),
    ]
    assert len(found) == len(RUNS)


def _flip(reports: Reports, chance: random.Random) -> None:
    path = chance.choice(reports.files)
    data = bytearray(path.read_bytes())
    data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    path.write_bytes(data)


def _truncate(reports: Reports, chance: random.Random) -> None:
    path = chance.choice(reports.files)
    data = path.read_bytes()
    path.write_bytes(data[: chance.randrange(len(data))])


def _grow(reports: Reports, chance: random.Random) -> None:
    path = chance.choice(reports.files)
    data = path.read_bytes()
    at = chance.randrange(len(data) + 1)
    path.write_bytes(data[:at] + chance.choice([b"\n", b" ", b"{}\n", b"x"]) + data[at:])


def _lines(reports: Reports, chance: random.Random) -> None:
    """Drop, repeat or move a line of a record or of the ledger."""
    path = chance.choice([path for path in reports.files if path.suffix == ".jsonl"])
    lines = path.read_bytes().splitlines(keepends=True)
    index = chance.randrange(len(lines))
    match chance.choice(["drop", "repeat", "move"]):
        case "drop":
            del lines[index]
        case "repeat":
            lines.insert(chance.randrange(len(lines) + 1), lines[index])
        case _:
            line = lines.pop(index)
            lines.insert(chance.randrange(len(lines) + 1), line)
    path.write_bytes(b"".join(lines))


def _edit_with_a_new_chain(reports: Reports, chance: random.Random) -> None:
    """Change what a line says, and every digest after it, so that the chain itself is whole."""
    path = chance.choice([path for path in reports.files if path.suffix == ".jsonl"])
    entries = [dict(entry) for entry in chain.read(path).entries]
    entry = chance.choice(entries)
    name = chance.choice([name for name in entry if name != "previous"])
    entry[name] = "PASSED" if entry[name] != "PASSED" else "held"
    with path.open("wb") as file:
        again = chain.Chain(file)
        for one in entries:
            again.add(one)


def _remove(reports: Reports, chance: random.Random) -> None:
    chance.choice(reports.files).unlink()


def _remove_a_run(reports: Reports, chance: random.Random) -> None:
    shutil.rmtree(reports.folder / chance.choice(RUNS))


def _add(reports: Reports, chance: random.Random) -> None:
    folder = reports.folder / chance.choice(RUNS)
    (folder / chance.choice(["more.txt", "screenshots/more.png", "gate.json", ".hidden"])).write_bytes(b"")


def _swap(reports: Reports, chance: random.Random) -> None:
    """Two files change places, within a run or between runs."""
    one, other = chance.sample(reports.files, 2)
    first, second = one.read_bytes(), other.read_bytes()
    one.write_bytes(second)
    other.write_bytes(first)


def _replay(reports: Reports, chance: random.Random) -> None:
    """A whole run takes the place of another one: its seal fits, its place does not."""
    one, other = chance.sample(RUNS, 2)
    shutil.rmtree(reports.folder / one)
    shutil.copytree(reports.folder / other, reports.folder / one)


def _copy(reports: Reports, chance: random.Random) -> None:
    """A run stands there twice."""
    one = chance.choice(RUNS)
    shutil.copytree(reports.folder / one, reports.folder / f"{one}-{chance.randrange(10)}")


def _sign_with_another_key(reports: Reports, chance: random.Random) -> None:
    """Somebody else signs the same, under the own key or under the name of ours; the ledger is made to fit."""
    folder = reports.folder / chance.choice(RUNS)
    old = envelope.read(folder / SEAL, ledger.type_of("run"))
    (folder / SEAL).unlink()
    predicate = {name: value for name, value in old.predicate.items() if name != "key"}
    signed = envelope.write(folder / SEAL, ledger.type_of("run"), predicate, old.subjects, reports.other)
    if chance.random() < 0.5:
        document = json.loads((folder / SEAL).read_bytes())
        document["signatures"][0]["keyid"] = reports.signer.public_key.keyid
        payload = json.loads(base64.b64decode(document["payload"]))
        payload["predicate"]["key"] = old.by
        document["payload"] = base64.b64encode(chain.canonical(payload)).decode()
        (folder / SEAL).write_bytes(chain.canonical(document) + b"\n")
    path = reports.folder / ledger.LEDGER
    entries = [dict(entry) for entry in chain.read(path).entries]
    for entry in entries:
        if entry["run"] == folder.name:
            entry |= {"digest": signed.digest}
    with path.open("wb") as file:
        again = chain.Chain(file)
        for entry in entries:
            again.add(entry)


def _take_a_run_out_everywhere(reports: Reports, chance: random.Random) -> None:
    """Its folder and its line go, and the ledger is chained anew: the seals of later runs name what is no more."""
    gone = chance.choice(RUNS[:-1])
    shutil.rmtree(reports.folder / gone)
    path = reports.folder / ledger.LEDGER
    entries = [entry for entry in chain.read(path).entries if entry["run"] != gone]
    with path.open("wb") as file:
        again = chain.Chain(file)
        for entry in entries:
            again.add(entry)


TAMPERINGS: tuple[Callable[[Reports, random.Random], None], ...] = (
    _flip,
    _truncate,
    _grow,
    _lines,
    _edit_with_a_new_chain,
    _remove,
    _remove_a_run,
    _add,
    _swap,
    _replay,
    _copy,
    _sign_with_another_key,
    _take_a_run_out_everywhere,
)


@pytest.mark.parametrize("tamper", TAMPERINGS, ids=lambda tamper: tamper.__name__.strip("_"))
def test_every_change_is_seen(reports: Reports, tamper: Callable[[Reports, random.Random], None]) -> None:
    chance = random.Random(tamper.__name__)
    for number in range(CHANGES // len(TAMPERINGS)):
        tamper(reports, chance)
        unseen = reports.changed() and not reports.faults()
        assert not unseen, f"change {number} was not seen: {reports.changed()}"
        for extra in [path for path in reports.folder.iterdir() if path.is_dir() and path.name not in RUNS]:
            shutil.rmtree(extra)
        reports.restore()
    assert not reports.faults()


def test_the_newest_lines_of_a_ledger_are_missed_by_who_kept_its_head(reports: Reports) -> None:
    head = ledger.read(reports.folder).last
    assert [found for found in verify(reports.folder, reports.trusted, head) if isinstance(found, str)] == []
    path = reports.folder / ledger.LEDGER
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))
    shutil.rmtree(reports.folder / RUNS[-1])
    assert reports.faults() == [], "by itself a shorter ledger looks whole"
    assert f"no line {head}" in str(list(verify(reports.folder, reports.trusted, head)))
    reports.restore()


def test_a_key_that_is_nobodys_vouches_for_nothing(reports: Reports) -> None:
    [fault] = [found for found in verify(reports.folder / RUNS[0], {}) if isinstance(found, str)]
    assert "nobody's that is trusted" in fault
