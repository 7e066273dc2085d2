"""The step from facts to rows: one function per fact, all parts of one commit."""

from datetime import timedelta

from gateway.base.text.strings import numbers_masked
from gateway.conversation.facts import (
    AboutTold,
    AboutWithdrawn,
    Agreed,
    Answered,
    AppealDecided,
    Appealed,
    ArrivalSaid,
    Asked,
    AskedAlone,
    CardsShown,
    CardTaken,
    CardTried,
    CoordinatorPinTried,
    Enrolled,
    Fact,
    FieldsTyped,
    Joined,
    LanguageChosen,
    LessonMoved,
    MoveAgreed,
    MoveAsked,
    MoveDeclined,
    MoveObjected,
    MoveRequested,
    NameGiven,
    NumberDoubted,
    NumberReleased,
    NumberStopped,
    PayAsked,
    PinChosen,
    PinReset,
    PinRight,
    PinWrong,
    QuestionPutOff,
    QuietChosen,
    ReferralCodeGiven,
    RemovedByCoordinator,
    Restarted,
    Skipped,
    Stopped,
    WeeklyChosen,
    WorkerNamed,
    ZoneChosen,
)
from gateway.steps.payouts.cash_out import payout_part
from gateway.steps.payouts.fair_pay.arrivals import arrival_writes
from gateway.steps.people.appeals.by_sms import decision_write
from gateway.steps.people.appeals.file import appeal_write
from gateway.steps.people.enrol import (
    enrolment_writes,
    joined_writes,
    naming_writes,
    pin_reset_writes,
    removal_writes,
    zone_writes,
)
from gateway.steps.people.partners.earning import partner_earning
from gateway.steps.quality.judge import answer_part
from gateway.steps.quality.lessons.cards import card_writes
from gateway.steps.quality.lessons.progress import lesson_writes
from gateway.steps.runtime import Runtime
from gateway.steps.turns import number_change
from gateway.steps.turns.inbound import TurnSource
from gateway.steps.turns.questions import as_held
from gateway.steps.turns.understand import Understood
from gateway.store.batches.batches import Batch
from gateway.store.db import Write
from gateway.store.messages import weekly
from gateway.store.people import about, coordinators, referrals, worker_writes
from gateway.store.turns import sessions, turns
from gateway.store.turns.situation import TurnRow
from gateway.workers import pins

_LAST = 2**63  # larger than any id of a task


async def writes_of(
    rt: Runtime, row: TurnRow, understood: Understood, facts: tuple[Fact, ...], heard: TurnSource
) -> list[Write]:
    """Return the parts that the facts of one turn write."""
    parts = [*_reach(row, facts, heard), *_idle(row, facts)]
    if row.away:
        parts.append(worker_writes.is_back(row.worker))
    # The order of the tasks' ids is the order of their locks: see store/sql/work.sql.
    for fact in sorted(facts, key=_task_id):
        parts.extend(await _writes(rt, row, understood, fact, heard))
    return parts


def _idle(row: TurnRow, facts: tuple[Fact, ...]) -> list[Write]:
    """Guard a turn that asks a worker without a question against a push at the same moment."""
    if (
        row.held_state == "held"
        or row.next_held
        or not any(isinstance(fact, Asked) for fact in facts)
    ):
        return []
    return [turns.holds_nothing(row.worker)]


def batch_of(understood: Understood, facts: tuple[Fact, ...]) -> Batch | None:
    """Return the batch that a reply with these facts is about.

    It is the batch of the question that the reply asks, else of the answer that it accepts.
    """
    asked = next((fact for fact in facts if isinstance(fact, Asked)), None)
    if asked:
        return understood.batch_of(asked)
    return understood.held_batch if any(isinstance(fact, Answered) for fact in facts) else None


def log_fields_of(understood: Understood, facts: tuple[Fact, ...]) -> dict[str, str]:
    """Return the log's data of these facts: their batch and the payout they ask for."""
    batch = batch_of(understood, facts)
    paying = next((fact for fact in facts if isinstance(fact, PayAsked)), None)
    return {**({"batch": batch.id} if batch else {}), **({"payout": paying.ref} if paying else {})}


def enqueue_for(rt: Runtime, facts: tuple[Fact, ...]) -> None:
    """Enqueue the payout job after the commit, so that a payout need not wait for the ticker."""
    if any(isinstance(fact, PayAsked) for fact in facts):
        rt.jobs.enqueue("disburse")


def _task_id(fact: Fact) -> int:
    if isinstance(fact, PayAsked):
        return _LAST  # The earnings of this turn's answers can be paid out in the same turn.
    if isinstance(fact, Answered | Asked | AskedAlone | QuestionPutOff | Skipped):
        return fact.task
    return 0


def _reach(row: TurnRow, facts: tuple[Fact, ...], heard: TurnSource) -> list[Write]:
    """Record how the worker was last reached.

    A worker who dials is sent no questions that she did not ask for. A worker who takes work by SMS
    is.
    """
    took_work = any(isinstance(fact, Asked | Answered) for fact in facts)
    if row.worker_id is None or row.reach == heard.via or not (heard.via == "ussd" or took_work):
        return []
    return [worker_writes.set_reach(row.worker, heard.via)]


