"""A change of number that operators decide: the request, the obstacles, and the notice of it."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import uuid4

from gateway.base.errors import Conflict, OtherKey, Refused
from gateway.base.ids import WorkerId
from gateway.base.msisdn import mask, normalise, region_of
from gateway.conversation.facts import MoveRequested
from gateway.conversation.situation import MoveRequest
from gateway.gsm.septets import gsm_only
from gateway.steps.messages import notify_outside
from gateway.steps.people import find_worker
from gateway.steps.people.find_worker import number_tail
from gateway.steps.runtime import Runtime
from gateway.store.db import Write
from gateway.store.people import number_moves
from gateway.store.people.number_moves import ListedMove

_NAME_SHOWN_MAX = 20


@dataclass(frozen=True, slots=True)
class RequestedMove:
    """A change that was requested on the command line.

    `told` counts the notified numbers of `controls.tell`.
    """

    number: int
    told: int


async def looked_up(rt: Runtime, coordinator: int, old: str, new: str) -> MoveRequest:
    """Return the data that a turn may use of the two numbers that a coordinator names."""
    rows = await number_moves.worker_behind(rt.db, rt.vault.index(old), coordinator)
    if not rows:
        return MoveRequest(old, new)
    if len(rows) > 1:
        return MoveRequest(old, new, problem="move.request_which")
    worker = WorkerId(rows[0].id)
    if region_of(new) != region_of(old) or new == old:
        return MoveRequest(old, new, worker, rows[0].name, "move.bad_number")
    found, day = await move_obstacle(rt, worker, new)
    return MoveRequest(old, new, worker, rows[0].name, found, day)


async def move_obstacle(rt: Runtime, worker: WorkerId, new: str) -> tuple[str, str]:
    """Return the reason why a worker cannot move to a number now, and the day she may ask again.

    The reason is a phrase key; "" where she can.
    """
    now = rt.clock.now()
    tomorrow = now + timedelta(days=1)
    lately = await number_moves.lately(rt.db, worker, now - timedelta(days=1))
    if lately.objected or (lately.hold_until and lately.hold_until > now):
        return "move.too_soon", f"{max(lately.hold_until or tomorrow, tomorrow):%d/%m}"
    if lately.asked >= rt.settings.moves.requests_per_day:
        return "move.too_soon", f"{tomorrow:%d/%m}"
    if not await number_moves.number_is_free(rt.db, rt.vault.index(new), worker, now):
        return "move.taken", ""
    return "", ""


async def move_request_writes(
    rt: Runtime, coordinator: int | None, fact: MoveRequested, channel: str
) -> list[Write]:
    """Return the parts of a coordinator's request.

    They are the change and the SMS about it to the numbers of `controls.tell`.
    """
    new = _new(rt, fact.worker, fact.msisdn, channel, coordinator, "the coordinator", "")
    text = _outside(fact.name, fact.old, fact.msisdn)
    return [
        number_moves.insert_move(new),
        *notify_outside.outside_writes(rt, text, f"move:{uuid4()}"),
    ]


async def request_move(
    rt: Runtime, said: str, number: str, *, by: str, because: str
) -> RequestedMove:
    """Request another number for a worker on the command line.

    Raises Refused where it cannot be requested.
    """
    if not because.strip():
        raise Refused("say why; it is kept with the change", field="because")
    found = await find_worker.find(rt, said)
    if len(found) > 1:
        listed = ", ".join(f"{one.id} ({one.name} {one.number})" for one in found[:10])
        raise Refused(f"{len(found)} workers match {said!r}; name one by id: {listed}")
    worker = WorkerId(found[0].id)
    row = await number_moves.worker_now(rt.db, worker)
    new = normalise(number, row.region)
    if region_of(new) != row.region:
        raise Refused(f"{mask(new)} is a number of another country than {row.region}", field="new")
    why, day = await move_obstacle(rt, worker, new)
    if why:
        raise Refused(_REFUSED[why].format(new=mask(new), day=day), field="new")
    move = _new(rt, worker, new, row.sms_channel, None, by, because.strip())
    old = number_tail(rt, row.msisdn_sealed)
    told = notify_outside.outside_writes(rt, _outside(row.name, old, new), f"move:{uuid4()}")
    try:
        written = await rt.db.write([number_moves.insert_move(move), *told])
    except Conflict as moved:
        raise Refused(
            "this worker's number has just changed: look with gateway moves list"
        ) from moved
    rt.jobs.enqueue("deliver", rt.settings.sms_channel)
    return RequestedMove(written["begin_move"], len(told))


_REFUSED = {
    "move.too_soon": "the number of this worker changed a short time ago, an objection is open, or it was asked for too "
    "often; ask again from {day}, or decide first: gateway moves list",
    "move.taken": "{new} cannot be used: it has worked or earned here itself, said STOP, is a coordinator's, or is asked for "
    "another worker; see gateway worker find {new}",
}


def _new(
    rt: Runtime,
    worker: WorkerId,
    msisdn: str,
    channel: str,
    coordinator: int | None,
    who: str,
    reason: str,
) -> number_moves.NewMove:
    now = rt.clock.now()
    return number_moves.NewMove(
        worker=worker,
        kind="persons",
        state="requested",
        new_index=rt.vault.index(msisdn),
        new_sealed=rt.vault.seal(msisdn),
        channel=channel,
        coordinator=coordinator,
        who=who,
        reason=reason,
        expires_at=now + timedelta(hours=rt.settings.moves.decide_h),
        now=now,
    )


def _outside(name: str, old: str, new: str) -> str:
    """Return the SMS to the numbers of `controls.tell` about a change for two operators."""
    shown = gsm_only(name, _NAME_SHOWN_MAX) if name else "a worker"
    old_end = old[-2:] if old else "?"
    return (
        f"Gateway: a new number is asked for {shown} (..{old_end} to ..{new[-2:]}). Two persons decide: gateway moves list. "
        "Not expected? Call the operator."
    )


def open_number(rt: Runtime, sealed: bytes) -> str:
    """Return a sealed number; "" where there is none, or where it was sealed with another key."""
    try:
        return rt.vault.open(sealed)
    except OtherKey:
        return ""


def describe_move(rt: Runtime, row: ListedMove) -> str:
    """Return a change in one line, with the ends of its numbers."""
    return (
        f"{row.name or '(no name)'} (worker {row.worker_id}), "
        f"{number_tail(rt, row.old_sealed)} to {number_tail(rt, row.new_sealed)}"
    )
