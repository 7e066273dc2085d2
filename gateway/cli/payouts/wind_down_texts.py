"""The dry run of a wind-down as an operator reads it."""

from collections.abc import Mapping
from dataclasses import asdict

from gateway.base.money import amount_text
from gateway.steps.payouts.winding.plan import ProviderPlan, WindDownPlan
from gateway.store.payouts.wind_down import FoundPayment


def lines(plan: WindDownPlan) -> list[str]:
    """Return the dry run, with the next step as the last line."""
    began, made = plan.state.begun_at, plan.state.backup_at
    told = [
        f"winding down since {began:%Y-%m-%d %H:%M} UTC, from the backup of {made:%Y-%m-%d %H:%M} UTC",
        "This is a dry run: nothing is sent by this command.",
    ]
    for way in plan.providers:
        told += _provider(way)
    told += [f"  {text}" for text in plan.limits]
    if plan.asked:
        asked = ", ".join(f"{count} by {provider}" for provider, count in plan.asked)
        told.append(f"Payouts from the backup whose outcome is asked for: {asked}")
    told += [f"Payment of no known worker: {found_line(one)}" for one in plan.found[:10]]
    for one in plan.progress:
        amount = amount_text(one.amount_minor, one.currency)
        told.append(f"Payouts {one.outcome}: {one.payouts:,}, {amount}")
    for (currency, why), (count, minor) in plan.unreachable.items():
        told.append(f"Not reached: {count:,} workers, {amount_text(minor, currency)}: {why}")
    for (currency, why), (count, minor) in plan.too_small.items():
        told.append(f"Too small to send: {count:,} workers, {amount_text(minor, currency)}: {why}")
    return [*told, f"Next: {_next(plan)}"]


def _provider(way: ProviderPlan) -> list[str]:
    def text(minor: int) -> str:
        return amount_text(minor, way.currency)

    source = "by its own report" if way.reported else "by the books"
    told = [
        f"{way.provider}: {way.workers:,} workers, {text(way.amount_minor)} to send"
        + (f", {text(way.taxes_minor)} withheld as tax" if way.taxes_minor else ""),
        f"  float needed {text(way.needed_minor)} with charges of {text(way.charges_minor)}",
        f"  float there  {text(way.float_minor)} {source}",
    ]
    if way.missing_minor:
        told.append(f"  TOP UP {text(way.missing_minor)}: payouts above the float wait for it")
    if way.not_ready:
        told.append(f"  NOT READY: {way.not_ready}")
    return told


def found_line(one: FoundPayment) -> str:
    """Return one payment of the lost gateway that has no worker yet."""
    at = f"{one.at:%Y-%m-%d %H:%M}" if one.at else "-"
    return f"{one.provider}  {one.receipt}  {at}  {one.amount_minor:,} minor units  number {one.number or '-'}"


def _next(plan: WindDownPlan) -> str:
    waiting = any(one.outcome == "waiting for approval" for one in plan.progress)
    if any(way.not_ready for way in plan.providers):
        return "make the providers ready, as the lines above say"
    if waiting:
        return "another person approves the list (gateway approvals list), while `gateway up` runs"
    if plan.providers:
        return "gateway wind-down prepare --by NAME"
    if plan.under_way:
        return "let the gateway run (`gateway up`) until no payout is on its way, then look again"
    if plan.unreachable or plan.too_small:
        why = "could not be reached" if plan.unreachable else "are owed too little to be sent"
        return f"gateway wind-down owed --csv owed.csv lists the workers who {why}"
    return "nothing: every worker is paid"


def _reasons(owed: Mapping[tuple[str, str], tuple[int, int]]) -> list[dict[str, object]]:
    return [
        {"currency": currency, "why": why, "workers": count, "amount_minor": minor}
        for (currency, why), (count, minor) in owed.items()
    ]


def as_dict(plan: WindDownPlan) -> dict[str, object]:
    """Return the dry run for programs."""
    return {
        "backup_at": plan.state.backup_at,
        "begun_at": plan.state.begun_at,
        "providers": [
            {**asdict(way), "needed_minor": way.needed_minor, "missing_minor": way.missing_minor}
            for way in plan.providers
        ],
        "unreachable": _reasons(plan.unreachable),
        "too_small": _reasons(plan.too_small),
        "under_way": plan.under_way,
        "asked_about": dict(plan.asked),
        "found": [asdict(one) for one in plan.found],
        "progress": [asdict(one) for one in plan.progress],
        "limits": plan.limits,
        "next": _next(plan),
    }
