"""The comparison of three sets of books.

They are the gateway's, the phones' diaries and the mobile-money operator's.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.base.net import outside
from gateway.base.net.addresses import PermittedAddresses
from gateway.cli.replay.crowd import Crowd
from gateway.cli.replay.town import Town
from gateway.store.history import replay_books
from gateway.store.ledger import transfers

SHOWN_MAX = 20


@dataclass(frozen=True, slots=True)
class PlayedBatch:
    """A batch that was played: its crowd, its id, and the price of an answer in minor units."""

    crowd: Crowd
    batch: str
    price_minor: int


@dataclass(frozen=True, slots=True)
class ReplayComparison:
    """The result of the comparison.

    `differences` has one line each. Amounts are in minor units. SMS, segments and sessions are
    those that the carrier and the phones counted, in and out as seen from the gateway.
    """

    answers_used: int
    lost: int
    duplicated: int
    earned_minor: int
    paid_minor: int
    sms_out: int
    sms_in: int
    segments_out: int
    segments_in: int
    ussd_sessions: int
    ussd_steps: int
    cost_minor: int
    ledger: dict[str, int]
    operator: dict[str, int]
    differences: tuple[str, ...]


async def compare_books(town: Town, played: Sequence[PlayedBatch]) -> ReplayComparison:
    """Compare every answer, message, earning and payout in all books."""
    differences: list[str] = []
    counts = [await _answers(town, one, differences) for one in played]
    earned = [
        await _earnings(town, one, stored, differences)
        for one, (stored, _, _) in zip(played, counts, strict=True)
    ]
    for one in played:
        differences += one.crowd.differences
    await _messages(town, differences)
    paid, operator = await _payouts(town, differences)
    audit = await transfers.audit(town.rt.db)
    differences += audit.faults
    differences += [f"the carrier saw a broken rule: {v}" for v in town.carrier.violations]
    tally = town.carrier.tally()
    return ReplayComparison(
        answers_used=sum(stored for stored, _, _ in counts),
        lost=sum(lost for _, lost, _ in counts),
        duplicated=sum(doubled for _, _, doubled in counts),
        earned_minor=sum(earned),
        paid_minor=paid,
        sms_out=tally.sms_out,
        sms_in=tally.sms_in,
        segments_out=tally.segments_out,
        segments_in=tally.segments_in,
        ussd_sessions=tally.ussd_sessions,
        ussd_steps=tally.ussd_steps,
        cost_minor=tally.cost_minor,
        ledger={
            "sum_minor": audit.sum_minor,
            "in_transit_minor": audit.in_transit_minor,
            "liabilities_minor": audit.liabilities_minor,
            "transfers": audit.transfers,
        },
        operator=operator,
        differences=tuple(differences),
    )


async def _answers(town: Town, one: PlayedBatch, differences: list[str]) -> tuple[int, int, int]:
    """Return how many answers are stored, lost and doubled.

    Each answer that a phone sent must be stored once, with its value, and nothing else may be
    stored.
    """
    rows = await replay_books.answers_of(town.rt.db, one.batch)
    stored = {(row["index"], row["task"]): row["value"] for row in rows}
    doubled = sum(row["times"] > 1 for row in rows)
    sent = {
        (town.rt.vault.index(player.phone.msisdn), task): value
        for player in one.crowd.players.values()
        for task, value in player.sent.items()
    }
    lost = [key for key in sent if key not in stored]
    pressed = {
        (town.rt.vault.index(player.phone.msisdn), task)
        for player in one.crowd.players.values()
        for task in player.pressed
    }
    strange = [key for key in stored if key not in pressed]
    changed = [
        key for key in sent if key in stored and not one.crowd.is_stored_as(stored[key], sent[key])
    ]
    differences += [
        f"the answer to task {key[1]} is stored as {stored[key]!r}, not {sent[key]!r}"
        for key in changed[:SHOWN_MAX]
    ]
    for what, keys in (("is not stored", lost), ("is stored but was not sent", strange)):
        differences += [f"the answer to task {task} {what}" for _, task in keys[:SHOWN_MAX]]
        differences += _more(what, keys)
    differences += _more("is stored with another value", changed)
    return len(rows), len(lost), doubled


def _more(what: str, keys: Sequence[object]) -> list[str]:
    """Return a line on the answers that are not named one by one."""
    return [f"{len(keys) - SHOWN_MAX} more answers: {what}"] if len(keys) > SHOWN_MAX else []


async def _earnings(town: Town, one: PlayedBatch, stored: int, differences: list[str]) -> int:
    earned = await replay_books.earned_in(town.rt.db, one.batch)
    if earned != stored * one.price_minor:
        differences.append(f"{stored} answers of {one.price_minor} earned {earned}")
    return earned


async def _messages(town: Town, differences: list[str]) -> None:
    """Compare accepted SMS with the phones' diaries in both directions, and their segments."""
    rows = await replay_books.accepted_messages(town.rt.db)
    ours = {row["provider_id"]: row["segments"] for row in rows}
    theirs = {m.ref: m.weight.segments for m in town.carrier.messages if m.way == "to_phone"}
    if ours != theirs:
        apart = [ref for ref in ours.keys() | theirs.keys() if ours.get(ref) != theirs.get(ref)]
        differences += [
            f"SMS {ref}: {ours.get(ref)} segments here, {theirs.get(ref)} at the carrier"
            for ref in apart[:SHOWN_MAX]
        ]
    waiting = await replay_books.messages_not_accepted(town.rt.db)
    differences += [
        f"{row['number']} SMS ({row['purpose']}) {row['state']}, not at the carrier: {row['reason'] or 'no reason'}"
        for row in waiting
    ]
    undone = await replay_books.events_not_done(town.rt.db, SHOWN_MAX)
    differences += [f"a {row['kind']} event is not done: {row['error']}" for row in undone]


async def _payouts(town: Town, differences: list[str]) -> tuple[int, dict[str, int]]:
    """Compare paid payouts with the operator's executions in both directions.

    Each must have been executed once, with its amount.
    """
    async with (
        outside.session(PermittedAddresses.read(["127.0.0.0/8"])) as http,
        http.get(f"{town.operator_url}/admin/books?provider=daraja") as answer,
    ):
        books = await answer.json()
    rows = await replay_books.payouts(town.rt.db)
    ours = {row["key"]: row["amount"] for row in rows if row["state"] == "paid"}
    theirs = {
        key: entry["paid_minor"] for key, entry in books["by_key"].items() if entry["paid_minor"]
    }
    apart = [key for key in ours.keys() | theirs.keys() if ours.get(key) != theirs.get(key)]
    differences += [
        f"payout {key[:8]}: paid {ours.get(key)} here, {theirs.get(key)} at the operator"
        for key in apart[:SHOWN_MAX]
    ]
    if books["duplicates"]:
        differences.append(f"the operator paid {books['duplicates']} payouts twice")
    told = {
        "paid_minor": books["paid_minor"],
        "payouts": books["payouts"],
        "duplicates": books["duplicates"],
    }
    return sum(ours.values()), told
