"""Payouts: claimed for a runner, and written as the state machine decided, in one commit.

The commit includes the postings.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from pydantic import SecretStr

from gateway.base.deductions import Withheld
from gateway.base.errors import OtherKey
from gateway.base.ids import AccountId, PayoutId, WorkerId
from gateway.base.vault import Vault
from gateway.payments.ledger.chart_of_accounts import Posting
from gateway.payments.payout import Payout
from gateway.payments.states import PayoutState
from gateway.store.db import Connection, Database, Row, Write

log = structlog.get_logger()

# The state machine may change these fields. Each is a column of the same name.
_KEPT = tuple(
    f.name
    for f in fields(Payout)
    if f.name
    not in (
        "id",
        "worker",
        "provider",
        "key",
        "msisdn",
        "amount_minor",
        "currency",
        "country",
        "taxes",
        "fee_minor",
    )
)
_NOTE_MAX = 500
_OTHER_KEY_FOR = timedelta(minutes=10)
_SELECT = """select p.*, w.language, w.sms_channel, w.name, a.balance, exists (select from wind_down) as winding
  from payout p
  join worker w on w.id = p.worker_id join account a on a.id = w.account_id"""

_CLAIM = f"""with due as (
    select d.payout_id, d.due_at as came from payout_due d join payout p on p.id = d.payout_id
      where d.due_at <= $1 and not (p.state = 'queued' and exists
        (select from provider_pause x where x.provider = p.provider and x.until > $1
         union all select from discrepancy d where d.provider = p.provider and d.stops and d.explained_at is null
         union all select from provider_health h where h.provider = p.provider
           and (h.stopped_at is not null or h.settling_at is not null)))
      order by d.due_at limit $2 for update of d skip locked),
  claimed as (update payout_due d set due_at = $3 from due where d.payout_id = due.payout_id
    returning d.payout_id, due.came)
{_SELECT} join claimed c on c.payout_id = p.id order by c.came"""


@dataclass(frozen=True, slots=True)
class Stored:
    """A payout with the facts that only the store knows."""

    payout: Payout
    """The payout as the state machine knows it."""
    ref: str
    """The reference that the worker reads."""
    version: int
    """The version that guards it against lost updates."""
    result_token: SecretStr
    """The secret path of its hints."""
    status_token: SecretStr
    """The secret path of answers to status queries."""
    timeout_token: SecretStr
    """The secret path of time-out notices."""
    name: str
    """The worker's name."""
    language: str
    """The worker's language."""
    sms_channel: str
    """The channel of SMS to the worker."""
    balance_minor: int
    """The worker's balance."""
    to_sealed: bytes
    """The sealed number that is paid."""
    to_tail: str
    """The last digits of that number."""
    nth: int
    """The number of earlier payouts that it replaces, each refused for a fault of the gateway."""
    taxes: tuple[Withheld, ...]
    """The taxes withheld from it."""
    winding: bool = False
    """True while the gateway winds down, so that the notice of its payment carries a proof."""


def _stored(vault: Vault, row: Row) -> Stored:
    return Stored(
        payout=Payout(
            id=PayoutId(row["id"]),
            worker=WorkerId(row["worker_id"]),
            provider=row["provider"],
            key=row["key"],
            msisdn=vault.open(row["to_sealed"]),
            amount_minor=row["amount"],
            currency=row["currency"],
            country=row["country"],
            taxes=tuple(zip(row["tax_names"], row["tax_amounts"], strict=True)),
            fee_minor=row["fee"],
            **_kept(row),
        ),
        ref=row["ref"],
        version=row["version"],
        result_token=SecretStr(row["result_token"]),
        status_token=SecretStr(row["status_token"]),
        timeout_token=SecretStr(row["timeout_token"]),
        name=row["name"],
        language=row["language"],
        sms_channel=row["sms_channel"],
        balance_minor=row["balance"],
        to_sealed=row["to_sealed"],
        to_tail=row["to_tail"],
        nth=row["nth"],
        taxes=tuple(
            Withheld(*tax)
            for tax in zip(row["tax_names"], row["tax_bases"], row["tax_amounts"], strict=True)
        ),
        winding=row["winding"],
    )


