"""Coordinators: their state, their PINs, the links to their pages, and the history of each.

The history says what was done, by whom and why.
"""

from dataclasses import dataclass
from datetime import datetime

from gateway.base.errors import Refused
from gateway.conversation.situation import CoordinatorView
from gateway.store.db import Connection, Database, Row, Write
from gateway.workers.states import WorkerState

_NOT_THERE = "no coordinator has this number; list all with: gateway coordinator list"


async def list_coordinators(db: Database) -> list[Row]:
    """Return every coordinator with her figures.

    These are her state, workers, invitations of 24 hours, PIN, links and last event.
    """
    return await db.rows(
        """select c.id, c.name, c.language, c.state, c.msisdn_sealed, p.code as partner, c.created_at,
             (select count(*) from worker w where w.coordinator_id = c.id) as workers,
             (select count(*) from consent x where x.coordinator_id = c.id and x.act = 'invited'
                and x.at > now() - interval '24 hours') as invited,
             k.hash is not null as has_pin, coalesce(k.wrong, 0) as wrong,
             (select count(*) from console_link l where l.coordinator_id = c.id and l.revoked_at is null
                and l.until > now()) as links,
             e.event, e.by_whom, e.reason, e.at
           from coordinator c left join partner p on p.id = c.partner_id
             left join coordinator_pin k on k.coordinator_id = c.id
             left join lateral (select * from coordinator_event where coordinator_id = c.id order by id desc limit 1) e
               on true
           order by c.id"""
    )


@dataclass(frozen=True, slots=True)
class CoordinatorOfNumber:
    """The coordinator of a number."""

    id: int
    name: str
    state: str
    partner_id: int | None


async def by_index(db: Connection, index: bytes) -> CoordinatorOfNumber:
    """Return the coordinator with this number, locked. Raises Refused when there is none."""
    row = await db.row(
        "select id, name, state, partner_id from coordinator where msisdn_index = $1 for update",
        index,
    )
    if row is None:
        raise Refused(_NOT_THERE, field="msisdn", status=404)
    return CoordinatorOfNumber(**row)


async def set_state(db: Connection, coordinator: int, state: str) -> None:
    await db.execute("update coordinator set state = $2 where id = $1", coordinator, state)


async def note(db: Connection, coordinator: int, event: str, by: str, reason: str) -> None:
    """Record what was done to a coordinator."""
    await db.execute(
        "insert into coordinator_event (coordinator_id, event, by_whom, reason) values ($1, $2, $3, $4)",
        coordinator,
        event,
        by,
        reason,
    )


async def hand_over(db: Connection, coordinator: int, to: int | None, partner: str | None) -> int:
    """Transfer a coordinator's workers to another coordinator, and return how many.

    They also join `partner`, if one is given.
    """
    return await db.value(
        """with moved as (update worker set coordinator_id = $2,
             partner_id = coalesce((select id from partner where code = upper($3)), partner_id)
             where coordinator_id = $1 returning 1) select count(*) from moved""",
        coordinator,
        to,
        partner,
    )


async def set_pin(db: Connection, coordinator: int, hashed: str) -> None:
    await db.execute(
        """insert into coordinator_pin (coordinator_id, hash) values ($1, $2)
           on conflict (coordinator_id) do update set hash = excluded.hash, wrong = 0, set_at = now()""",
        coordinator,
        hashed,
    )


async def forget_pin(db: Connection, coordinator: int) -> None:
    await db.execute("delete from coordinator_pin where coordinator_id = $1", coordinator)


@dataclass(frozen=True, slots=True)
class CoordinatorPin:
    """The hash of a coordinator's PIN and the wrong tries since the last right one."""

    hash: str
    wrong: int


async def pin(db: Database, coordinator: int) -> CoordinatorPin | None:
    """Return the hash of a coordinator's PIN and the wrong tries in a row, or None."""
    row = await db.row(
        "select hash, wrong from coordinator_pin where coordinator_id = $1", coordinator
    )
    return CoordinatorPin(**row) if row else None


def pin_tried(coordinator: int, wrong_before: int, *, right: bool) -> Write:
    """Count a try of a PIN, based on the number of wrong tries that was read."""
    return Write(
        "coordinator_pin_tried", {"coordinator": coordinator, "wrong": wrong_before, "right": right}
    )


def may_invite(coordinator: int, most: int) -> Write:
    """Stop a commit that would exceed the coordinator's invitations of 24 hours."""
    return Write("coordinator_may_invite", {"coordinator": coordinator, "most": most})


@dataclass(frozen=True, slots=True)
class LatelyInvited:
    """A coordinator's invitations of the last day."""

    count: int
    oldest: datetime | None


