"""The processing of one USSD key: one transaction, one screen.

Most providers give a step no id of its own, and some give the id of a session to several phones. A
step is therefore identified by (session, number, transcript). A repeated step gets the same screen
and changes nothing. A transcript that does not extend the known one (shorter, or another branch:
late or swapped requests) gets the session's current screen and changes nothing either. Providers
give up after ten seconds: `steps/turns/ussd_deadline.py` answers before that, and completes the
step afterwards.
"""

from dataclasses import dataclass, replace

import structlog

from gateway.base import logs
from gateway.base.errors import Conflict, Failed, Refused
from gateway.base.ids import WorkerId
from gateway.base.msisdn import normalise
from gateway.conversation.facts import Answered, Fact, PayAsked, Screen
from gateway.conversation.menu import menu
from gateway.conversation.situation import Situation
from gateway.conversation.views.pin import SECRET
from gateway.conversation.views.view import Lacking
from gateway.steps.people import pin_input
from gateway.steps.retry import settle_down
from gateway.steps.runtime import Channel, Runtime
from gateway.steps.turns.arrival.ussd_identity import event_id, read_step, transcript_of
from gateway.steps.turns.facts import enqueue_for, log_fields_of, writes_of
from gateway.steps.turns.inbound import Inbound, TurnSource
from gateway.steps.turns.load import arrival_view, load
from gateway.steps.turns.understand import Understood, understand, worker_of
from gateway.store.db import Repeated
from gateway.store.payouts.arrivals import open_arrival
from gateway.store.people.coordinators import coordinator_view
from gateway.store.turns import sessions, turns
from gateway.store.turns.situation import TurnRow
from gateway.ussd.networks import Network
from gateway.ussd.port import ShownScreen, UssdChannel, UssdStep
from gateway.ussd.screens import navigation, pages, pages_with_choices_first
from gateway.ussd.transcript import new_keys

log = structlog.get_logger()

_TRIES = 8
# A USSD string holds 182 characters (3GPP TS 23.038); the inputs of a session of three minutes are
# far shorter than this limit. Each key that is dialled ahead is processed, so without a limit one
# long string would delay all workers.
_DIALLED_MAX, _TRANSCRIPT_MAX = 182, 20_000


@dataclass(frozen=True, slots=True)
class Dialled:
    """The screen to answer with.

    `worth_telling` is its text about an answer or money that this step recorded. The worker should
    read that text even when the screen comes too late.
    """

    screen: ShownScreen
    worker: WorkerId | None = None
    worth_telling: str = ""


@dataclass(frozen=True, slots=True)
class _Standing:
    """The state of a session before or after a key."""

    view: str
    memory: dict[str, str]
    pages: list[str]
    page: int
    ended: bool


async def dial(rt: Runtime, channel: Channel, step: UssdStep, raw: bytes) -> Dialled:
    """Return the screen for one key press.

    Raises Refused for an invalid number, and Failed when nothing can be decided.
    """
    assert channel.ussd is not None
    msisdn, identity = normalise(step.msisdn, rt.settings.region), event_id(rt, step)
    index = rt.vault.index(msisdn)
    if (transcript := await transcript_of(rt, channel, step, index)) != step.transcript:
        step = replace(step, transcript=transcript)
    if len(step.transcript) > _TRANSCRIPT_MAX:
        raise Refused("the transcript is longer than any session's", status=400)
    event = turns.InboundEvent(
        channel.name,
        "ussd",
        identity,
        index,
        rt.vault.seal_body(raw),
        step.session,
    )
    with logs.bound(event_id=event.event_id, channel=channel.name):
        for attempt in range(_TRIES):
            await settle_down(attempt)
            try:
                async with rt.db.turn:
                    own, row = await read_step(rt, event, step)
                    if row.known_state != "done":
                        return await _take(rt, channel, channel.ussd, step, own, row, msisdn)
                known = row.known_reply
                log.info("ussd step answered", repeated=True)
                return Dialled(ShownScreen(known[4:], end=known.startswith("END")))
            except (Conflict, Repeated):
                continue
        raise Failed("too many conflicts", retryable=True)


async def _take(
    rt: Runtime,
    channel: Channel,
    ussd: UssdChannel,
    step: UssdStep,
    event: turns.InboundEvent,
    row: TurnRow,
    msisdn: str,
) -> Dialled:
    before = _before(row)
    if before is None and len(step.transcript) > _DIALLED_MAX:
        raise Refused("longer than a phone can dial", status=400)
    said = pin_input.masked_like(step.transcript, row.transcript)
    masked = step if said == step.transcript else replace(step, transcript=said)
    keys = new_keys(row.transcript, masked)
    if keys is None or (before and before.ended):
        # This transcript contains nothing new, so the session's current screen is shown.
        assert before is not None
        log.info("ussd step answered", repeated=True)
        return Dialled(ShownScreen(before.pages[before.page], end=before.ended))
    limits = ussd.network(step.network)
    understood = await _understand(rt, channel, row, msisdn)
    understood = await _planned(rt, understood, row, limits)
    if row.arrival and not keys:  # A key that was dialled ahead is no answer to this question.
        asked = arrival_view(open_arrival(row.arrival))
        understood = replace(understood, situation=understood.situation.changed(arrival=asked))
    source = TurnSource(msisdn, "", "ussd", _sms_channel(rt, channel))
    inbound = Inbound(rt, channel, event, row, source, keys=keys)
    secret = bool(keys) and row.view in SECRET
    if secret:
        said, keys = pin_input.left_out(row.transcript, keys[0])
    understood, (after, facts, notice) = await _walk_with_needs(
        inbound, understood, before, keys, limits.screen_septets
    )
    shown = after.pages[after.page]
    if not secret and row.view != "question":
        said = pin_input.maybe_pins_left_out(said, row.transcript)
    if said != step.transcript:
        event = replace(event, body=rt.vault.seal(pin_input.NOT_KEPT))
    worker = worker_of(row, understood)
    heard = replace(source, said="" if secret or not keys else keys[-1])
    session = sessions.SessionRow(
        worker=worker,
        before=row.transcript,
        transcript=said,
        view=after.view,
        memory=after.memory,
        pages=after.pages,
        page=after.page,
        ended=after.ended,
        began=row.began_at,
    )
    reply = f"{'END' if after.ended else 'CON'} {shown}"
    # Rows that other workers' turns may wait for (a task with many answers) come last, so that they
    # are locked only briefly.
    await rt.db.write(
        [
            *([turns.still_hers(worker, event.index)] if worker else []),
            turns.book_event(event, worker, reply),
            sessions.save_session(event, session),
            *([turns.send_again(row.missed_message)] if row.missed_message else []),
            *await writes_of(rt, row, understood, facts, heard),
        ]
    )
    log.info("ussd step answered", repeated=False, **log_fields_of(understood, facts))
    enqueue_for(rt, facts)
    if row.missed_message:
        rt.jobs.enqueue("deliver", heard.channel)
    matters = any(isinstance(fact, Answered | PayAsked) for fact in facts)
    return Dialled(ShownScreen(shown, end=after.ended), worker, notice if matters else "")


