"""The lesson that follows repeated mistakes in gold, in the place of a silent pause.

The questions of the kind rest until she has passed the lesson, at most for the days of a pause. A
kind without a lesson in her language is paused as before. After a second failure her coordinators
are asked to call her. Money is never touched.
"""

from dataclasses import dataclass
from datetime import timedelta

from gateway.base.ids import WorkerId
from gateway.base.msisdn import mask
from gateway.conversation.context import short_name
from gateway.conversation.notices import lesson_assigned_notice
from gateway.gsm.septets import gsm_only
from gateway.phrases import book_in
from gateway.steps.messages.notify import addressee, notify
from gateway.steps.quality.pauses import Trial, pause, pause_row
from gateway.steps.runtime import Runtime
from gateway.store.db import Connection
from gateway.store.people import workers
from gateway.store.quality import findings, relearning
from gateway.store.quality.findings import FindingRecord
from gateway.tasks.lessons.lesson import Mistake

FAILURES_MAX = 2
"""The failures after which a person calls."""
_SOON = timedelta(days=30)
_NAME_MAX = 12


@dataclass(frozen=True, slots=True)
class _Call:
    """A worker whom a lesson did not help, and whom her coordinator should call."""

    relearning: int
    worker: WorkerId
    first: str
    number: str
    title: str


async def respond(rt: Runtime, db: Connection, trial: Trial) -> None:
    """Assign a short lesson on a worker's mistake, or pause her where there is none."""
    row = await workers.contact_of(db, trial.worker)
    lesson = rt.lessons.find(trial.kind, row.language) if row else None
    if row is None or lesson is None or row.state != "active":
        await pause(rt, db, trial)
        return
    options = {option.id for option in lesson.options}
    named = await relearning.worst_mistake(db, trial.worker, trial.kind)
    known = named is not None and {named.right, named.said} <= options
    mistake = Mistake(
        right=named.right if named and known else "",
        said=named.said if named and known else "",
        wrong=trial.wrong,
        seen=trial.right + trial.wrong,
    )
    await pause_row(rt, db, trial)
    again = await relearning.completed_since(db, trial.worker, trial.kind, rt.clock.now() - _SOON)
    failures = FAILURES_MAX if again else 0
    await relearning.assign(db, trial.worker, trial.kind, mistake, failures)
    to = addressee(rt, row.sms_channel, row.msisdn_sealed, trial.worker)
    if to is not None:
        text = lesson_assigned_notice(book_in(row.language, rt.books), mistake)
        await notify(rt, db, to, text, "standing")


async def ask_calls(rt: Runtime) -> int:
    """Ask the coordinators of workers whom a lesson did not help to call them; return how many.

    An operator sees each as a finding, also where a worker has no coordinator.
    """
    asked = 0
    async with rt.db.transaction() as db:
        for row in await relearning.without_call(db, FAILURES_MAX):
            lesson = rt.lessons.find(row.kind, row.language)
            to = addressee(rt, row.channel, row.sealed, row.worker)
            call = _Call(
                row.id,
                row.worker,
                gsm_only(short_name(row.name), _NAME_MAX) if row.name else "?",
                mask(to.msisdn) if to else "?",
                lesson.title if lesson else row.kind,
            )
            await _ask(rt, db, call)
            evidence: dict[str, object] = {
                "sentence": "was assigned a lesson that did not help, twice; she should be called",
                "kind": row.kind,
                "failures": row.failures,
            }
            subject = f"worker:{row.worker}:{row.kind}"
            await findings.record(db, FindingRecord("call_her", subject, evidence, row.worker))
            asked += 1
    return asked


async def _ask(rt: Runtime, db: Connection, call: _Call) -> None:
    for row in await workers.coordinators_of(rt.db, call.worker):
        to = addressee(rt, rt.settings.sms_channel, row.msisdn_sealed)
        if to is None:
            continue
        book = book_in(row.language, rt.books)
        text = book.say("relearn.call", first=call.first, number=call.number, title=call.title)
        await notify(rt, db, to, text, "notice", f"call:{call.relearning}:{row.id}")