async def invited(db: Database, coordinator: int) -> LatelyInvited:
    """Return how many invitations a coordinator sent in 24 hours, and the time of the oldest."""
    row = await db.row(
        """select count(*) as count, min(at) as oldest from consent
           where coordinator_id = $1 and act = 'invited' and at > now() - interval '24 hours'""",
        coordinator,
    )
    assert row is not None
    return LatelyInvited(**row)


async def new_link(db: Connection, coordinator: int, until: datetime) -> int:
    return await db.value(
        "insert into console_link (coordinator_id, until) values ($1, $2) returning id",
        coordinator,
        until,
    )


async def link_opens(db: Database, link: int, coordinator: int) -> bool:
    """Return whether a link is not revoked, and its coordinator is still active."""
    return await db.value(
        """select exists (select from console_link l join coordinator c on c.id = l.coordinator_id
             where l.id = $1 and c.id = $2 and c.state = 'active' and l.revoked_at is null)""",
        link,
        coordinator,
    )


async def links(db: Database) -> list[Row]:
    """Return every link to a coordinator's page, the newest first."""
    return await db.rows(
        """select l.id, c.name, c.state, l.created_at, l.until, l.revoked_at, l.revoked_because
           from console_link l join coordinator c on c.id = l.coordinator_id order by l.id desc limit 1000"""
    )


async def revoke_links(db: Connection, coordinator: int, because: str) -> int:
    """Revoke every link of a coordinator, and return how many."""
    return await db.value(
        """with gone as (update console_link set revoked_at = now(), revoked_because = $2
             where coordinator_id = $1 and revoked_at is null returning 1) select count(*) from gone""",
        coordinator,
        because,
    )


async def revoke_link(db: Connection, link: int, because: str) -> int | None:
    """Revoke one link and return its coordinator, or None when no such link is open."""
    return await db.value(
        """update console_link set revoked_at = now(), revoked_because = $2
           where id = $1 and revoked_at is null returning coordinator_id""",
        link,
        because,
    )


@dataclass(frozen=True, slots=True)
class NamedNumber:
    """A worker as her coordinator names her."""

    id: int
    name: str
    language: str
    state: WorkerState
    partner: str | None
    has_pin: bool
    mine: bool | None
    invitations: int


async def named_number(db: Database, index: bytes, coordinator: int) -> NamedNumber | None:
    """Return the facts about a number that a coordinator names, or None when it is no worker's."""
    row = await db.row(
        """select w.id, w.name, w.language, w.state, p.code as partner, k.worker_id is not null as has_pin,
             exists (select from coordinator c where c.id = $2
               and looks_after(c.id, c.partner_id, w.coordinator_id, w.partner_id)) as mine,
             (select count(*) from outbox o where o.to_index = $1 and o.purpose = 'invitation' and o.state <> 'cancelled'
                and o.created_at > now() - interval '24 hours') as invitations
           from worker w left join worker_pin k on k.worker_id = w.id left join partner p on p.id = w.partner_id
           where w.msisdn_index = $1""",
        index,
        coordinator,
    )
    return NamedNumber(**row) if row else None


async def coordinator_view(db: Database, coordinator: int) -> CoordinatorView:
    """Return the turn's view of a coordinator, with the numbers of her workers."""
    row = await db.row(
        """select c.id, c.name, c.language, p.code,
             count(w.id) filter (where w.state = 'active') as active,
             count(w.id) filter (where w.state = 'invited') as invited,
             count(w.id) filter (where w.state = 'stopped') as stopped,
             count(w.id) filter (where w.state = 'active' and w.away_since is not null) as away,
             (select count(*) from answer a join worker v on v.id = a.worker_id
                where looks_after(c.id, c.partner_id, v.coordinator_id, v.partner_id) and a.created_at > now() - interval '24 hours') as answers,
             (select count(*) from finding f join worker v on v.id = f.worker_id
                where f.state = 'open' and looks_after(c.id, c.partner_id, v.coordinator_id, v.partner_id)) as findings
           from coordinator c left join partner p on p.id = c.partner_id
             left join worker w on looks_after(c.id, c.partner_id, w.coordinator_id, w.partner_id)
           where c.id = $1 group by c.id, p.code""",
        coordinator,
    )
    assert row is not None
    return CoordinatorView(
        id=row["id"],
        name=row["name"],
        language=row["language"],
        partner=row["code"],
        workers_active=row["active"],
        workers_invited=row["invited"],
        workers_stopped=row["stopped"],
        workers_away=row["away"],
        findings=row["findings"],
        answers_today=row["answers"],
    )
