"""The Fairwork report: every row is checked first, then ten thresholds, then the signature."""

from dataclasses import asdict
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import orjson

from gateway.base.errors import Refused
from gateway.base.msisdn import zone_of
from gateway.base.vault import is_signed
from gateway.steps.payouts.seal_ledger import seal_records
from gateway.steps.runtime import Runtime
from gateway.store.ledger import books, record_seals, seals, transfers
from gateway.store.people import fairwork, impact
from gateway.workers.impact.fairwork import (
    FairworkFact,
    FairworkReport,
    FairworkThreshold,
    by_person,
    by_query,
)

PAID_WITHIN = timedelta(days=7)
"""The time in which a payout that a worker asked for must be settled."""
FORMAT = "gateway fairwork report 1"


async def fairwork_report(rt: Runtime, first: date, last: date) -> FairworkReport:
    """Return the report of a period, after a check of every sealed row.

    Raises Refused that names each row which was altered, and makes no report then.
    """
    if last < first:
        raise Refused(f"the period ends on {last}, before it begins on {first}", field="to")
    verified = await record_seals.verify(rt.db, rt.vault.stamp)
    ledger, audited = await seals.verify(rt.db), await transfers.audit(rt.db)
    faults = [*verified.faults, *ledger.faults, *audited.faults]
    if faults:
        raise Refused(
            "no report is made, because the books were altered: " + "; ".join(faults[:20])
        )
    await seals.seal(rt.db, rt.clock.now())
    while await seal_records(rt):
        pass
    heads, sealed = await record_seals.summary(rt.db)
    since = datetime.combine(first, time(), UTC)
    until = datetime.combine(last, time(), UTC) + timedelta(days=1)
    return FairworkReport(
        first,
        last,
        rt.clock.now(),
        await _thresholds(rt, since, until),
        await seals.head(rt.db),
        heads,
        sealed,
    )


def signed(rt: Runtime, report: FairworkReport) -> bytes:
    """Return the file: the report, the public key and the signature over the report's bytes."""
    content = _canonical(asdict(report))
    document = {
        "format": FORMAT,
        "report": orjson.loads(content),
        "public_key": rt.vault.public_key.hex(),
        "signature": rt.vault.sign(content).hex(),
    }
    return orjson.dumps(document, option=orjson.OPT_INDENT_2) + b"\n"


def check_signature(file: bytes, public_key: str = "") -> dict[str, Any]:
    """Return the report in a file. Raises Refused unless its signature holds.

    `public_key` is the key (hex) that the reader knows to be the gateway's.
    """
    try:
        document: dict[str, Any] = orjson.loads(file)
        report: dict[str, Any] = document["report"]
        key, signature = bytes.fromhex(document["public_key"]), bytes.fromhex(document["signature"])
    except (ValueError, KeyError, TypeError) as bad:
        raise Refused("this is no Fairwork report of a gateway") from bad
    if public_key and document["public_key"] != public_key.strip().lower():
        raise Refused("the report was signed with another key than the one you gave")
    if document.get("format") != FORMAT or not is_signed(_canonical(report), signature, key):
        raise Refused("the signature does not hold: the report was altered after it was signed")
    return report


async def check_against_books(rt: Runtime, report: dict[str, Any], public_key: str) -> list[str]:
    """Return the reasons why a report with a good signature is not one of this gateway's books."""
    found = list[str]()
    if public_key != rt.vault.public_key.hex():
        found.append("it was signed by another gateway")
    for kind, head in dict(report["record_heads"]).items():
        if head and not await record_seals.has_head(rt.db, kind, head):
            found.append(f"the seals of {kind} rows do not contain its head {head[:16]}...")
    head = str(report["ledger_head"])
    if head:
        found += (await seals.verify(rt.db, head)).faults
    return found + list((await record_seals.verify(rt.db, rt.vault.stamp)).faults)


def _canonical(report: dict[str, Any]) -> bytes:
    return orjson.dumps(report, option=orjson.OPT_SORT_KEYS | orjson.OPT_UTC_Z)


async def _thresholds(
    rt: Runtime, since: datetime, until: datetime
) -> tuple[FairworkThreshold, ...]:
    async with books.snapshot(rt.db) as (db, _):
        p = await impact.period(db, since, until)
        pay, wage = await fairwork.payment(db, p, PAID_WITHIN), await fairwork.wages(db, p)
        risk, terms = await fairwork.risks(db), await fairwork.terms(db, p)
        work = await fairwork.overwork(db, p, _zones(rt), _quiet(rt))
        process = await fairwork.process(db, p, rt.clock.now())
        equity = await fairwork.equity(db, p)
    return (
        _payment(pay),
        _wages(wage),
        _risks(rt, risk),
        _overwork(rt, work),
        _terms(terms),
        _contracts(terms),
        _process(process),
        _equity(equity),
        by_person(
            "5.1",
            "Show the published statement that workers may associate, and how they reach a person "
            "who speaks for them. The appeals above are individual, so no query can show it.",
        ),
        by_person(
            "5.2",
            "Show how workers take part in decisions about the platform, or the body that bargains "
            "for them. No query can show it.",
        ),
    )


