"""The impact report of a period: the queries' answers as figures, each with its definition."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta

from gateway.base.errors import Refused
from gateway.base.money import amount_text, minor_per_major
from gateway.payments.ledger.chart_of_accounts import Code
from gateway.steps.people.impact_arrivals import arrivals_section
from gateway.steps.runtime import Runtime
from gateway.store.ledger import books, seals
from gateway.store.people import impact
from gateway.store.people.impact import CountryWork, HourlyPay, MoneyMoved, PartnerReinvestment
from gateway.workers.impact.report import (
    HIDDEN,
    UNKNOWN,
    ImpactBars,
    ImpactFigure,
    ImpactReport,
    ImpactSection,
)
from gateway.workers.impact.suppression import LEAST, suppressed
from gateway.workers.partners.reinvestment import REINVEST_PERCENT

YOUTH_AGE = 24
"""The age to which a person counts as youth (United Nations)."""
_TO_WORKERS = (Code.EARN, Code.BONUS, Code.FLOOR_TOP_UP, Code.CLIENT_BONUS)
_FROM_WORKERS = (Code.CORRECT_DOWN,)
_TO_PARTNERS = (Code.PARTNER_EARN, Code.PARTNER_REINVEST)
_FROM_PARTNERS = (Code.PARTNER_CORRECTED, Code.REINVEST_CORRECTED)
_PAID_OUT = (Code.SETTLE, Code.LATE_PAID)
_BY_HOUSE = (Code.SMS_REFUND, Code.REFERRAL)
LIMITS = (
    "Dependents and groups are what workers stated of their own accord. The others are not estimated.",
    "Two reports of overlapping periods may show together what each of them hides. Publish one of them.",
    "Pay per hour is measured from the gateway's own times, as its model in docs/operators/fair-pay.md says.",
)


async def impact_report(rt: Runtime, first: date, last: date) -> ImpactReport:
    """Return the report of the days from `first` to `last` (UTC), both included."""
    if last < first:
        raise Refused(f"the period ends on {last}, before it begins on {first}", field="to")
    since = datetime.combine(first, time(), UTC)
    until = datetime.combine(last, time(), UTC) + timedelta(days=1)
    async with books.snapshot(rt.db) as (db, _):
        p = await impact.period(db, since, until)
        money = await impact.money_moved(db, p)
        people = await impact.people(db, p)
        countries = await impact.work_by_country(db, p)
        stated = await impact.stated(db, p, YOUTH_AGE)
        hourly = await impact.hourly_pay(db, p)
        partners = await impact.reinvestment(db, p, first, last)
        arrived = await impact.arrivals(db, p)
    return ImpactReport(
        first,
        last,
        rt.clock.now(),
        (
            _people(people, countries),
            _groups(stated),
            *_money(money),
            arrivals_section(arrived),
            _pay(rt, hourly),
            _reinvested(partners),
        ),
        await seals.head(rt.db),
        LIMITS,
    )


def _count(key: str, label: str, value: int, definition: str) -> ImpactFigure:
    return ImpactFigure(key, label, f"{value:,}", "people", definition, value)


def _people(found: impact.PeopleCounts, countries: Sequence[CountryWork]) -> ImpactSection:
    active = sum(one.workers for one in countries)
    figures = (
        _count(
            "active",
            "Workers active in the period",
            active,
            "workers with at least one EARN transfer of an accepted answer in the period",
        ),
        _count(
            "reached",
            "Workers reached in the period",
            found.reached,
            "workers whose first consent (joined, agreed or restarted) falls in the period",
        ),
        _count(
            "reached_ever",
            "Workers reached since the start",
            found.reached_ever,
            "workers with a consent before the end of the period",
        ),
        _count(
            "trained",
            "Workers trained in the period",
            found.trained,
            "workers who passed the assessment of a lesson in the period",
        ),
        _count(
            "trained_ever",
            "Workers trained since the start",
            found.trained_ever,
            "workers who passed the assessment of a lesson before the end of the period",
        ),
        _count(
            "paid",
            "Workers paid in the period",
            found.paid,
            "workers with a payout whose SETTLE or LATE_PAID transfer falls in the period",
        ),
        _count(
            "paid_ever",
            "Workers paid since the start",
            found.paid_ever,
            "workers with a settled payout before the end of the period",
        ),
    )
    definition = "active workers by the country of their phone number"
    bars = tuple(
        _count(f"active.{one.country}.{one.currency}", one.country, one.workers, definition)
        for one in countries
    )
    return ImpactSection(
        "Workers", figures, (ImpactBars("Active workers by country", bars),) if bars else ()
    )


_SILENT = "Not stated"
_NOBODY = "No active worker has stated this. Each may, with ABOUT, and need not."


def _groups(found: impact.StatedGroups) -> ImpactSection:
    definition = (
        "active workers of the period by their own optional statement (ABOUT); "
        f"groups below {LEAST}, and those from which they could be computed, are left out"
    )
    bars = [
        ImpactBars(
            title,
            _parts(key, groups, definition),
            empty="" if any(n for name, n in groups.items() if name != _SILENT) else _NOBODY,
        )
        for key, title, groups in (
            ("gender", "Women and men, as they stated", found.genders),
            ("age", "Youth, as they stated", found.ages),
            ("refugee", "Refugees, as they stated", found.refugees),
        )
    ]
    enough = found.dependents_by >= LEAST
    shown = f"{found.dependents:,}, stated by {found.dependents_by:,} workers"
    dependents = ImpactFigure(
        "dependents",
        "Dependents of active workers",
        shown if enough else UNKNOWN,
        "people",
        f"sum of the dependents whom active workers stated, where at least {LEAST} stated any; "
        "those of other workers are not known",
        found.dependents if enough else None,
    )
    return ImpactSection("Women, youth, refugees and dependents", (dependents,), tuple(bars))


def _parts(key: str, groups: Mapping[str, int], definition: str) -> tuple[ImpactFigure, ...]:
    return tuple(
        ImpactFigure(
            f"{key}.{name.lower().replace(' ', '_')}",
            name,
            HIDDEN if count is None else f"{count:,}",
            "people",
            definition,
            count,
        )
        for name, count in suppressed(groups).items()
    )


def _money(moved: Sequence[MoneyMoved]) -> list[ImpactSection]:
    return [
        _money_of(currency, [one for one in moved if one.currency == currency])
        for currency in sorted({one.currency for one in moved})
    ]


def _money_of(currency: str, moved: Sequence[MoneyMoved]) -> ImpactSection:
    in_period = {one.code: one.in_period_minor for one in moved}
    ever = {one.code: one.since_start_minor for one in moved}

    def net(sums: Mapping[Code, int], plus: Sequence[Code], minus: Sequence[Code] = ()) -> int:
        return sum(sums.get(c, 0) for c in plus) - sum(sums.get(c, 0) for c in minus)

    def amount(key: str, label: str, minor: int, definition: str) -> ImpactFigure:
        shown = amount_text(minor, currency)
        return ImpactFigure(f"{key}.{currency}", label, shown, "money", definition, minor, currency)

    workers = net(in_period, _TO_WORKERS, _FROM_WORKERS)
    partners = net(in_period, _TO_PARTNERS, _FROM_PARTNERS)
    house = in_period.get(Code.PLATFORM_FEE, 0)
    revenue = workers + partners + house
    figures = (
        amount(
            "revenue",
            "Revenue from accepted work",
            revenue,
            "what left the holds of batches: to workers, to partners and as the platform's fee",
        ),
        amount(
            "wages",
            "Direct wages of the period",
            workers,
            "EARN, BONUS, CLIENT_BONUS and FLOOR_TOP_UP less CORRECT_DOWN in the period",
        ),
        amount(
            "wages_ever",
            "Direct wages since the start",
            net(ever, _TO_WORKERS, _FROM_WORKERS),
            "the same transfers before the end of the period",
        ),
        amount(
            "paid_out",
            "Paid out to workers in the period",
            net(in_period, _PAID_OUT, (Code.REVERSED,)),
            "SETTLE and LATE_PAID less REVERSED in the period",
        ),
        amount(
            "by_house",
            "Refunded SMS and referral rewards",
            net(in_period, _BY_HOUSE),
            "SMS_REFUND and REFERRAL in the period, paid by the gateway and not part of revenue",
        ),
    )
    shares = tuple(
        _share(f"{key}.{currency}", label, minor, revenue, definition)
        for key, label, minor, definition in (
            ("share_workers", "Workers", workers, "direct wages over revenue"),
            ("share_partners", "Partners", partners, "partners' prices over revenue"),
            ("share_house", "Platform", house, "the platform's fee over revenue"),
        )
    )
    bars = (ImpactBars("Shares of revenue", shares),) if revenue else ()
    return ImpactSection(f"Money in {currency}", figures, bars, "From the ledger alone.")


def _share(key: str, label: str, part: int, whole: int, definition: str) -> ImpactFigure:
    share = part / whole if whole else None
    shown = UNKNOWN if share is None else f"{share:.1%}"
    return ImpactFigure(key, label, shown, "share", definition, share)


def _pay(rt: Runtime, hourly: Sequence[HourlyPay]) -> ImpactSection:
    figures, bars = list[ImpactFigure](), list[ImpactBars]()
    for one in hourly:
        if one.workers < LEAST:
            why = f"pay of fewer than {LEAST} workers is not published"
            figures.append(ImpactFigure(f"hourly.{one.country}", one.country, HIDDEN, "money", why))
            continue
        floor = rt.settings.fair_pay.floors.get(one.country)
        same = floor is not None and floor.currency == one.currency
        least = int(floor.per_hour * minor_per_major(one.currency)) if floor and same else None
        bars.append(_hourly_bars(one, least, floor.source if floor and same else ""))
    note = "" if hourly else "No batch was measured in the period."
    return ImpactSection(
        "Earnings per hour against the local wage", tuple(figures), tuple(bars), note
    )


def _hourly_bars(one: HourlyPay, floor_minor: int | None, source: str) -> ImpactBars:
    definition = "measured pay per worker and hour in batches that were settled in the period"
    parts = (("median", "Median", one.median_minor), ("p10", "Lowest tenth", one.p10_minor))
    made = tuple(
        ImpactFigure(
            f"hourly_{key}.{one.country}.{one.currency}",
            label,
            amount_text(minor, one.currency),
            "money",
            definition,
            minor,
            one.currency,
        )
        for key, label, minor in parts
    )
    title = f"{one.country}: {one.workers:,} workers"
    line = (
        "" if floor_minor is None else f"floor {amount_text(floor_minor, one.currency)} ({source})"
    )
    return ImpactBars(title, made, floor_minor, line or "no floor in the settings")


def _reinvested(partners: Sequence[PartnerReinvestment]) -> ImpactSection:
    definition = (
        "checked expenses for training, salaries and the community with a day in the period, over "
        "the partner's PARTNER_EARN and PARTNER_REINVEST less corrections in the period"
    )
    bars = tuple(
        _share(
            f"reinvested.{one.partner}.{one.currency}",
            f"{one.partner} ({amount_text(one.reinvested_minor, one.currency)})",
            one.reinvested_minor,
            one.revenue_minor,
            definition,
        )
        for one in partners
    )
    line = ImpactBars(
        "Reinvested over revenue, by partner",
        bars,
        REINVEST_PERCENT / 100,
        f"the rule: {REINVEST_PERCENT} %",
    )
    note = "" if partners else "No partner earned or spent in the period."
    return ImpactSection("Reinvestment by partners", (), (line,) if bars else (), note)
