"""The second act of the demo: one file, two partners, and what became of it.

Two partners are admitted and their workers join by SMS. A client sends a list of shops as one
project. The workers check it by dialling, and a few of them are careless. The client gets the list
back with the answers, and the impact report is made from the ledger.
"""

import asyncio
import random
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from rich.console import RenderableType

from gateway.base.errors import Failed
from gateway.base.money import amount_text
from gateway.base.tabular import open_table
from gateway.cli.people.impact.as_html import as_html
from gateway.cli.replay.api_calls import call_api
from gateway.cli.replay.town import SERVICE_CODE, SHORTCODE, Town
from gateway.cli.run.example_partner import admit_example
from gateway.simulator.phones import Phone
from gateway.steps.people.impact import impact_report
from gateway.store.ledger import transfers

PARTNERS: Final = {"KIBERA": "Kibera Youth", "MATHARE": "Mathare Women"}
_EACH = 6
_CARELESS: Final = frozenset({3})
"""The careless workers of each partner, by number. They press any key."""
_CLOSED: Final = frozenset({2, 7, 11})
"""The shops that do not exist any more, by number."""
_SHOPS = 16
_PRICE, _PARTNER_PRICE = "3.00", "1.00"
_TO_WORK = SERVICE_CODE.replace("#", "*1#")
_WAIT_S, _ROUND_S, _WITHIN_S = 60.0, 0.2, 240.0


@dataclass(slots=True)
class ProjectAct:
    """The outcome of the demo's project."""

    rows: int
    right: int
    to_review: int
    """The rows whose answers do not agree well enough; some of them are right."""
    answers: int
    workers: int
    spent_minor: int
    currency: str
    faults: int
    """The faults that an audit of the whole ledger found."""
    figures: dict[str, str] = field(default_factory=dict[str, str])
    """Figures of the impact report, as shown."""
    files: dict[str, str] = field(default_factory=dict[str, str])
    """The contents of the files that the client and the operator get, by name."""

    def report(self) -> dict[str, Any]:
        """Return the outcome without the files."""
        return {name: value for name, value in asdict(self).items() if name != "files"}


async def play_project(town: Town) -> ProjectAct:
    """Run the project in a town, and return what came of it. Raises Failed when it does not end."""
    for code, name in PARTNERS.items():
        await admit_example(town.rt, code, name, by="demo")
    phones = await _join(town)
    project = await call_api(
        town,
        "POST",
        "/api/v1/projects",
        json={
            "recipe": "check-list",
            "name": "Shops of Nairobi",
            "price": _PRICE,
            "partner_price": _PARTNER_PRICE,
            "parameters": {
                "question": "Je, {Name} bado iko {town}?",
                "policy": "fixed:3",
                # The workers of the recorded crowds read English, so this work is not for them.
                "languages": ["sw"],
            },
        },
    )
    path = f"/api/v1/projects/{project['id']}"
    await call_api(town, "PUT", f"{path}/file", data=_shops())
    await call_api(town, "POST", f"{path}/start")
    await _work(town, path, phones)
    done = await call_api(town, "GET", path)
    result = await call_api(town, "GET", f"{path}/result", params={"format": "csv"})
    today = datetime.now(UTC).date()
    impact = await impact_report(town.rt, today, today)
    shown = {one.key: one.shown for section in impact.sections for one in section.figures}
    rows = list(open_table(result, ("name", "result")).rows())
    audit = await transfers.audit(town.rt.db)
    return ProjectAct(
        rows=len(rows),
        right=sum(row.cell("result") == _truth(n) for n, row in enumerate(rows)),
        to_review=sum(row.cell("state") == "review" for row in rows),
        answers=sum(stage["answers"] for stage in done["stages"]),
        workers=len(phones),
        spent_minor=done["money"]["spent_minor"],
        currency=done["money"]["currency"],
        faults=len(audit.faults),
        figures=shown,
        files={
            "result.csv": result,
            "quality.html": await call_api(town, "GET", f"{path}/report"),
            "impact.html": as_html(impact),
        },
    )


def keep(act: ProjectAct, folder: Path) -> None:
    """Write the files of the project into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in act.files.items():
        (folder / name).write_text(content, encoding="utf-8")


def _truth(shop: int) -> str:
    return "no" if shop in _CLOSED else "yes"


def _shops() -> bytes:
    lines = [f"Shop {n},{'Kibera' if n % 2 else 'Mathare'}" for n in range(_SHOPS)]
    return "\n".join(("name,town", *lines, "")).encode()


async def _join(town: Town) -> list[tuple[Phone, bool]]:
    """Let the partners' workers join. Return their phones, and whether each is careless."""
    phones = [
        (town.carrier.phone(f"+2547901{place}{n:04d}"), n in _CARELESS, code)
        for place, code in enumerate(PARTNERS)
        for n in range(_EACH)
    ]

    async def join(phone: Phone, code: str) -> None:
        for words in (f"JOIN {code} sw", "NDIYO"):
            await phone.text(SHORTCODE, words)
            await phone.next_sms(_WAIT_S)
        session = await phone.dial(SERVICE_CODE)
        await session.hang_up()

    await asyncio.gather(*(join(phone, code) for phone, _, code in phones))
    return [(phone, careless) for phone, careless, _ in phones]


async def _work(town: Town, path: str, phones: list[tuple[Phone, bool]]) -> None:
    """Let the workers dial until the project is done."""
    until = time.monotonic() + _WITHIN_S
    while (await call_api(town, "GET", path))["state"] != "done":
        if time.monotonic() > until:
            raise Failed("the project of the demo did not end in time", retryable=False)
        await asyncio.gather(*(_session(phone, careless=careless) for phone, careless in phones))
        await asyncio.sleep(_ROUND_S)


async def _session(phone: Phone, *, careless: bool) -> None:
    """Answer in one dialled session until no question is left."""
    session = await phone.dial(_TO_WORK)
    draw = random.Random(phone.msisdn)  # noqa: S311  # a careless thumb, no secret
    while session.screen.open and "1 Ndiyo" in session.screen.text:
        shop = next((n for n in reversed(range(_SHOPS)) if f"Shop {n} " in session.screen.text), 0)
        honest = "1" if _truth(shop) == "yes" else "2"
        await session.press(draw.choice("12") if careless else honest)
    if session.screen.open:
        await session.hang_up()


def words(act: Mapping[str, Any]) -> list[tuple[str, RenderableType]]:
    """Return the outcome as lines for the demo's report."""
    figures = act["figures"]
    return [
        (
            "result",
            (
                f"{act['right']} of {act['rows']} shops are right, from {act['answers']} answers;\n"
                f"{act['to_review']} of all are marked for a person to look at"
            ),
        ),
        ("workers", f"{act['workers']}, of {len(PARTNERS)} partners; one in six is careless"),
        ("cost", f"{amount_text(act['spent_minor'], act['currency'])} for the list"),
        ("wages", f"{figures.get('wages.KES', 'unknown')} in the whole demo, by the impact report"),
        ("books", "no fault" if not act["faults"] else f"{act['faults']} faults"),
    ]
