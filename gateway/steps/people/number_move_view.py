"""A turn's view of the change of number in which its phone takes part."""

from datetime import datetime, timedelta

from gateway.conversation.situation import NumberMoveView
from gateway.steps.runtime import Runtime
from gateway.store.people import number_moves
from gateway.store.turns.situation import TurnRow

_REMEMBERED = timedelta(days=90)
"""The time after the hold for which a number that was given up is told so. Then its SIM may belong
to another person.
"""


def hold(rt: Runtime) -> timedelta:
    """Return the time for which payouts wait after a change, and the old number may object."""
    return timedelta(hours=rt.settings.moves.hold_h)


async def view(rt: Runtime, row: TurnRow) -> NumberMoveView | None:
    """Return the change of number in which the phone of this turn takes part, or None."""
    found = row.moving
    if not found:
        return None
    now, is_new, state = rt.clock.now(), bool(found["is_new"]), str(found["state"])
    held, expires = _at(found["hold_until"]), datetime.fromisoformat(found["expires_at"])
    if state in ("requested", "invited", "asked") and expires <= now:
        return None
    if state == "done" and (held is None or held + _REMEMBERED <= now):
        return None
    until = now + hold(rt) if is_new or held is None else held
    return NumberMoveView(
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
