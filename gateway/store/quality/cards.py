"""Skill cards: those given here, the gateways whose cards count, and the codes of workers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.base.ids import WorkerId
from gateway.store.db import Connection, Database, Write


@dataclass(frozen=True, slots=True)
class GivenCard:
    """A card that was given to a worker."""

    digest: str
    kind: str
    accepted: int


@dataclass(frozen=True, slots=True)
class Issuer:
    """A gateway whose cards are accepted."""

    name: str
    sealed_key: bytes
    added_by: str
    added_at: datetime
    revoked: int
    """The number of its cards that it has revoked."""


def give_cards(worker: WorkerId, index: bytes, cards: Sequence[GivenCard]) -> Write:
    """Record the cards that are shown to a worker on the number with this index."""
    return Write(
        "give_cards",
        {
            "worker": worker,
            "index": index,
            "digests": [card.digest for card in cards],
            "kinds": [card.kind for card in cards],
            "accepted": [card.accepted for card in cards],
        },
    )


def try_card(worker: WorkerId, digest: str, most: int) -> Write:
    """Count a code that was not accepted. Raises Conflict beyond `most` in 24 hours."""
    return Write("try_card", {"worker": worker, "digest": digest, "most": most})


@dataclass(frozen=True, slots=True)
class TakenCard:
    """A card of another gateway that is accepted."""

    digest: str
    issuer: str
    kind: str
    learned: bool
    accepted: int
    right: float
    """The evidence for right answers, as a weight."""
    wrong: float
    """The evidence for wrong answers, as a weight."""


def take_card(worker: WorkerId, card: TakenCard) -> Write:
    """Begin a worker's skill with a card. Raises Conflict for a card that was taken before."""
    return Write(
        "take_card",
        {
            "worker": worker,
            "digest": card.digest,
            "issuer": card.issuer,
            "kind": card.kind,
            "learned": card.learned,
            "accepted": card.accepted,
            "right": card.right,
            "wrong": card.wrong,
        },
    )


async def tries_since(db: Database, worker: WorkerId) -> int:
    """Return the codes of a worker in the last 24 hours that were not accepted."""
    return await db.value(
        """select count(*) from card_try where worker_id = $1 and issuer is null
             and created_at > now() - interval '1 day'""",
        worker,
    )


async def was_taken(db: Database, worker: WorkerId, issuer: str, kind: str) -> bool:
    """Return whether a worker gave a card of this gateway and kind before: each counts once."""
    return await db.value(
        """select exists (select from card_try where worker_id = $1 and issuer = $2 and kind = $3)""",
        worker,
        issuer,
        kind,
    )


async def gold_seen(db: Database, worker: WorkerId, kind: str) -> int:
    """Return the number of a worker's answers to gold of a kind."""
    found = await db.value(
        "select gold_right + gold_wrong from skill where worker_id = $1 and kind = $2", worker, kind
    )
    return found or 0


async def issuers(db: Database) -> list[Issuer]:
    """Return the gateways whose cards are accepted, by name."""
    rows = await db.rows(
        """select i.name, i.key_sealed, i.added_by, i.created_at,
             (select count(*) from card_revoked r where r.issuer = i.name) as revoked
           from card_issuer i order by i.name"""
    )
    return [
        Issuer(row["name"], row["key_sealed"], row["added_by"], row["created_at"], row["revoked"])
        for row in rows
    ]


async def is_revoked(db: Database, issuer: str, digest: str) -> bool:
    return await db.value(
        "select exists (select from card_revoked where issuer = $1 and digest = $2)", issuer, digest
    )


async def trust(
    db: Connection, name: str, sealed_key: bytes, by: str, revoked: Sequence[str]
) -> None:
    """Accept the cards of a gateway, except the revoked ones. A known gateway is updated.

    A revoked card stays revoked, also where a newer list does not name it.
    """
    await db.execute(
        """insert into card_issuer (name, key_sealed, added_by) values ($1, $2, $3)
           on conflict (name) do update set key_sealed = excluded.key_sealed, added_by = excluded.added_by""",
        name,
        sealed_key,
        by,
    )
    await db.execute(
        "insert into card_revoked (issuer, digest) select $1, unnest($2::text[]) on conflict do nothing",
        name,
        list(revoked),
    )


async def distrust(db: Connection, name: str) -> bool:
    """Accept no more cards of a gateway. Return False where it is unknown."""
    await db.execute("delete from card_revoked where issuer = $1", name)
    return bool(await db.value("delete from card_issuer where name = $1 returning name", name))


async def revoke(db: Connection, by: str, reason: str, *, digest: str = "", worker: int = 0) -> int:
    """Revoke one card, or all cards of a worker, and return how many were valid."""
    return await db.value(
        """with gone as (update skill_card set revoked_at = now(), revoked_by = $1, reason = $2
             where revoked_at is null and (digest = $3 or worker_id = $4) returning digest)
           select count(*) from gone""",
        by,
        reason,
        digest,
        worker,
    )


async def revoked_here(db: Database) -> list[str]:
    """Return the digests of the revoked cards.

    The cards of a worker whose number changed since, or who was removed, are among them.
    """
    rows = await db.rows(
        """select c.digest from skill_card c join worker w on w.id = c.worker_id
           where c.revoked_at is not null or w.msisdn_index is distinct from c.msisdn_index
             or w.state = 'removed' order by c.digest"""
    )
    return [row["digest"] for row in rows]