def _kept(row: Row) -> dict[str, Any]:
    return {name: PayoutState(row[name]) if name == "state" else row[name] for name in _KEPT}


async def claim_due(
    db: Connection, vault: Vault, now: datetime, limit: int, again_at: datetime
) -> list[Stored]:
    """Claim the payouts to act on now.

    They become due again at `again_at` if this runner dies before it writes anything. A payout
    whose number was sealed with another key waits unchanged and is tried again later (`gateway
    doctor` counts such payouts).
    """
    rows = await db.rows(_CLAIM, now, limit, again_at)
    found = _opened(vault, rows)
    if others := {row["id"] for row in rows} - {stored.payout.id for stored in found}:
        await db.execute(
            "update payout_due set due_at = $2 where payout_id = any($1::uuid[])",
            list(others),
            now + _OTHER_KEY_FOR,
        )
    return found


def _opened(vault: Vault, rows: Sequence[Row]) -> list[Stored]:
    """Return those payouts whose number can be opened."""
    found = list[Stored]()
    for row in rows:
        try:
            found.append(_stored(vault, row))
        except OtherKey:
            log.error("a payout waits for the key with which its number was sealed", ref=row["ref"])
    return found


# After a day an operator decides: see NEEDS_HUMAN.
LONG_UNKNOWN = """p.settled_at is null and p.maybe_taken and p.state <> 'submitting'
  and p.first_sent_at between $1::timestamptz - interval '24 hours' and $1::timestamptz - interval '10 minutes'
  and not exists (select from outbox_key o where o.cause = 'payout:' || p.id || ':unknown')"""


async def long_unknown(db: Database, vault: Vault, now: datetime) -> list[Stored]:
    """Return the payouts whose outcome has been unknown for ten minutes.

    Payouts whose worker was told so already are left out.
    """
    rows = await db.rows(f"{_SELECT} where {LONG_UNKNOWN} order by p.id limit 1000", now)
    return _opened(vault, rows)


async def by_token(db: Database, vault: Vault, token: str) -> Stored | None:
    return (await by_tokens(db, vault, [token])).get(token)


async def by_tokens(db: Database, vault: Vault, tokens: Sequence[str]) -> dict[str, Stored]:
    """Return the payouts that have these secret paths, by path."""
    # These are three look-ups by index. An `or` over the three columns would read the whole table.
    rows = await db.rows(
        " union all ".join(
            f"select x.token as path, s.* from unnest($1::text[]) x(token) join ({_SELECT}) s on s.{column} = x.token"
            for column in ("result_token", "status_token", "timeout_token")
        ),
        tokens,
    )
    return {row["path"]: _stored(vault, row) for row in rows}


async def by_ref(db: Database | Connection, vault: Vault, ref: str) -> Stored | None:
    """Return the payout with this reference."""
    row = await db.row(_SELECT + " where p.ref = $1", ref)
    return _stored(vault, row) if row else None


async def by_refs(db: Connection, vault: Vault, refs: Sequence[str]) -> list[Stored]:
    """Return the payouts with these references, inside a transaction."""
    rows = await db.rows(_SELECT + " where p.ref = any($1::text[])", list(refs))
    return [_stored(vault, row) for row in rows]


async def unfinished(db: Connection, vault: Vault, states: Sequence[PayoutState]) -> list[Stored]:
    """Return the open payouts in these states, locked, so that no process moves them meanwhile."""
    rows = await db.rows(
        _SELECT
        + " where p.settled_at is null and p.state = any($1::text[]) order by p.id for update of p",
        list(states),
    )
    return _opened(vault, rows)


