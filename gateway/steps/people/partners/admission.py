"""The admission of partners: their criteria, states and capacity, each change with its author.

A console with roles can call these actions as the commands do: every one takes its author and its
reason, and keeps both in the partner's history.
"""

from dataclasses import dataclass
from datetime import date

from gateway.base.errors import Refused
from gateway.base.text.strings import line
from gateway.steps.people.partners.words import author, reason_given
from gateway.steps.runtime import Runtime
from gateway.store.batches import shares
from gateway.store.people.partners import criteria as criteria_rows
from gateway.store.people.partners import profiles
from gateway.store.people.partners.profiles import Partner, PartnerChange
from gateway.workers.partners.criteria import CriterionFinding, check_finding, missing_for
from gateway.workers.partners.states import (
    WITHOUT_AGREEMENT,
    PartnerState,
    check_change,
    state_named,
)

_TEXT_MAX = 500
_WORKERS_MAX, _ANSWERS_MAX = 100_000, 10_000_000
_FREED_AT_ONCE = 2_000


@dataclass(frozen=True, slots=True)
class PartnerCapacity:
    """The languages and capacity of a partner. A field that is None stays as it is."""

    languages: tuple[str, ...] | None = None
    workers_max: int | None = None
    answers_day: int | None = None
    quota: float | None = None


async def record_criterion(
    rt: Runtime, code: str, found: CriterionFinding, *, by: str, because: str
) -> None:
    """Record what was found about a criterion of a partner.

    Raises Refused naming the field that is missing.
    """
    found = CriterionFinding(
        criterion=found.criterion,
        met=found.met,
        figure=line(found.figure, "figure", _TEXT_MAX, least=0),
        method=line(found.method, "method", _TEXT_MAX, least=0),
        evidence=line(found.evidence, "evidence", _TEXT_MAX, least=0),
        seen_on=found.seen_on,
        checked_by=line(found.checked_by, "checked_by", _TEXT_MAX, least=0),
    )
    check_finding(found, _today(rt))
    async with rt.db.transaction() as db:
        partner = await profiles.locked(db, code)
        await criteria_rows.add(db, partner.id, found)
        change = PartnerChange(
            "criterion",
            author(by),
            reason_given(because),
            subject=found.criterion,
            becomes="met" if found.met else "not met",
            details={"evidence": found.evidence, "checked_by": found.checked_by},
        )
        await profiles.note(db, partner.id, change)


async def change_state(
    rt: Runtime, code: str, named: str, *, by: str, because: str
) -> tuple[Partner, int]:
    """Change the state of a partner. Return it as it was, and the number of freed tasks.

    Raises Refused for a change that is not allowed, or that a criterion forbids. When a partner is
    not active any more, the tasks that are kept for it are opened to all workers.
    """
    becomes = state_named(named)
    async with rt.db.transaction() as db:
        partner = await profiles.locked(db, code)
        check_change(partner.state, becomes)
        missing = missing_for(becomes, await criteria_rows.newest(db, partner.id), _today(rt))
        if missing:
            raise Refused(
                f"{partner.code} cannot become {becomes.replace('_', ' ')} yet: "
                f"{'; '.join(missing)}. Record each with: gateway partner criterion",
                field="state",
            )
        agreed = becomes is PartnerState.ACTIVE or (
            partner.admitted_at is not None and becomes not in WITHOUT_AGREEMENT
        )
        await profiles.set_state(db, partner.id, becomes, agreed=agreed)
        change = PartnerChange(
            "state",
            author(by),
            reason_given(because),
            was=str(partner.state),
            becomes=str(becomes),
        )
        await profiles.note(db, partner.id, change)
    freed = 0
    if becomes is not PartnerState.ACTIVE:
        freed = await _free_kept_tasks(rt, partner)
    return partner, freed


async def _free_kept_tasks(rt: Runtime, partner: Partner) -> int:
    """Open the tasks that are kept for a partner to all workers, in small commits."""
    freed = 0
    for batch in await shares.batches_with_share(rt.db, partner.code):
        while some := await shares.free_tasks(rt.db, batch, partner.id, _FREED_AT_ONCE):
            freed += some
    if freed:
        rt.jobs.enqueue("assign")
    return freed


async def set_capacity(
    rt: Runtime, code: str, given: PartnerCapacity, *, by: str, because: str
) -> Partner:
    """Record the languages and the capacity of a partner, and return it as it is then."""
    unknown = [code for code in given.languages or () if code not in rt.books]
    if unknown:
        raise Refused(
            f"no language {unknown[0]!r}; there is: {', '.join(sorted(rt.books))}",
            field="languages",
        )
    _within(given.workers_max, "workers", _WORKERS_MAX)
    _within(given.answers_day, "answers_day", _ANSWERS_MAX)
    if given.quota is not None and not 0 < given.quota <= 1:
        raise Refused("a quota is a part of a batch above 0 and up to 1, like 0.4", field="quota")
    async with rt.db.transaction() as db:
        was = await profiles.locked(db, code)
        languages = was.languages if given.languages is None else given.languages
        workers = given.workers_max or was.workers_max
        answers = given.answers_day or was.answers_day
        quota = given.quota or was.quota
        await profiles.set_capacity(db, was.id, languages, workers, answers, quota)
        change = PartnerChange(
            "capacity",
            author(by),
            reason_given(because),
            was=_capacity_words(was.workers_max, was.answers_day, was.quota, was.languages),
            becomes=_capacity_words(workers, answers, quota, languages),
        )
        await profiles.note(db, was.id, change)
    return await profiles.by_code(rt.db, code)


def _within(value: int | None, field: str, most: int) -> None:
    if value is not None and not 0 < value <= most:
        raise Refused(f"{field} is a whole number from 1 to {most:,}", field=field)


def _capacity_words(
    workers: int | None, answers: int | None, quota: float | None, languages: tuple[str, ...]
) -> str:
    return (
        f"{workers or '-'} workers, {answers or '-'} answers a day, quota {quota or '-'}, "
        f"languages {' '.join(languages) or '-'}"
    )


def _today(rt: Runtime) -> date:
    return rt.clock.now().date()
