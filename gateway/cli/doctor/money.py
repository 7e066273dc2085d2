"""The findings about the money for workers: float and reserves, and a gateway that winds down."""

from gateway.base.money import amount_text
from gateway.cli.doctor.verdict import CheckResult, fail, ok, warn
from gateway.payments.reserves import STALE
from gateway.steps.runtime import Runtime
from gateway.store.payouts import reserves, wind_down


async def money(rt: Runtime) -> list[CheckResult]:
    """Return the last comparison of each currency, and the state of a wind-down."""
    found = list[CheckResult]()
    for check in await reserves.last_checks(rt.db):
        what = f"reserves {check.currency}"
        owed = amount_text(check.owed_minor, check.currency)
        cover = amount_text(check.cover_minor, check.currency)
        said = f"workers are owed {owed}; float and reserves are {cover}"
        if rt.clock.now() - check.checked_at > STALE:
            at = f"{check.checked_at:%d/%m %H:%M} UTC"
            cure = "check that a ticker leads and runners work (above)"
            found.append(warn(what, f"not compared since {at}: {said}", cure))
        elif check.short_since is not None:
            since = f"{check.short_since:%d/%m %H:%M} UTC"
            cure = "top up the float, or name the money at the bank (`reserves.bank`)"
            found.append(fail(what, f"too little since {since}: {said}", cure))
        else:
            found.append(ok(what, said))
    state = await wind_down.find(rt.db)
    if state is not None:
        said = f"since {state.begun_at:%Y-%m-%d %H:%M} UTC: no new work is taken"
        found.append(warn("winding down", said, "see: gateway wind-down"))
    return found
