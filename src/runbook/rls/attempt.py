"""Trying statements as a persona, each one undone at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runbook.rls.answer import Answer, read
from runbook.rls.canary import REPLICA
from runbook.rls.cells import Probe
from runbook.rls.personas import becoming
from runbook.rls.session import joined

if TYPE_CHECKING:
    from runbook.rls.personas import Context, Persona
    from runbook.rls.session import Reply, Session
    from runbook.rls.statements import Statement
    from runbook.rls.world import World
    from runbook.settings import Settings


OPERATOR = "select set_config('role', 'none', true), set_config('row_security', 'off', true)"


class Attempt:
    """Tries statements as personas, each one undone at once, in a transaction with its world in place."""

    def __init__(
        self, session: Session, settings: Settings, world: World, tables: frozenset[str], *, quiet: bool, keep: bool
    ) -> None:
        self._session = session
        self._settings = settings
        self._world = world
        self._tables = tables
        self._quiet = quiet
        self._keep = keep
        self._become: dict[tuple[str, Context], str] = {}

    def ready(self) -> None:
        """What is in place now is what each statement starts from."""
        self._session.ask("savepoint probe")

    def as_(self, persona: Persona, context: Context) -> str:
        """The statement that makes the transaction this persona's."""
        if (persona.name, context) not in self._become:
            self._become[persona.name, context] = becoming(self._settings, persona, self._world, context)
        return self._become[persona.name, context]

    def attempt(self, persona: Persona, context: Context, statement: Statement) -> Probe:
        """Try one statement, and say what came of it."""
        become = self.as_(persona, context)
        reply = self._session.ask(joined(["rollback to savepoint probe", become, statement.sql]))
        answer = read(reply, self._tables, tripwire=statement.tripwire)
        form = statement.form
        if answer.kind == "blind" and reply.function == "exec_stmt_raise" and self._quiet:
            # A trigger of the table's own was quicker than the policies: ask them alone.
            reply = self._session.ask(joined(["rollback to savepoint probe", REPLICA, become, statement.sql]))
            answer = read(reply, self._tables, tripwire=statement.tripwire)
            form += ", triggers off"
        if answer.kind == "reached" and statement.lands:
            answer = self._landed(reply, statement.lands)
        kept = self._keep or answer.kind in ("reached", "blind")
        said = f"{reply.rows} rows" if reply.ok else f"{reply.sqlstate} {reply.function}"
        return Probe(context, form, f"{become};\n{statement.sql}" if kept else "", answer.kind, said, answer.reason)

    def _landed(self, reply: Reply, question: str) -> Answer:
        """Whether a row that was taken stands where it must not: a trigger may stamp it with the caller's own event."""
        if not reply.ok:
            return Answer("blind", "a trigger could have put the row elsewhere before it broke a constraint")
        if self._session.ask(joined([OPERATOR, question])).rows:
            return Answer("reached")
        return Answer("refused", "a trigger puts the row into the own event")

    def as_operator(self, persona: Persona, context: Context, statement: Statement) -> Probe:
        """Ask with the persona's claims and the operator's rights: which rows there are, whoever may see them."""
        become = f"{self.as_(persona, context)};\n{OPERATOR}"
        reply = self._session.ask(joined(["rollback to savepoint probe", become, statement.sql]))
        said = f"{reply.rows} rows" if reply.ok else f"{reply.sqlstate} {reply.function}"
        answer = read(reply, self._tables)
        kind = answer.kind if answer.kind in ("reached", "hidden") else "blind"
        reason = "" if kind == answer.kind else "its policy cannot be worked out with the operator's rights"
        return Probe(context, statement.form, f"{become};\n{statement.sql}" if self._keep else "", kind, said, reason)
