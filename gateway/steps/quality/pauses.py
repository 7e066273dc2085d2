"""The consequences of gold for a worker.

A skill under the bar brings a pause, a kind message, and a way back. A pause holds for one kind of
task and some days. Then a new trial begins, with nothing held against her. Money is never touched.
Each pause is also a finding, so that an operator can see whether the worker or the gold is at
fault.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.base.ids import WorkerId
from gateway.conversation.notices import back_notice, day_text, paused_notice
from gateway.conversation.situation import SkillView
from gateway.phrases import book_in
from gateway.steps.messages.notify import addressee, notify
from gateway.steps.runtime import Runtime
from gateway.store.db import Connection
from gateway.store.people import workers
from gateway.store.quality import findings, relearning, skills
from gateway.store.quality.findings import FindingRecord


@dataclass(frozen=True, slots=True)
class Trial:
    """The gold of one worker at one kind since her trial began: right and wrong answers."""

    worker: int
    kind: str
    right: int
    wrong: int


async def pause(rt: Runtime, db: Connection, trial: Trial) -> None:
    """Pause the questions of this kind for the worker, and tell her until when."""
    until = await pause_row(rt, db, trial)
    await tell_worker(rt, db, trial.worker, until)


async def pause_row(rt: Runtime, db: Connection, trial: Trial) -> datetime:
    """Pause the questions of this kind, with a finding, and return until when."""
    until = rt.clock.now() + timedelta(days=rt.settings.pause_days)
    await skills.pause(db, trial.worker, trial.kind, until)
    evidence: dict[str, object] = {
        "kind": trial.kind,
        "gold_right": trial.right,
        "gold_wrong": trial.wrong,
        "paused_until": until.isoformat(),
    }
    subject = f"worker:{trial.worker}:{trial.kind}"
    await findings.record(db, FindingRecord("below_bar", subject, evidence, trial.worker))
    return until


async def unpause(rt: Runtime, db: Connection, worker: int, kind: str) -> None:
    """End a pause that was unjustified; the worker may work again, and is told so."""
    await skills.unpause(db, worker, kind)
    await relearning.lapse(db, worker, kind)
    await findings.close_unjustified_pause(db, f"worker:{worker}:{kind}")
    await tell_worker(rt, db, worker, None)


async def tell_worker(rt: Runtime, db: Connection, worker: int, until: datetime | None) -> None:
    """Tell a worker by SMS that she is paused until `until`, or (None) that she is back.

    A worker who has left gets no SMS.
    """
    row = await workers.contact_of(db, worker)
    if row is None or row.state != "active":
        return
    book = book_in(row.language, rt.books)
    text = paused_notice(book, until) if until else back_notice(book)
    to = addressee(rt, row.sms_channel, row.msisdn_sealed, worker)
    # Without the SMS, STATUS and SKILL say the same. The gold of all other workers is still judged.
    if to is not None:
        await notify(rt, db, to, text, "standing")


async def skill_view(rt: Runtime, worker: WorkerId) -> SkillView:
    """Return the data of SKILL: the worker's gold so far, and her present pause."""
    row = await skills.gold_so_far(rt.db, worker)
    until = day_text(row.until) if row.until else None
    return SkillView(row.answers, row.right, row.seen, until)