async def open_of(db: Database, vault: Vault, provider: str) -> list[Stored]:
    """Return a provider's payouts that were handed over and are not settled, oldest first."""
    rows = await db.rows(
        _SELECT
        + " where p.provider = $1 and p.state in ('submitted', 'unknown', 'needs_human') order by p.created_at",
        provider,
    )
    return [_stored(vault, row) for row in rows]


async def by_words(
    db: Database, vault: Vault, provider: str, key: str | None, reference: str
) -> Stored | None:
    """Return the payout that a provider's callback names.

    The gateway's key is tried first, then the provider's own id.
    """
    row = await db.row(
        _SELECT
        + """ where p.provider = $1 and (p.key = $2 or ($2 is null and $3 <> '' and p.reference = $3))
              limit 1""",
        provider,
        key,
        reference,
    )
    return _stored(vault, row) if row else None


async def unsent_of(db: Database, vault: Vault, worker: WorkerId) -> Stored | None:
    """Return the worker's open payout, if certainly nothing of it ever reached a provider."""
    row = await db.row(
        _SELECT + " where p.worker_id = $1 and p.settled_at is null and not p.maybe_taken", worker
    )
    return _stored(vault, row) if row else None


async def being_sent(
    db: Database, vault: Vault, provider: str, amount_minor: int, tail: str
) -> list[Stored]:
    """Return the payouts that may be on their way with this provider, amount and number's end."""
    rows = await db.rows(
        _SELECT
        + """ where p.provider = $1 and p.amount = $2 and p.to_tail = $3
              and p.state in ('submitting', 'submitted', 'unknown')""",
        provider,
        amount_minor,
        tail,
    )
    return _opened(vault, rows)


async def by_id(db: Database, vault: Vault, payout: UUID) -> Stored:
    row = await db.row(_SELECT + " where p.id = $1", payout)
    assert row is not None
    return _stored(vault, row)


Booked = tuple[Posting, AccountId, AccountId]
"""A posting with its debit account and its credit account."""


def moved(was: Stored, now: Payout, event: str, booked: Sequence[Booked], note: str) -> Write:
    """Return the part that writes a decision if the payout still is as it was read.

    Otherwise the commit raises Conflict, and nothing is written. It raises Taken when the receipt
    belongs to another payout.
    """
    p = now
    return Write(
        "move_payout",
        {
            "id": p.id,
            "version": was.version,
            "was": was.payout.state,
            "state": p.state,
            "tries": p.tries,
            "maybe_taken": p.maybe_taken,
            "misses": p.misses,
            "first_sent_at": p.first_sent_at,
            "sent_at": p.sent_at,
            "due_at": p.due_at,
            "receipt": p.receipt,
            "reason": p.reason,
            "reference": p.reference,
            "hinted_ours": p.hinted_ours,
            "open": p.state.open,
            "event": event,
            "note": note[:_NOTE_MAX],
            "transfers": [posted.id for posted, _, _ in booked],
            "debits": [debit for _, debit, _ in booked],
            "credits": [credit for _, _, credit in booked],
            "amounts": [posted.amount_minor for posted, _, _ in booked],
            "currency": p.currency,
            "codes": [int(posted.code) for posted, _, _ in booked],
            "causes": [posted.cause for posted, _, _ in booked],
        },
    )


async def pause(db: Database, provider: str, until: datetime, reason: str) -> None:
    await db.execute(
        """insert into provider_pause (provider, until, reason) values ($1, $2, $3)
           on conflict (provider) do update set until = greatest(provider_pause.until, excluded.until), reason = excluded.reason""",
        provider,
        until,
        reason,
    )


async def open_count(db: Database) -> int:
    return await db.value("select count(*) from payout where settled_at is null")


async def settled_on(db: Database, ref: str) -> datetime | None:
    """Return the time at which a payout was settled."""
    return await db.value("select settled_at from payout where ref = $1", ref)