async def _writes(  # noqa: C901, PLR0911, PLR0912  # one branch per fact
    rt: Runtime, row: TurnRow, understood: Understood, fact: Fact, heard: TurnSource
) -> list[Write]:
    match fact:
        case Answered():
            batch = await _batch_answered(rt, understood, fact)
            answered = answer_part(rt, as_held(row, fact), batch, fact, heard.via)
            if not batch.partner_price_minor:
                return [answered]
            return [answered, *await partner_earning(rt, row, batch, fact)]
        case FieldsTyped():
            return [sessions.keep_typed(fact.assignment, row.worker, fact.typed, fact.said)]
        case Skipped():
            return [turns.release_task(fact.assignment, "skipped")]
        case QuestionPutOff():
            return [turns.release_task(fact.assignment, "expired")]
        case CardsShown() | CardTried() | CardTaken():
            return [card_writes(row, fact, rt.vault.index(heard.msisdn))]
        case LessonMoved():
            return lesson_writes(row, fact, heard.via)
        case Asked():
            return [asked_part(rt, row, understood, fact, heard.via)]
        case AskedAlone():
            assert understood.held_batch is not None
            until = rt.clock.now() + timedelta(seconds=understood.held_batch.lease_s)
            return [turns.ask_alone(fact.assignment, row.worker, until)]
        case PinChosen() | PinRight() | PinWrong():
            return [_pin_part(row, fact)]
        case PinReset():
            return await pin_reset_writes(rt, row, fact)
        case WorkerNamed():
            return await naming_writes(rt, row, fact)
        case CoordinatorPinTried():
            tries = understood.situation.coordinator
            before = pins.TRIES_MAX - tries.pin_tries_left if tries else 0
            return [coordinators.pin_tried(row.coordinator, before, right=fact.right)]
        case ZoneChosen():
            return await zone_writes(rt, row, fact)
        case ReferralCodeGiven():
            return [referrals.keep_code(row.worker, fact.code)]
        case ArrivalSaid():
            return await arrival_writes(rt, row.worker, fact, heard.via)
        case WeeklyChosen():
            return [weekly.choose(row.worker, off=not fact.on)]
        case Appealed():
            return [appeal_write(rt, row, fact)]
        case AppealDecided():
            return [decision_write(rt, fact)]
        case (
            MoveAsked()
            | MoveRequested()
            | MoveAgreed()
            | MoveDeclined()
            | MoveObjected()
            | NumberDoubted()
            | NumberReleased()
            | NumberStopped()
        ):
            said = numbers_masked(heard.said)
            return await number_change.move_writes(
                rt, row, fact, msisdn=heard.msisdn, said=said, via=heard.via, channel=heard.channel
            )
        case PayAsked():
            return [await payout_part(rt, row.worker, row.currency, fact, heard.msisdn)]
        case Joined():
            return joined_writes(
                rt, fact, heard.msisdn, heard.channel, heard.via, numbers_masked(heard.said)
            )
        case Enrolled():
            return enrolment_writes(rt, row, fact, heard.channel)
        case RemovedByCoordinator():
            return await removal_writes(rt, row, fact)
        case Agreed() if fact.name:
            named = worker_writes.set_name(row.worker, fact.name)
            return [_word_part(row, fact, heard), named]
        case NameGiven():
            return [worker_writes.set_name(row.worker, fact.name)]
        case AboutTold():
            return [about.tell(row.worker, fact, heard.via, heard.channel)]
        case AboutWithdrawn():
            return [about.withdraw(row.worker, heard.via, heard.channel)]
        case Agreed() | Stopped() | Restarted() | LanguageChosen() | QuietChosen():
            return [_word_part(row, fact, heard)]


async def _batch_answered(rt: Runtime, understood: Understood, fact: Answered) -> Batch:
    """Return the batch of the question that the worker holds, or of one of an earlier message."""
    held = understood.situation.held
    if understood.held_batch and held and held.assignment == fact.assignment:
        return understood.held_batch
    item = next(i for i in understood.situation.pack if i.held.assignment == fact.assignment)
    return await rt.batches.get(item.held.question.batch)


def asked_part(rt: Runtime, row: TurnRow, understood: Understood, fact: Asked, via: str) -> Write:
    """Hold the task of a question for the worker, or extend her lease of one that she holds."""
    batch = understood.batch_of(fact)
    until, worker = rt.clock.now() + timedelta(seconds=batch.lease_s), row.worker
    if fact.item is None and not row.next_held and fact.task != row.held_task:
        return turns.hold_task(fact.task, worker, via, until)
    return turns.hold_item(fact.task, worker, via, until, fact.item)


def _pin_part(row: TurnRow, fact: PinChosen | PinRight | PinWrong) -> Write:
    worker = row.worker
    if isinstance(fact, PinChosen):
        return worker_writes.set_pin(worker, row.pin_hash, fact.hash)
    return worker_writes.pin_tried(worker, row.pin_wrong, right=isinstance(fact, PinRight))


def _word_part(
    row: TurnRow,
    fact: Agreed | Stopped | Restarted | LanguageChosen | QuietChosen,
    heard: TurnSource,
) -> Write:
    worker = row.worker
    match fact:
        case LanguageChosen():
            return worker_writes.set_language(worker, fact.language)
        case QuietChosen():
            return worker_writes.set_quiet(worker, fact.from_hour, fact.until_hour)
        case Agreed():
            return worker_writes.change_worker(
                worker, "agreed", heard.via, heard.channel, numbers_masked(heard.said)
            )
        case Stopped():
            return worker_writes.change_worker(
                worker, "stopped", heard.via, heard.channel, numbers_masked(heard.said)
            )
        case Restarted():
            return worker_writes.change_worker(
                worker, "restarted", heard.via, heard.channel, numbers_masked(heard.said)
            )
