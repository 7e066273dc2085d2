"""The payments of the lost gateway after the backup, as a statement or a person tells them.

The backup knows the keys of all payouts that were made before it, and each is asked about. It
cannot know the keys of later payouts. Only the provider's statement shows those, so nothing is paid
through a provider before its statement was read, or a person says that nothing was paid.
"""

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, timedelta

from gateway.base.errors import Conflict, Refused
from gateway.base.money import amount_text
from gateway.base.msisdn import normalise
from gateway.payments.ledger import postings
from gateway.payments.reconciliation.reconcile import (
    DifferenceKind,
    LineKind,
    StatementLine,
    TellsByStatement,
)
from gateway.steps.payouts.reconcile import Imported, import_statement
from gateway.steps.payouts.winding.plan import state_of
from gateway.steps.runtime import Runtime
from gateway.store.payouts import reconciliations, wind_down
from gateway.store.payouts.wind_down import FoundPayment, Payee
from gateway.store.people import persons

_CLOCKS = timedelta(hours=1)
"""The allowance for the difference between the provider's clock and the one of the backup."""
_TRIES = 5
_WHOLE_DIGITS = 9
_KINDS = (DifferenceKind.MISSING_HERE, DifferenceKind.UNSURE)


@dataclass(frozen=True, slots=True)
class StatementRead:
    """The outcome of a statement. Amounts are in minor units."""

    imported: Imported
    booked: int
    """The payments of the lost gateway that were taken from balances now."""
    booked_minor: int
    currency: str
    left: tuple[FoundPayment, ...]
    """The payments that belong to no worker yet."""


async def read_statement(
    rt: Runtime, provider: str, content: bytes, by: str, key: str
) -> StatementRead:
    """Import a statement that reaches from the backup to after the end of the lost gateway.

    Payments that this database does not know are taken from the balances of their workers. The same
    file again changes nothing, except that it finds workers whose payouts are settled since.
    """
    person = await persons.person_of(rt.db, by, key)
    state, known = await state_of(rt), rt.providers.get(provider)
    if not isinstance(known, TellsByStatement):
        raise Refused(
            f"there is no provider {provider!r} whose statement can be read; compare it by eye, then: "
            f"gateway wind-down nothing-since {provider} --because ..."
        )
    lines = known.read_statement(content)
    times = [line.at for line in lines if line.at]
    if times and min(times) > state.backup_at:
        raise Refused(
            f"the statement begins at {min(times).astimezone(UTC):%Y-%m-%d %H:%M} UTC, after the backup of "
            f"{state.backup_at:%Y-%m-%d %H:%M} UTC: export it from the day before the backup, so that nothing is left out"
        )
    imported = await import_statement(rt, provider, content)
    unknown = {f.receipt for f in imported.findings if f.kind in _KINDS}
    found = [
        FoundPayment(provider, line.receipt, line.amount_minor, line.number, line.at, None)
        for line in lines
        if _is_later(line, unknown) and line.at and line.at >= state.backup_at - _CLOCKS
    ]
    async with rt.db.transaction() as db:
        await wind_down.store_found(db, found)
    booked = [one for one in await wind_down.unbooked(rt.db, provider) if await _give(rt, one)]
    number = await reconciliations.newest_statement(rt.db, provider)
    await wind_down.store_source(rt.db, provider, person, rt.clock.now(), statement=number)
    return StatementRead(
        imported,
        len(booked),
        sum(one.amount_minor for one in booked),
        known.statement_currency,
        tuple(await wind_down.unbooked(rt.db, provider)),
    )


async def nothing_since(rt: Runtime, provider: str, because: str, by: str, key: str) -> None:
    """Record a person's word that the lost gateway paid nothing after the backup."""
    person = await persons.person_of(rt.db, by, key)
    await state_of(rt)
    if provider not in rt.providers:
        raise Refused(f"there is no provider {provider!r} in the settings", field="provider")
    if not because.strip():
        raise Refused(
            "say how you know it, e.g. that the gateway was stopped before the backup",
            field="because",
        )
    await wind_down.store_source(rt.db, provider, person, rt.clock.now(), because=because.strip())


async def assign(
    rt: Runtime, provider: str, receipt: str, worker: int, by: str, key: str
) -> FoundPayment:
    """Give a found payment with a hidden number to the worker whom a person names."""
    person = await persons.person_of(rt.db, by, key)
    for one in await wind_down.unbooked(rt.db, provider):
        if one.receipt == receipt.strip():
            await _book(rt, one, worker, person)
            return one
    raise Refused(
        f"no payment {receipt!r} of {provider} waits for a worker; list them: gateway wind-down found",
        status=404,
    )


def _is_later(line: StatementLine, unknown: set[str]) -> bool:
    return line.kind is LineKind.PAYMENT and line.receipt in unknown


async def _give(rt: Runtime, found: FoundPayment) -> bool:
    """Book a found payment whose whole number is a worker's. Return False where a person must."""
    if "*" in found.number or len(found.number) < _WHOLE_DIGITS:
        return False
    try:
        number = found.number if found.number.startswith("0") else f"+{found.number}"
        index = rt.vault.index(normalise(number, rt.settings.region))
    except Refused:
        return False
    for _ in range(_TRIES):
        to = await wind_down.payee(rt.db, found.provider, found.amount_minor, index=index)
        if to is None or to.same_open is not None:
            return False  # It has no known payee, or it may be the payout that is asked about.
        with suppress(Conflict):
            return await _post(rt, found, to, None)
    raise Conflict(f"the balance of the payee of {found.receipt} keeps changing")


async def _book(rt: Runtime, found: FoundPayment, worker: int, person: int) -> None:
    for _ in range(_TRIES):
        to = await wind_down.payee(rt.db, found.provider, found.amount_minor, worker=worker)
        if to is None:
            raise Refused(f"there is no worker {worker}", field="worker", status=404)
        if to.same_open is not None:
            amount = amount_text(found.amount_minor, to.currency)
            raise Refused(
                f"her payout {to.same_open} of {amount} is still asked about, and may be this payment: "
                "wait until its outcome is known"
            )
        with suppress(Conflict):
            await _post(rt, found, to, person)
            return
    raise Conflict(f"the balance of worker {worker} keeps changing")


async def _post(rt: Runtime, found: FoundPayment, to: Payee, person: int | None) -> bool:
    made = postings.paid_before(
        found.provider,
        found.receipt,
        to.worker,
        found.amount_minor,
        to.currency,
        balance_minor=to.balance_minor,
    )
    booked = [
        (posted, await rt.accounts.get(posted.debit), await rt.accounts.get(posted.credit))
        for posted in made
    ]
    (done,) = (await rt.db.write([wind_down.book_found_part(found, to, person, booked)])).values()
    return bool(done)
