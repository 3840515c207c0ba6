"""L4: the database's log is read for what touches the integrity of the data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fixtures.clauses import clause

if TYPE_CHECKING:
    from runbook.logs.classes import LineClass
    from runbook.logs.database_log import DatabaseReport
    from runbook.settings_logs import Logs

pytestmark = clause("L4")


def test_database_log_shows_no(database_log: DatabaseReport, logs: Logs, line_class: LineClass) -> None:
    """The database's log holds no more lines of a class than the settings tolerate: none, unless they say so."""
    found = database_log.count(line_class.name)
    tolerated = logs.database.tolerated.get(line_class.name, 0) if logs.database is not None else 0
    assert found <= tolerated, (
        f"{found} lines, {tolerated} are tolerated; most are of {database_log.most(line_class.name)}"
    )


def test_database_log_can_be_read(database_log: DatabaseReport, logs: Logs) -> None:
    """Fewer lines of the log are malformed than the settings allow."""
    read = database_log.read
    assert read.share_malformed <= logs.malformed_below, (
        f"{read.malformed} of {read.lines} lines cannot be read, the first: {', '.join(read.places)}"
    )
