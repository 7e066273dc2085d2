"""A worker's change of number: the data that a turn uses, and the rows that it writes."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

from gateway.base.msisdn import NO_NUMBER, region_of
from gateway.conversation.facts import (
    MoveAgreed,
    MoveAsked,
    MoveDeclined,
    MoveObjected,
    MoveRequested,
    NumberDoubted,
    NumberReleased,
    NumberStopped,
)
from gateway.conversation.people.number_change import number_and_pin
from gateway.conversation.situation import MoveTo, Situation
from gateway.steps.messages.notify import Addressee, notice_write
from gateway.steps.people import number_requests, release_number
from gateway.steps.people.number_move_view import hold
from gateway.steps.runtime import Runtime
from gateway.steps.turns.inbound import Inbound
from gateway.store.db import Write
from gateway.store.people import number_moves
from gateway.store.turns.situation import TurnRow
from gateway.workers import pins

MoveFact = (
    MoveAsked
    | MoveRequested
    | MoveAgreed
    | MoveDeclined
    | MoveObjected
    | NumberDoubted
    | NumberReleased
    | NumberStopped
)


async def look_up_number(inbound: Inbound, situation: Situation) -> Situation:
    """Add the number behind MOVE or on the screen that asks for it, and check the PIN behind it."""
    rt, row, heard = inbound.rt, inbound.row, inbound.heard
    if situation.worker is None:
        return situation
    said = inbound.parsed.rest if inbound.parsed else inbound.keys[0]
    number, _ = number_and_pin(said, situation.region)
    to, known = await _move_to(rt, row, number, heard.msisdn), situation.pin
    if heard.pin and row.pin_hash and known and not known.locked:
        right = await asyncio.to_thread(
            pins.is_right, heard.pin.get_secret_value(), row.pin_hash, rt.vault.pepper
        )
        known = replace(known, typed=True, typed_right=right)
    return situation.changed(move_to=to, pin=known)


async def _move_to(rt: Runtime, row: TurnRow, number: str | None, own: str) -> MoveTo:
    """Return the obstacles of a worker who wants to move to this number."""
    if number is None or number == own or region_of(number) != region_of(own):
        return MoveTo(number or "", "move.bad_number")
    if row.payout_ref:
        return MoveTo(number, "move.wait_asked")
    problem, day = await number_requests.move_obstacle(rt, row.worker, number)
    return MoveTo(number, problem, day)


async def move_writes(  # noqa: PLR0911  # one return per fact
    rt: Runtime, row: TurnRow, fact: MoveFact, *, msisdn: str, said: str, via: str, channel: str
) -> list[Write]:
    """Return the parts of a fact about a change of number. `msisdn` is the phone of this turn."""
    now = rt.clock.now()
    match fact:
        case MoveAsked():
            new = number_moves.NewMove(
                worker=row.worker,
                kind="pin",
                state="invited",
                new_index=rt.vault.index(fact.msisdn),
                new_sealed=rt.vault.seal(fact.msisdn),
                channel=channel,
                coordinator=None,
                who="the worker",
                reason=f"with her PIN, by {via}",
                expires_at=now + timedelta(hours=rt.settings.moves.answer_h),
                now=now,
            )
            asked = notice_write(rt, Addressee(channel, fact.msisdn), fact.invitation, "money")
            return [number_moves.insert_move(new), asked]
        case MoveRequested():
            return await number_requests.move_request_writes(rt, row.coordinator_id, fact, channel)
        case MoveAgreed():
            return await _agreement_writes(rt, fact, said, via, channel, now)
        case MoveDeclined():
            return [number_moves.decline(fact.move, channel, stop=fact.stop)]
        case MoveObjected():
            return [number_moves.object_to(fact.move, now)]
        case NumberDoubted() | NumberReleased():
            return await release_number.release_writes(
                rt, row, fact, msisdn=msisdn, via=via, channel=channel
            )
        case NumberStopped():
            return [number_moves.stop_number(rt.vault.index(msisdn), channel)]


async def _agreement_writes(
    rt: Runtime, fact: MoveAgreed, said: str, via: str, channel: str, now: datetime
) -> list[Write]:
    """Return the swap, and the SMS that informs the old number and lets it object."""
    until = now + hold(rt)
    swapped = number_moves.swap(
        fact.move,
        via=via,
        channel=channel,
        said=said,
        no_number=rt.vault.seal(NO_NUMBER),
        screen=fact.screen,
        hold_until=until,
        now=now,
    )
    row = await number_moves.move_with_worker(rt.db, fact.move)
    old = (
        number_requests.open_number(rt, row.old_sealed)
        if row and row.number_lost_at is None
        else NO_NUMBER
    )
    if not row or not old:
        return [swapped]
    to = Addressee(row.channel, old)
    return [swapped, notice_write(rt, to, fact.told, "money", f"move:{fact.move}:notice")]
