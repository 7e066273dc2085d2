"""Partners: their state, capacity and figures, and the history of every change."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from gateway.base.errors import Refused
from gateway.store.db import Connection, Database, Row
from gateway.workers.partners.states import PartnerState


@dataclass(frozen=True, slots=True)
class Partner:
    """A partner's own row."""

    id: int
    code: str
    name: str
    state: PartnerState
    languages: tuple[str, ...]
    workers_max: int | None
    """The number of workers whom the partner can look after, if it is known."""
    answers_day: int | None
    """The answers per day that the partner can give, if that is known."""
    quota: float | None
    """The largest share of a batch that was agreed with the partner, or None."""
    admitted_at: datetime | None
    """The time since which the partner earns its price, or None."""


@dataclass(frozen=True, slots=True)
class PartnerFigures:
    """A partner with its coordinators and workers, and the quality of their answers."""

    partner: Partner
    coordinators: tuple[str, ...]
    workers: int
    workers_active: int
    answers_week: int
    gold_right: int
    gold_wrong: int


@dataclass(frozen=True, slots=True)
class PartnerEvent:
    """A change of a partner, with its author and reason."""

    at: datetime
    event: str
    subject: str
    was: str
    becomes: str
    details: Mapping[str, object]
    by: str
    reason: str


_COLUMNS = """p.id, p.code, p.name, p.state, p.languages, p.workers_max, p.answers_day, p.quota,
  p.admitted_at"""


def _partner(row: Row) -> Partner:
    return Partner(
        id=row["id"],
        code=row["code"],
        name=row["name"],
        state=PartnerState(row["state"]),
        languages=tuple(row["languages"]),
        workers_max=row["workers_max"],
        answers_day=row["answers_day"],
        quota=None if row["quota"] is None else round(row["quota"], 4),
        admitted_at=row["admitted_at"],
    )


async def add(db: Connection, code: str, name: str) -> tuple[Partner, str | None]:
    """Add an applicant, or rename a partner. Return it, and its name before; None for a new one."""
    was = await db.value("select name from partner where code = upper($1) for no key update", code)
    row = await db.row(
        f"""insert into partner as p (code, name) values (upper($1), $2)
            on conflict (code) do update set name = excluded.name
            returning {_COLUMNS}, xmax = 0 as added""",
        code,
        name,
    )
    assert row is not None
    # Another transaction may have added it between the two statements.
    return _partner(row), None if row["added"] else was or name


async def by_code(db: Database | Connection, code: str) -> Partner:
    """Return the partner with this code. Raises Refused when there is none."""
    return await _one(db, code, "")


async def locked(db: Connection, code: str) -> Partner:
    """Return the partner with this code, and lock it until the end of the transaction.

    Everything that changes a partner, or takes money from its accounts, does so one at a time.
    """
    return await _one(db, code, " for no key update of p")


async def _one(db: Database | Connection, code: str, lock: str) -> Partner:
    row = await db.row(f"select {_COLUMNS} from partner p where p.code = upper($1){lock}", code)
    if row is None:
        raise Refused(
            f"no partner {code!r}; list all with: gateway partner list", field="partner", status=404
        )
    return _partner(row)


async def lock_by_id(db: Connection, partner: int) -> None:
    """Lock a partner until the end of the transaction."""
    await db.execute("select from partner where id = $1 for no key update", partner)


async def list_partners(db: Database) -> list[PartnerFigures]:
    """Return every partner with its figures, by code."""
    return [_figures(row) for row in await db.rows(f"{_FIGURES} order by p.code")]


async def figures(db: Database, code: str) -> PartnerFigures:
    """Return one partner with its figures. Raises Refused when there is none."""
    row = await db.row(f"{_FIGURES} where p.code = upper($1)", code)
    if row is None:
        raise Refused(
            f"no partner {code!r}; list all with: gateway partner list", field="partner", status=404
        )
    return _figures(row)


_FIGURES = f"""
select {_COLUMNS}, w.*,
  (select coalesce(array_agg(c.name order by c.id), '{{}}') from coordinator c
    where c.partner_id = p.id and c.state = 'active') as coordinators,
  (select count(*) from answer a join worker v on v.id = a.worker_id
    where v.partner_id = p.id and a.created_at > now() - interval '7 days') as answers_week
from partner p cross join lateral (
  select count(distinct w.id) as workers, count(distinct w.id) filter (where w.state = 'active') as workers_active,
    coalesce(sum(s.gold_right), 0)::bigint as gold_right, coalesce(sum(s.gold_wrong), 0)::bigint as gold_wrong
  from worker w left join skill s on s.worker_id = w.id where w.partner_id = p.id) w"""


def _figures(row: Row) -> PartnerFigures:
    return PartnerFigures(
        partner=_partner(row),
        coordinators=tuple(row["coordinators"]),
        workers=row["workers"],
        workers_active=row["workers_active"],
        answers_week=row["answers_week"],
        gold_right=row["gold_right"],
        gold_wrong=row["gold_wrong"],
    )


async def set_state(db: Connection, partner: int, state: PartnerState, *, agreed: bool) -> None:
    """Set a partner's state. `agreed` says whether it earns its price from now on."""
    await db.execute(
        """update partner set state = $2,
             admitted_at = case when $3 then coalesce(admitted_at, now()) end where id = $1""",
        partner,
        str(state),
        agreed,
    )


async def set_capacity(
    db: Connection,
    partner: int,
    languages: Sequence[str],
    workers_max: int | None,
    answers_day: int | None,
    quota: float | None,
) -> None:
    await db.execute(
        """update partner set languages = $2, workers_max = $3, answers_day = $4, quota = $5
           where id = $1""",
        partner,
        list(languages),
        workers_max,
        answers_day,
        quota,
    )


@dataclass(frozen=True, slots=True)
class PartnerChange:
    """A change of a partner before it is recorded.

    `subject` names the criterion, expense or invoice that changed, if one did.
    """

    event: str
    by: str
    reason: str
    subject: str = ""
    was: str = ""
    becomes: str = ""
    details: Mapping[str, object] = field(default_factory=dict[str, object])


async def note(db: Connection, partner: int, change: PartnerChange) -> None:
    """Record a change of a partner in its history, which is never changed."""
    await db.execute(
        """insert into partner_event (partner_id, event, subject, was, becomes, details, by_whom, reason)
           values ($1, $2, $3, $4, $5, $6, $7, $8)""",
        partner,
        change.event,
        change.subject,
        change.was,
        change.becomes,
        dict(change.details),
        change.by,
        change.reason,
    )


async def history(db: Database, partner: int, most: int) -> list[PartnerEvent]:
    """Return the newest changes of a partner, the oldest of them first."""
    rows = await db.rows(
        """select * from (select * from partner_event where partner_id = $1 order by id desc limit $2) e
           order by id""",
        partner,
        most,
    )
    return [
        PartnerEvent(
            row["at"],
            row["event"],
            row["subject"],
            row["was"],
            row["becomes"],
            row["details"],
            row["by_whom"],
            row["reason"],
        )
        for row in rows
    ]
