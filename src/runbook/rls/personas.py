"""Who tries: the people that the API acts for, and the event that they name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from runbook.rls.session import acting_as

if TYPE_CHECKING:
    from collections.abc import Iterable

    from runbook.rls.world import World
    from runbook.settings import Settings

Context = Literal["own", "other", "none"]
"""The event that a request names: the persona's own, the one whose rows are to be reached, or none at all."""

ANONYMOUS = "anonymous"
OUTSIDER = "outsider"
BOTH = "both"
MEMBER = "member"
FORMER = "former"


@dataclass(frozen=True, slots=True)
class Persona:
    """One of the people: `membership` is the role in the own event, None for a stranger."""

    name: str
    role: str
    membership: str | None
    contexts: tuple[Context, ...]

    @property
    def stranger(self) -> bool:
        """Whether they belong to no event."""
        return self.membership is None


def personas(settings: Settings, memberships: Iterable[str | None], *, may_end: bool) -> tuple[Persona, ...]:
    """Everybody who tries: nobody signed in, somebody of no event, a member by each role, a member of both events, and
    where the table of members says when a membership ended, somebody whose membership of the other event has.

    Where an event is not named in a request (`rls.context` is none), there is nothing to claim, and a member of both
    events may reach both.
    """
    named = settings.rls.context != "none"
    signed_in = settings.database.signed_in_role
    strangers: tuple[Context, ...] = ("other", "none") if named else ("none",)
    members: tuple[Context, ...] = ("own", "other", "none") if named else ("none",)
    roles = list(memberships)
    found = [
        Persona(ANONYMOUS, settings.database.anonymous_role, None, strangers),
        Persona(OUTSIDER, signed_in, None, strangers),
        *(Persona(role if role is not None else MEMBER, signed_in, role or "", members) for role in roles),
    ]
    if may_end:
        found.insert(2, Persona(FORMER, signed_in, None, strangers))
    if named:
        found.append(Persona(BOTH, signed_in, roles[0] or "", ("own",)))
    return tuple(found)


def becoming(settings: Settings, persona: Persona, world: World, context: Context) -> str:
    """The statement that makes a transaction this persona's, in the event that it names."""
    user = world.users.get(persona.name)
    event = None if context == "none" else world.keys[context]
    claims: dict[str, object] = {"role": persona.role}
    if user is not None:
        claims |= {"sub": user, "aud": settings.auth.audience, "email": address(user)}
        # What people write about themselves says whatever opens most; what the system says of them, their role at most.
        claims["user_metadata"] = {
            "role": world.strongest,
            settings.tenancy.membership.event: world.keys["other"],
        }
        if persona.membership:
            claims["app_metadata"] = {"role": persona.membership}
    claims |= settings.rls.claims.get(persona.name, {})
    headers: dict[str, str] = {}
    more: dict[str, str] = {}
    kind, _, name = settings.rls.context.partition(":")
    if event is not None and kind == "header":
        headers[settings.api.event_header] = event
    elif event is not None and kind == "claim":
        claims[name] = event
    elif kind == "setting":
        more[name] = event if event is not None else ""
    return acting_as(persona.role, claims, headers, more)


def address(user: str) -> str:
    """The mail address in a synthetic person's token."""
    return f"{user}@canary.example"
