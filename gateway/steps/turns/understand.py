"""The reading of a turn: its row, and the `Situation` on which the conversation decides.

A question that does not fit one SMS of this channel is put aside for the worker. Other workers
still get it, on other channels, in other languages or on a screen. She gets the next question that
fits.
"""

from dataclasses import dataclass

from gateway.base.ids import WorkerId
from gateway.base.msisdn import region_of
from gateway.conversation.ease import pack_limit
from gateway.conversation.facts import Asked
from gateway.conversation.situation import CoordinatorView, Situation, WorkerView
from gateway.qa.checks.check_gold import check_gold_due
from gateway.qa.skills.gold import gold_due
from gateway.steps.people import number_move_view
from gateway.steps.quality.lessons.progress import lesson_by_sms
from gateway.steps.runtime import Channel, Runtime
from gateway.steps.turns.questions import (
    fits_sms,
    held_question,
    is_entry,
    more_of,
    pack_of,
    question_of,
    record_of,
)
from gateway.store.batches.batches import Batch
from gateway.store.turns import turns
from gateway.store.turns.situation import TurnRow
from gateway.tasks.question import Question

_PUT_ASIDE_MAX = 50


@dataclass(frozen=True, slots=True)
class Understood:
    """The situation and the batches of its questions.

    A batch is None where there is no question.
    """

    situation: Situation
    held_batch: Batch | None
    next_batch: Batch | None

    def batch_of(self, asked: Asked) -> Batch:
        """Return the batch of the question being asked.

        It is the next question, or one that the worker has already and is asked again.
        """
        items = self.situation.pack
        held = self.situation.held
        again = (held is not None and held.question.task == asked.task) or any(
            item.held.question.task == asked.task for item in items
        )
        batch = self.held_batch if again else self.next_batch
        assert batch is not None
        return batch


async def read_turn_row(rt: Runtime, channel: Channel, event: turns.InboundEvent) -> TurnRow:
    """Return the row of one event, whose next question, if there is one, can be sent."""
    row = await turns.read_situation(rt.db, event)
    if channel.sms is None:
        return row
    for _ in range(_PUT_ASIDE_MAX):
        task = await _too_long(rt, channel, row)
        if task is None:
            return row
        await turns.put_aside(rt.db, task, row.worker_id)
        row = await turns.read_situation(rt.db, event)
    return row


async def _too_long(rt: Runtime, channel: Channel, row: TurnRow) -> int | None:
    """Return the next task if the channel cannot carry even its shortest wording."""
    if not row.next_task or row.next_held or row.worker_id is None:
        return None
    batch = await rt.batches.get(row.next_batch, row.next_revision)
    fits = fits_sms(channel.capacity, batch, row.next_text, row.language)
    return None if fits else int(row.next_task)


def worker_of(row: TurnRow, understood: Understood) -> WorkerId | None:
    """Return the worker of this turn.

    A number that is asked to become another worker's speaks for no worker: its words end the row
    that it may have.
    """
    moving = understood.situation.moving
    if row.worker_id is None or (moving and moving.is_new):
        return None
    return row.worker


async def understand(
    rt: Runtime,
    channel: Channel,
    row: TurnRow,
    *,
    coordinator: CoordinatorView | None = None,
    msisdn: str = "",
) -> Understood:
    """Return the data on which every turn is decided. `load` adds what its words require."""
    held_batch = await rt.batches.get(row.held_batch, row.held_revision) if row.held_task else None
    next_batch = await rt.batches.get(row.next_batch, row.next_revision) if row.next_task else None
    dialled = await _dialled(rt, row)
    worker = _worker(row)
    packs = next_batch is not None and next_batch.pack_max > 1
    situation = Situation(
        worker=worker,
        held=held_question(rt, row, held_batch) if held_batch else None,
        upcoming=_upcoming(row, held_batch, next_batch) if next_batch else None,
        cash=None,
        coordinator=coordinator,
        moving=await number_move_view.view(rt, row) if row.moving else None,
        regions=frozenset(rt.settings.countries),
        dialled=dialled,
        lesson=lesson_by_sms(rt, row) if row.lesson else None,
        earlier=None if row.earlier_sure is None else "sure" if row.earlier_sure else "unsure",
        pack=await pack_of(rt, row) if row.pack else (),
        capacity=channel.capacity,
        more=more_of(row, next_batch) if next_batch else (),
        # A batch without packs asks one question per SMS, and prices then decide nothing.
        pack_max=pack_limit(row.ease or 0, next_batch.pack_max) if packs and next_batch else 1,
        segment_prices=channel.prices.both_ways(msisdn) if packs and msisdn else (1.0, 1.0),
        foreign=worker is None
        and bool(msisdn)
        and region_of(msisdn) not in {None, *rt.settings.countries},
        region=channel.region or rt.settings.region,
        languages=_languages(rt, msisdn),
        default_language=rt.settings.countries[rt.settings.region].language,
        shortcode=channel.sms.sender if channel.sms else "",
        service_code=channel.ussd.service_code if channel.ussd else "",
        known=frozenset(),
    )
    return Understood(situation, held_batch, next_batch)


def _languages(rt: Runtime, msisdn: str) -> tuple[str, ...]:
    """Return the languages offered in the country of a number.

    Without a setting it is the country's first language and then all others.
    """
    countries = rt.settings.countries
    region = region_of(msisdn) if msisdn else None
    country = countries.get(region or "", countries[rt.settings.region])
    return country.languages or tuple(dict.fromkeys((country.language, *sorted(rt.books))))


def _worker(row: TurnRow) -> WorkerView | None:
    if row.worker_id is None:
        return None
    return WorkerView(
        id=row.worker_id,
        name=row.name,
        language=row.language,
        state=row.state,
        balance_minor=row.balance,
        currency=row.currency,
        ease=row.ease,
        agreed=not row.never_agreed,
    )


async def _dialled(rt: Runtime, row: TurnRow) -> Question | None:
    """Return the question of an SMS that the worker answered by dialling since."""
    if row.dialled_task is None:
        return None
    batch = await rt.batches.get(row.dialled_batch)
    record = record_of(row, "dialled")
    return question_of(batch, row.worker, row.dialled_task, row.dialled_text, record)


def _upcoming(row: TurnRow, held_batch: Batch | None, batch: Batch) -> Question:
    """Return the next question: hidden gold where it is due, else the real one."""
    if row.gold_task:
        # The next question is asked with the answer to the held one, which may be gold itself.
        gold_kind = held_batch.kind if held_batch and row.held_gold is not None else None
        pending = int(gold_kind == batch.kind)
        known = row.skill_at(batch.kind)
        if batch.handling.check_of:
            is_due = check_gold_due(row.worker, known.answers)
        else:
            is_due = is_entry(row, batch, pending) or gold_due(
                known.answers, known.golds, known.skill, batch.gold_rate, known.drift
            )
        if is_due:
            return question_of(batch, row.worker, row.gold_task, row.gold_text)
    assert row.next_task is not None
    return question_of(batch, row.worker, row.next_task, row.next_text, record_of(row, "next"))
