"""What an answer of the server says about a policy: by SQLSTATE and the server's own function, never by its words.

Read in PostgreSQL's source and measured on 15 and 18. The order in a write is: BEFORE triggers, generated columns, the
policies' checks, NOT NULL and CHECK, the heap, unique keys, AFTER triggers and foreign keys. So an error of a later
stage says that the policies let the row through; of an earlier one it says nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Collection

    from runbook.rls.session import Reply

Kind = Literal["reached", "hidden", "refused", "not granted", "blind"]
"""`reached`: a row was read or could be written. `hidden`: there was a row, and it was as if there were none.
`refused`: a policy said no. `not granted`: a privilege is missing, so no policy was asked. `blind`: it says nothing."""

WORST_FIRST: tuple[Kind, ...] = ("reached", "blind", "refused", "hidden", "not granted")

NOT_NULL = ("ExecConstraints", "ReportNotNullViolationError")
LATER: dict[str, tuple[str, ...]] = {
    "23502": NOT_NULL,
    "23514": ("ExecConstraints",),
    "23505": ("_bt_check_unique",),
    "23503": ("ri_ReportViolation",),
}
"""What can only fail once the policies have let the row through, and where in the server it does."""

REASONS = {
    "57014": "it took longer than timeouts.statement",
    "55P03": "somebody else holds a lock on it (timeouts.lock)",
    "42P17": "its policies call themselves: infinite recursion",
    "42704": "a policy reads a setting that is not set (current_setting without missing_ok)",
    "0A000": "the server does not support this here",
    "54001": "the server's stack is exhausted: a policy or a function calls itself",
}


NOT_THE_ROLE = "the login of database.dsn may not act as this role"


@dataclass(frozen=True, slots=True)
class Answer:
    """What one answer means, and why where it means nothing."""

    kind: Kind
    reason: str = ""


def read(reply: Reply, tables: Collection[str], *, tripwire: bool = False) -> Answer:
    """The sound reading.

    `tables`: the names of the relation and its partitions. `tripwire`: the statement divides by zero on the first row
    that passes.
    """
    if reply.ok:
        return Answer("reached" if reply.rows > 0 else "hidden")
    if reply.sqlstate == "42501":
        return _permission(reply)
    if tripwire and reply.sqlstate == "22012" and not reply.context and reply.function.startswith(("int4div", "int4")):
        return Answer("reached")
    if (
        reply.function in LATER.get(str(reply.sqlstate), ())
        and not reply.context
        and not reply.datatype
        and reply.table in tables
        and (reply.sqlstate != "23514" or reply.constraint)
    ):
        return Answer("reached")
    if reply.function == "exec_stmt_raise":
        return Answer("blind", f"a trigger or function of its own raised {reply.sqlstate} before the policies decided")
    said = REASONS.get(str(reply.sqlstate), f"the server answered {reply.sqlstate} in {reply.function}")
    return Answer("blind", said)


def _permission(reply: Reply) -> Answer:
    match reply.function:
        case "ExecWithCheckOptions" if not reply.context:
            return Answer("refused")
        case "aclcheck_error" if not reply.context:
            return Answer("not granted")
        case "nextval_internal":
            return Answer("not granted", "a privilege on a sequence is missing")
        case "exec_stmt_raise":
            return Answer("blind", "a trigger or function of its own raised 42501")
        case "call_string_check_hook" if not reply.context:
            return Answer("blind", NOT_THE_ROLE)
        case "check_enable_rls":
            return Answer("blind", "row_security is off for this role")
    return Answer("blind", f"42501 from {reply.function}: something that a policy, trigger or function calls")
