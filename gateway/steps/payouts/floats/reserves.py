"""The watch over the money for workers: an alarm while less stands ready than is owed.

The ticker starts a comparison at least once per minute. `gateway doctor` and /metrics show the last
one, and the numbers of `controls.tell` are told when a shortage begins, while it lasts, and when it
is over.
"""

from dataclasses import replace
from datetime import datetime

import structlog

from gateway.base.money import amount_text, minor_per_major
from gateway.payments.reserves import Holdings, is_short, must_tell
from gateway.steps.messages.notify_outside import notify_outside
from gateway.steps.runtime import Runtime
from gateway.store.db import Connection
from gateway.store.payouts import reserves
from gateway.store.payouts.reserves import ReserveCheck

log = structlog.get_logger()


async def watch_reserves(rt: Runtime) -> int:
    """Compare float and reserves with what is owed, and return the number of short currencies."""
    now, short, told = rt.clock.now(), 0, 0
    async with rt.db.transaction() as db:
        await reserves.one_at_a_time(db)
        before = {check.currency: check for check in await reserves.last_checks(db)}
        for currency, found in (await holdings(rt, db, now)).items():
            check = _check(rt, currency, found, before.get(currency), now)
            if text := _news(check, before.get(currency)):
                log.error("money for workers", currency=currency, what=text)
                told += await notify_outside(
                    rt, db, text, f"reserves:{currency}:{now:%Y-%m-%dT%H:%M:%S}"
                )
                check = replace(check, told_at=now)
            await reserves.store_check(db, check)
            short += check.short_since is not None
    if told:
        rt.jobs.enqueue("deliver", rt.settings.sms_channel)
    return short


async def holdings(rt: Runtime, db: Connection, now: datetime) -> dict[str, Holdings]:
    """Return what is owed and what stands ready, by currency."""
    balances, open_minor = await reserves.balances_owed(db), await reserves.payouts_open(db, now)
    reported, bank = await reserves.reported_floats(db, now), rt.settings.reserves.bank
    floats, cash = dict[str, dict[str, int]](), dict[str, int]()
    for account in await reserves.own_accounts(db):
        minor = -account.balance_minor  # What the gateway has stands on the debit side.
        if account.kind in ("partner_payable", "reinvest_due"):
            balances[account.currency] = balances.get(account.currency, 0) + account.balance_minor
        elif account.kind == "client_cash":
            cash[account.currency] = minor
        else:
            told = reported.get(account.owner, minor)
            floats.setdefault(account.currency, {})[account.owner] = told
    return {
        currency: Holdings(
            balances.get(currency, 0) + open_minor.get(currency, 0),
            floats.get(currency, {}),
            bank[currency] * minor_per_major(currency)
            if currency in bank
            else cash.get(currency, 0),
        )
        for currency in sorted({*balances, *open_minor, *floats, *cash})
    }


def _check(
    rt: Runtime, currency: str, found: Holdings, before: ReserveCheck | None, now: datetime
) -> ReserveCheck:
    short = is_short(found, rt.settings.reserves.percent)
    since = (before.short_since if before else None) or now
    told_at = before.told_at if before else None
    return ReserveCheck(
        currency, found.owed_minor, found.cover_minor, now, since if short else None, told_at
    )


def _news(check: ReserveCheck, before: ReserveCheck | None) -> str:
    """Return the SMS about a change, or "" where there is nothing new to tell."""
    was_short = before is not None and before.short_since is not None
    owed = amount_text(check.owed_minor, check.currency)
    cover = amount_text(check.cover_minor, check.currency)
    if check.short_since is None:
        told = f"Gateway: float and reserves ({cover}) cover what workers are owed ({owed}) again."
        return told if was_short else ""
    last = check.told_at if was_short else None
    if not must_tell(last, check.checked_at):
        return ""
    missing = amount_text(check.owed_minor - check.cover_minor, check.currency)
    return f"Gateway: workers are owed {owed}, float and reserves are {cover}. {missing} is missing. Top up the float."