async def _planned(
    rt: Runtime, understood: Understood, row: TurnRow, limits: Network
) -> Understood:
    """Add the session's remaining time, the limit of an input, and a question to resume."""
    situation = understood.situation
    began = row.began_at
    resuming = None
    if began is None and situation.held and situation.held.open and not situation.held.lapsed:
        assert situation.worker is not None
        batch = situation.held.question.batch
        resuming = await sessions.progress(rt.db, situation.worker.id, batch)
    age_s = (rt.clock.now() - began).total_seconds() if began else 0.0
    planned = situation.changed(
        closing=age_s >= limits.last_question_s,
        input_characters=limits.input_characters,
        resuming=resuming,
    )
    return replace(understood, situation=planned)


def _before(row: TurnRow) -> _Standing | None:
    if row.transcript is None:
        return None
    return _Standing(row.view, row.memory, row.pages, row.page, row.ended)


async def _walk_with_needs(
    inbound: Inbound,
    understood: Understood,
    before: _Standing | None,
    keys: list[str],
    budget_septets: int,
) -> tuple[Understood, tuple[_Standing, tuple[Fact, ...], str]]:
    """Press the keys as `_walk` does, and look up what the views on the way need.

    Inbound has the keys as typed; `keys` are the keys to process, without a PIN.
    """
    while True:
        try:
            return understood, _walk(inbound.rt, understood, before, keys, budget_septets)
        except Lacking as lacking:
            understood = await load(inbound, understood, lacking.needs)


def _walk(
    rt: Runtime,
    understood: Understood,
    before: _Standing | None,
    keys: list[str],
    budget_septets: int,
) -> tuple[_Standing, tuple[Fact, ...], str]:
    """Press the keys one after the other.

    Stop at the first key that has an effect, so that nothing happens unseen. Return the session's
    state, the facts and the screen's notice of them.
    """
    if before and len(before.pages) > 1 and (turned := _turn_page(before, keys[0])):
        return turned, (), ""
    now, facts, notice = before, tuple[Fact, ...](), ""
    said: list[str | None] = list(keys) if before else [None, *keys]
    for key in said:
        found = menu(
            understood.situation,
            now.view if now else "",
            now.memory if now else {},
            key,
            rt.books,
            rt.kind_of,
        )
        screens = screen_pages(rt, understood.situation, found.screen, budget_septets)
        at = len(screens) - 1 if found.screen.choices_first else 0
        now = _Standing(found.view, found.memory, screens, at, found.screen.end)
        facts = found.facts
        notice = found.screen.body if found.screen.end else found.screen.notice
        # A PIN that was dialled ahead is not accepted: it stands in the phone's list of calls.
        if facts or now.ended or now.view in SECRET:
            break
    assert now is not None
    return now, facts, notice


def _turn_page(before: _Standing, key: str) -> _Standing | None:
    match navigation(key):
        case "more" if before.page + 1 < len(before.pages):
            return replace(before, page=before.page + 1)
        case "back" if before.page > 0:
            return replace(before, page=before.page - 1)
        case _:
            return None


def screen_pages(
    rt: Runtime, situation: Situation, screen: Screen, budget_septets: int
) -> list[str]:
    """Return a screen as pages that each fit the network, in the language of the phone's owner."""
    worker = situation.worker
    book = rt.books[worker.language if worker else situation.default_language]
    lay_out = pages_with_choices_first if screen.choices_first else pages
    return lay_out(
        screen.notice,
        screen.body,
        screen.choices,
        budget_septets,
        book.say("ussd.more"),
        book.say("ussd.back"),
    )


async def _understand(rt: Runtime, channel: Channel, row: TurnRow, msisdn: str) -> Understood:
    """Return the situation in which a key is pressed, without what only some views need."""
    # A coordinator who is not a worker is shown the commands she can text. A worker sees her own
    # screens, even if she is a coordinator too.
    is_coordinator = row.coordinator_id and row.worker_id is None
    coordinator = await coordinator_view(rt.db, row.coordinator) if is_coordinator else None
    return await understand(rt, channel, row, coordinator=coordinator, msisdn=msisdn)


def _sms_channel(rt: Runtime, channel: Channel) -> str:
    return channel.name if channel.sms else rt.settings.sms_channel
