"""What a turn knows of the change of number that its phone is one end of."""

from datetime import datetime, timedelta

from gateway.conversation.situation import Moving
from gateway.runtime import Runtime
from gateway.store import number_moves
from gateway.store.db import Row

_REMEMBERED = timedelta(days=90)
"""So long after its hold a number that was given up is told so. Then its SIM may be anybody's."""


def hold(rt: Runtime) -> timedelta:
    """Return how long payouts wait after a change, and how long the old number may object."""
    return timedelta(hours=rt.settings.moves.hold_h)


async def view(rt: Runtime, row: Row) -> Moving | None:
    """Return the change of number that the phone of this turn is one end of; None where there is none now."""
    found = row["moving"]
    if not found:
        return None
    now, is_new, state = rt.clock.now(), bool(found["is_new"]), str(found["state"])
    held, expires = _at(found["hold_until"]), datetime.fromisoformat(found["expires_at"])
    if state in ("requested", "invited", "asked") and expires <= now:
        return None
    if state == "done" and (held is None or held + _REMEMBERED <= now):
        return None
    until = now + hold(rt) if is_new or held is None else held
    return Moving(
        id=found["id"],
        is_new=is_new,
        kind=found["kind"],
        state=state,
        language=found["language"],
        name=found["name"],
        can=await number_moves.can(rt.db, found["id"], now) if is_new else "",
        may_object=not is_new
        and not found["objected"]
        and (
            state in ("requested", "invited")
            or (state == "done" and held is not None and held > now)
        ),
        objected=state == "objected",
        until=f"{until:%d/%m}",
    )


def _at(said: str | None) -> datetime | None:
    return datetime.fromisoformat(said) if said else None