def _payment(found: fairwork.PaymentFacts) -> FairworkThreshold:
    return by_query(
        "1.1",
        "every answer of the period has an EARN transfer of its price, and no payout took more than "
        f"{PAID_WITHIN.days} days from the request to its settlement, unless its money went back",
        (
            FairworkFact("answers", found.answers, must_be_zero=False),
            FairworkFact("answers without their earning", found.unpaid_answers),
            FairworkFact("payouts settled", found.settled, must_be_zero=False),
            FairworkFact("payouts later than promised", found.late_payouts),
        ),
        shown=bool(found.answers),
    )


def _wages(found: fairwork.WageFacts) -> FairworkThreshold:
    return by_query(
        "1.2",
        "in every batch with a floor that was measured in the period, earnings and top-ups per "
        "measured hour are at least the floor for each worker",
        (
            FairworkFact("measured workers, by batch", found.measured, must_be_zero=False),
            FairworkFact("below the floor", found.below),
            FairworkFact("closed batches not measured yet", found.unmeasured_batches),
        ),
        shown=bool(found.measured),
    )


def _risks(rt: Runtime, found: fairwork.RiskFacts) -> FairworkThreshold:
    keeps_all = sum(days == 0 for days in rt.settings.retention.days.values())
    return by_query(
        "2.1",
        "every phone number is stored sealed, and messages and sessions are kept for a limited time",
        (
            FairworkFact("workers", found.workers, must_be_zero=False),
            FairworkFact("numbers that are not sealed", found.open_numbers),
            FairworkFact("kinds of messages that are kept for good", keeps_all),
        ),
        shown=bool(found.workers),
    )


def _overwork(rt: Runtime, found: fairwork.OverworkFacts) -> FairworkThreshold:
    above = max(0, found.busiest_day - rt.settings.prompts_per_day)
    return by_query(
        "2.2",
        "no unasked message left in the quiet hours of its reader or after her STOP, and no number "
        "got more of them on a day than the settings allow",
        (
            FairworkFact(
                "most unasked messages to a number on a day", found.busiest_day, must_be_zero=False
            ),
            FairworkFact("above the limit of the settings", above),
            FairworkFact("in quiet hours", found.at_night),
            FairworkFact("after a STOP", found.after_stop),
        ),
        shown=bool(rt.settings.quiet_hours),
    )


def _terms(found: fairwork.TermsFacts) -> FairworkThreshold:
    return by_query(
        "3.1",
        "every worker who answered in the period had agreed to the terms in her own words before "
        "her first answer of it",
        (
            FairworkFact("workers who answered", found.workers, must_be_zero=False),
            FairworkFact("without a consent before", found.without_consent),
        ),
        shown=bool(found.workers),
    )


def _contracts(found: fairwork.TermsFacts) -> FairworkThreshold:
    return by_query(
        "3.2",
        "every answer was paid with the price of its batch, and corrections took at most a tenth of "
        "a week's earnings",
        (
            FairworkFact("answers with another price", found.other_price),
            FairworkFact("weeks with larger corrections", found.taken_back),
        ),
        shown=bool(found.workers),
    )


def _process(found: fairwork.ProcessFacts) -> FairworkThreshold:
    return by_query(
        "4.1",
        "no appeal of the period waits beyond its deadline, none was decided by the person whose "
        "decision it is about, and each decision has a reason",
        (
            FairworkFact("appeals", found.appeals, must_be_zero=False),
            FairworkFact("beyond the deadline", found.overdue),
            FairworkFact("decided by the same person", found.same_person),
            FairworkFact("decided without a reason", found.without_reason),
        ),
        shown=bool(found.appeals),
    )


def _equity(found: fairwork.EquityFacts) -> FairworkThreshold:
    return by_query(
        "4.2",
        "all workers of a batch got the same price for an answer, and every pause has an end",
        (
            FairworkFact("batches", found.batches, must_be_zero=False),
            FairworkFact("batches with unequal prices", found.unequal_batches),
            FairworkFact("pauses without an end", found.endless_pauses),
        ),
        shown=bool(found.batches),
    )


def _zones(rt: Runtime) -> dict[str, str]:
    return {
        code: country.time_zone or zone_of(code) for code, country in rt.settings.countries.items()
    }


def _quiet(rt: Runtime) -> tuple[int, int]:
    hours = rt.settings.quiet_hours
    if not hours:
        return 0, 0
    start, _, end = hours.partition("-")
    return int(start) % 24, int(end) % 24
