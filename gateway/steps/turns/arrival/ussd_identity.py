"""The identity of a USSD step: its session, its phone, and its whole input or its number."""

from dataclasses import replace

from gateway.base.errors import Refused
from gateway.base.msisdn import normalise
from gateway.steps.runtime import Channel, Runtime
from gateway.store.turns import sessions, turns
from gateway.store.turns.situation import TurnRow
from gateway.ussd.port import UssdStep
from gateway.ussd.transcript import behind_code, is_new, typed

_DIGEST_CHARACTERS = 32


async def read_step(
    rt: Runtime, event: turns.InboundEvent, step: UssdStep
) -> tuple[turns.InboundEvent, TurnRow]:
    """Return the event of a step and the row that the step needs.

    Where a phone starts a session with the id of a session long ago, it is a new session, and its
    steps are other events.
    """
    row = await turns.read_situation(rt.db, event)
    if row.session_over and is_new(step):
        assert event.session is not None
        await sessions.renew(rt.db, event.channel, event.session, event.index, row.session_nth)
        row = await turns.read_situation(rt.db, event)
    nth = row.session_nth
    return (replace(event, event_id=f"{event.event_id}~{nth}") if nth else event), row


async def transcript_of(rt: Runtime, channel: Channel, step: UssdStep, index: bytes) -> str:
    """Return the whole transcript, also where the provider sends only the newest input.

    It is read once and not again after a conflict: a copy of a step, processed meanwhile, then adds
    nothing.
    """
    if step.newest is None:
        return typed(step)
    known = await sessions.transcript(rt.db, channel.name, step.session, index)
    if known is not None:
        return f"{known}*{step.newest}" if known else step.newest
    # The first call of a session has no screen before it that its text could answer.
    ahead = behind_code(step.newest, step.service_code)
    return "" if ahead == step.newest else ahead


def event_id(rt: Runtime, step: UssdStep) -> str:
    """Return the identity of a step.

    It consists of the session and a keyed digest of the phone's number with the step's number or
    the whole transcript, which may contain a PIN. Raises Refused for an invalid phone number.
    """
    msisdn, numbered = normalise(step.msisdn, rt.settings.region), step.newest is not None
    if numbered and not step.id:
        raise Refused("the step has no number", status=400)
    said = step.id if numbered else typed(step)
    digest = rt.vault.index(f"{msisdn}\0{said}").hex()[:_DIGEST_CHARACTERS]
    return f"{step.session}:{'#' if numbered else ''}{digest}"
