"""The findings about payout operators: their answers, their payouts and their floats."""

from datetime import timedelta

import aiohttp

from gateway.base.money import amount_text
from gateway.cli.doctor.verdict import CheckResult, fail, ok, warn
from gateway.steps.runtime import Runtime
from gateway.store.db import Row

_REACH_S = 5.0
_TOLD_WITHIN = timedelta(minutes=10)
_FLOAT_DAYS_MIN = 1.5  # by the average of the last seven days


async def operators(rt: Runtime) -> list[CheckResult]:
    from gateway.store import health
    from gateway.store.payouts import float_queries, floats, provider_health

    findings = [
        warn(
            f"provider {row['provider']}",
            f"no payouts are sent until {row['until']:%H:%M}: {row['reason']}",
            "correct the cause of the operator's complaint; then it is tried again",
        )
        for row in await health.paused_providers(rt.db)
    ]
    findings += [_lasting(row) for row in await floats.lasting(rt.db)]
    findings += [
        warn(
            f"float {row['provider']}",
            f"{row['gap']:+} minor units different from the gateway's books at {row['compared_at']:%d/%m %H:%M}",
            f"import its statement (fees, top-ups), then gateway ledger float {row['provider']}",
        )
        for row in await floats.gaps(rt.db)
    ]
    findings += [
        warn(
            f"float {one.provider}",
            f"asked at {one.asked_at:%d/%m %H:%M} UTC, and not answered",
            "check that its API operator may query the balance, and that its callbacks reach GATEWAY_PUBLIC_URL",
        )
        for one in await float_queries.unanswered(rt.db, rt.clock.now() - _TOLD_WITHIN)
    ]
    findings += [_ailing(row) for row in await provider_health.ailing(rt.db)]
    for name, provider in rt.settings.providers.items():
        url = str(provider.options.get("base_url", ""))
        if not url:
            continue
        try:
            # Any answer is sufficient, because this only checks the way through the network.
            async with rt.http.get(
                url, timeout=aiohttp.ClientTimeout(total=_REACH_S), allow_redirects=False
            ):
                findings.append(ok(f"provider {name}", f"{url} answers"))
        except (aiohttp.ClientError, TimeoutError, ValueError) as bad:
            findings.append(
                fail(
                    f"provider {name}",
                    f"{url} does not answer ({bad or 'timeout'})",
                    f"check providers.{name}.options.base_url, and whether a firewall is in the way",
                )
            )
    return findings


def _lasting(row: Row) -> CheckResult:
    what, a_day = f"float {row['provider']}", row["a_day"]
    currency = row["currency"]

    def shown(minor: int) -> str:
        return amount_text(minor, currency) if currency else f"{minor:,} minor units"

    said = f"{shown(row['float'])} at {row['float_at']:%d/%m %H:%M} UTC, {shown(a_day)} go out on a day"
    if row["float"] < _FLOAT_DAYS_MIN * a_day or not row["float"]:
        return warn(what, said, "top it up: payouts that it cannot cover wait until then")
    return ok(what, said)


def _ailing(row: Row) -> CheckResult:
    what = f"provider {row['provider']}"
    if row["stopped_at"]:
        return warn(
            what, f"sending stopped: {row['reason']}", "it goes on when the operator answers"
        )
    if row["settling_at"]:
        return warn(
            what, "settles the payouts in flight before it sends", "a minute or two after a crash"
        )
    return warn(
        what,
        f"has not answered since {row['silent_since']:%H:%M} UTC",
        "one payout is queried each minute, and all of them when it answers",
    )
