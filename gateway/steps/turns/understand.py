"""The step from the row that was read to the `Situation` on which the conversation decides."""

from dataclasses import dataclass

from gateway.base.ids import new_ref
from gateway.base.msisdn import region_of
from gateway.conversation.ease import pack_limit
from gateway.conversation.facts import Asked
from gateway.conversation.situation import Cash, CoordinatorView, Situation, WorkerView
from gateway.payments.cashout import payable
from gateway.payments.holding import most_at_once, phrase_of
from gateway.qa.skills.gold import gold_due
from gateway.steps.payouts.routes import airtime_for, provider_for
from gateway.steps.payouts.withholdings import deductions
from gateway.steps.people import number_move_view, pin_input
from gateway.steps.quality.skill_read import skill_of
from gateway.steps.runtime import Channel, Runtime
from gateway.steps.turns.questions import held_question, more_of, pack_of, question_of
from gateway.store.batches.batches import Batch
from gateway.store.turns.situation import TurnRow
from gateway.tasks.question import Question


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


async def understand(
    rt: Runtime,
    channel: Channel,
    row: TurnRow,
    *,
    codes: frozenset[str] = frozenset(),
    coordinator: CoordinatorView | None = None,
    msisdn: str = "",
) -> Understood:
    """Return all data on which a turn is decided.

    `codes` are the partner codes in its words that exist.
    """
    held_batch = await rt.batches.get(row.held_batch, row.held_revision) if row.held_task else None
    next_batch = await rt.batches.get(row.next_batch, row.next_revision) if row.next_task else None
    dialled = await _dialled(rt, row)
    worker = _worker(row)
    situation = Situation(
        worker=worker,
        held=held_question(row, held_batch) if held_batch else None,
        upcoming=_upcoming(row, next_batch) if next_batch else None,
        cash=await _cash(rt, row, worker, msisdn) if worker and msisdn else None,
        coordinator=coordinator,
        moving=await number_move_view.view(rt, row),
        pin=pin_input.pin_knowledge(rt, row, worker.currency) if worker else None,
        regions=frozenset(rt.settings.countries),
        dialled=dialled,
        earlier=None if row.earlier_sure is None else "sure" if row.earlier_sure else "unsure",
        pack=await pack_of(rt, row),
        capacity=channel.capacity,
        more=more_of(row, next_batch) if next_batch else (),
        pack_max=pack_limit(row.ease or 0, next_batch.pack_max) if next_batch else 1,
        # The prices decide nothing where only one question fits an SMS.
        segment_prices=channel.prices.both_ways(msisdn)
        if msisdn and next_batch and next_batch.pack_max > 1
        else (1.0, 1.0),
        foreign=worker is None
        and bool(msisdn)
        and region_of(msisdn) not in {None, *rt.settings.countries},
        partner_codes=codes,
        region=channel.region or rt.settings.region,
        languages=_languages(rt, msisdn),
        default_language=rt.settings.countries[rt.settings.region].language,
        shortcode=channel.sms.sender if channel.sms else "",
        service_code=channel.ussd.service_code if channel.ussd else "",
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


def _trial(row: TurnRow, kind: str) -> tuple[int, float]:
    """Return the gold answers since the worker's present trial at a kind began, and her drift."""
    kinds = row.kinds or []
    if kind not in kinds:
        return 0, 0.0
    at = kinds.index(kind)
    return row.trials[at], row.drifts[at]


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
    return question_of(batch, row.worker, row.dialled_task, row.dialled_text)


def _upcoming(row: TurnRow, batch: Batch) -> Question:
    """Return the next question: hidden gold where it is due, else the real one."""
    if row.gold_task:
        skill, answers, golds = skill_of(row, batch.kind)
        trial, drift = _trial(row, batch.kind)
        is_entry = trial < batch.handling.entry_gold
        if is_entry or gold_due(answers, golds, skill, batch.gold_rate, drift):
            return question_of(batch, row.worker, row.gold_task, row.gold_text)
    assert row.next_task is not None
    return question_of(batch, row.worker, row.next_task, row.next_text)


async def _cash(rt: Runtime, row: TurnRow, worker: WorkerView, msisdn: str) -> Cash:
    provider = provider_for(rt, msisdn, worker.currency)
    if provider is None:
        return Cash(payable_minor=0, minimum_minor=0, maximum_minor=0, new_ref="")
    limits = rt.providers[provider]
    most_minor = most_at_once(rt.settings.controls, worker.currency, limits.maximum_minor)
    airtime = airtime_for(rt, msisdn, worker.currency)
    top_up = rt.providers[airtime] if airtime else None
    ways = (provider, airtime)
    taken, off_airtime = await deductions(rt, worker.id, msisdn, worker.currency, ways)
    return Cash(
        payable_minor=payable(
            worker.balance_minor, worker.currency, limits.minimum_minor, most_minor
        ),
        minimum_minor=limits.minimum_minor,
        maximum_minor=most_minor,
        new_ref=new_ref(),
        open_ref=row.payout_ref,
        open_minor=row.payout_amount or 0,
        open_waits=phrase_of(row.payout_waits) if row.payout_waits else "",
        open_day=f"{row.payout_until:%d/%m}" if row.payout_until else "",
        airtime_minor=payable(
            worker.balance_minor, worker.currency, top_up.minimum_minor, top_up.maximum_minor
        )
        if top_up
        else 0,
        airtime_minimum_minor=top_up.minimum_minor if top_up else 0,
        deductions=taken,
        airtime_deductions=off_airtime,
    )
