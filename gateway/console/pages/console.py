"""A coordinator's page at /console: her workers, and the findings that need a look, with evidence.

The operator makes a link for the coordinator (`gateway coordinator link`). Opening it sets a cookie
for as long as the link is valid, so that the link does not stay in the address. The page is
read-only: an operator closes a finding with `gateway findings`.
"""

from dataclasses import asdict
from datetime import timedelta

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from gateway.console.rendering import page_headers, template
from gateway.steps.people.appeals.assess import Assessment, assess
from gateway.steps.people.console_links import GOOD_FOR, coordinator_of
from gateway.steps.people.find_worker import number_tail
from gateway.steps.runtime import Runtime
from gateway.store.people import appeals, number_moves, workers
from gateway.store.quality import assessments, findings

COOKIE = "console"
_COUNTED = timedelta(days=365)
_HEADERS = page_headers()


def mount(app: FastAPI, rt: Runtime, address: str) -> None:
    """Mount the coordinator's page."""
    shown, closed = template("console.html"), template("no_link.html")

    async def page(request: Request) -> Response:
        key = request.query_params.get("key")
        coordinator = await coordinator_of(rt, key or request.cookies.get(COOKIE, ""))
        if coordinator is None:
            return HTMLResponse(closed.render(), status_code=401, headers=_HEADERS)
        if key is not None:
            return _without_key(address, key, secure=rt.settings.public_url.startswith("https"))
        who = await workers.coordinator(rt.db, coordinator)
        if who is None:
            return HTMLResponse(closed.render(), status_code=401, headers=_HEADERS)
        body = shown.render(
            name=who["name"],
            partner=who["partner"],
            workers=[
                {**row, "tail": number_tail(rt, row["msisdn_sealed"])}
                for row in await workers.workers_of(rt.db, coordinator)
            ],
            findings=[
                {**asdict(row), "tail": number_tail(rt, row.msisdn_sealed)}
                for row in await findings.of_coordinator(rt.db, coordinator)
            ],
            moves=[
                {
                    **asdict(row),
                    "old": number_tail(rt, row.old_sealed),
                    "new": number_tail(rt, row.new_sealed),
                }
                for row in await number_moves.of_coordinator(rt.db, coordinator)
            ],
            appeals=[
                {"it": one, "tail": number_tail(rt, one.worker_sealed)}
                for one in await appeals.of_coordinator(rt.db, coordinator)
            ],
            assessed=await _assessed(rt, coordinator),
        )
        return HTMLResponse(body, headers=_HEADERS)

    for path in (address, f"{address}/"):
        app.add_route(path, page, methods=["GET"])


async def _assessed(rt: Runtime, coordinator: int) -> Assessment | None:
    """Return how many of a coordinator's decisions of a year were overturned, if there are any."""
    since = rt.clock.now() - _COUNTED
    counts = await assessments.of_coordinator(rt.db, coordinator, since)
    return assess(counts) if counts else None


def _without_key(address: str, key: str, *, secure: bool) -> Response:
    answer = RedirectResponse(address, status_code=303, headers=_HEADERS)
    answer.set_cookie(
        COOKIE,
        key,
        max_age=int(GOOD_FOR.total_seconds()),
        path=address,
        httponly=True,
        secure=secure,
        samesite="lax",
    )
    return answer
