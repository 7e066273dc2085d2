# pyright: basic
"""The end of a project: its result in every form, the call to its client, the file's removal."""

import io
import json
from datetime import date
from decimal import Decimal

import openpyxl
import pytest

from gateway.settings.fair_pay import LivingWage
from tests.stories.messages.test_client_webhooks import receiving
from tests.support.projects import all_work, crowd, makes_project

SHOPS = "name,town\nMama Njeri Shop,Kibera\n=1+1,Kisumu\n"
TEXT = "The market opens at six.\n\nAmina sells tomatoes.\n"
EVENTS = ["project.done", "project.failed", "project.cancelled"]


@pytest.fixture(autouse=True)
def local(configure):
    """Permit receivers on this machine."""
    configure(local_phone=True)


async def checked(town, **given):
    """A list of two shops that workers have checked."""
    people = await crowd(town, "amina", "brian")
    given = {"question": "Is {name} open?", "policy": "fixed:2", **given}
    project = await makes_project(town.client, "check-list", SHOPS, **given)
    await project.changes("start")
    await town.answers_bells()
    await all_work(town, people, lambda _text, _kind: "1")
    return project


async def test_the_result_comes_as_csv_as_a_workbook_and_as_json(town):
    project = await checked(town)
    csv = await project.rows()
    answer = await project.asks("GET", "/result", params={"format": "xlsx"})
    assert answer.headers["content-type"].endswith("spreadsheetml.sheet")
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content), read_only=True).active
    header, *rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert header == list(csv[0])
    assert rows[1][0] == "'=1+1", "no spreadsheet executes it"
    raw = await project.asks("GET", "/result", params={"format": "xlsx", "raw": "true"})
    sheet = openpyxl.load_workbook(io.BytesIO(raw.content), read_only=True).active
    assert [row[0].value for row in sheet.iter_rows()][2] == "=1+1"
    answer = await project.asks("GET", "/result", params={"format": "json"})
    assert answer.headers["content-type"].startswith("application/json")
    found = json.loads(answer.text)
    assert [row["name"] for row in found] == ["Mama Njeri Shop", "=1+1"]
    assert [row["result"] for row in found] == ["yes", "yes"]
    assert list(found[0]) == header


async def test_the_progress_of_a_stage_that_is_being_filled_is_shown(town):
    await crowd(town, "amina")
    project = await makes_project(town.client, "check-list", "text\nA\nB\n")
    await project.changes("start")
    await town.answers_bells()
    (stage,) = (await project.shows())["stages"]
    assert stage["background"] is None
    doing = {"doing": "storing", "done": 20_000, "of": 100_000}
    await town.rt.db.execute(
        "update batch set background = $2, upload_until = now() + interval '1 hour' where id = $1",
        stage["batch"],
        doing,
    )
    (stage,) = (await project.shows())["stages"]
    assert stage["background"] == doing


async def test_an_empty_partial_result_is_an_empty_table_in_every_form(town):
    await crowd(town, "amina")
    project = await makes_project(town.client, "translate-text", TEXT, language="Kiswahili")
    await project.changes("start")
    for kind in ("csv", "xlsx", "json", "text"):
        answer = await project.asks("GET", f"/result?partial=true&format={kind}")
        assert answer.status_code == 200, answer.text
    assert (await project.asks("GET", "/result?partial=true&format=pdf")).status_code == 422


async def test_a_client_is_told_once_that_a_project_is_done(town):
    async with receiving(town, events=EVENTS) as receiver:
        project = await checked(town)
        await town.ticks(minutes=1)
        await town.ticks(minutes=1)
    (told,) = receiver.of("project.done")
    assert told == {"project": project.id, "state": "done", "link": told["link"]}
    assert told["link"].endswith(f"/api/v1/projects/{project.id}/result")
    assert receiver.told == ["project.done"]


async def test_a_client_is_told_once_per_reason_that_a_project_does_not_go_on(town, configure):
    await crowd(town, "amina", "brian", "chege")
    usual = town.rt.settings.fair_pay
    floor = LivingWage(
        currency="KES", per_hour=Decimal(100_000), source="a test", date=date(2026, 1, 1)
    )
    async with receiving(town, events=EVENTS) as receiver:
        project = await makes_project(town.client, "check-list", SHOPS, question="Is {name} open?")
        await project.changes("start")
        town.jobs.take()
        configure(local_phone=True, fair_pay=usual.model_copy(update={"floors": {"KE": floor}}))
        for _ in range(4):
            await town.ticks(minutes=2)
        (told,) = receiver.of("project.failed")
        assert "living-wage floor of KE" in told["because"]
        assert (told["project"], told["state"]) == (project.id, "running")
        assert told["link"].endswith(f"/projects/{project.id}")
        await project.changes("cancel")
        await town.ticks(minutes=2)
    assert receiver.told == ["project.failed", "project.cancelled"]


async def test_a_stage_below_the_floor_is_named_in_the_quote_with_both_figures(town, configure):
    """The check of a translation costs a share of its price, so it alone may be below the floor."""
    await crowd(town, "amina", "brian", "chege")
    project = await makes_project(
        town.client, "translate-text", TEXT, price="10.00", language="Kiswahili", check="always"
    )
    stages = {one["name"]: one for one in (await project.asks("GET", "/quote")).json()["stages"]}
    assert all(one["floor_minor"] is None for one in stages.values()), "no floor is set"
    hourly = {name: one["hourly_minor"] for name, one in stages.items()}
    between = (hourly["translate"] + hourly["translate-check"]) // 2
    low = min(hourly, key=lambda name: hourly[name])
    usual = town.rt.settings.fair_pay
    floor = LivingWage(
        currency="KES", per_hour=Decimal(between) / 100, source="a test", date=date(2026, 1, 1)
    )
    configure(fair_pay=usual.model_copy(update={"floors": {"KE": floor}}))
    quote = (await project.asks("GET", "/quote")).json()
    for one in quote["stages"]:
        assert one["floor_minor"] == between
        assert one["below_floor"] == (one["hourly_minor"] < between)
    assert any(one["below_floor"] for one in quote["stages"] if one["name"] == low)
    assert quote["below_floor"] == [one["name"] for one in quote["stages"] if one["below_floor"]]
    refused = await project.asks("POST", "/start")
    assert await town.count("project_stage") == 0, "nothing is half started"
    assert refused.status_code == 422
    said = refused.json()["detail"]
    assert f"stages below the living-wage floor of KE: {', '.join(quote['below_floor'])}" in said
    price = said.rpartition("at least ")[2]
    enough = await makes_project(
        town.client, "translate-text", TEXT, price=price, language="Kiswahili", check="always"
    )
    assert (await enough.asks("GET", "/quote")).json()["below_floor"] == []
    assert (await enough.asks("POST", "/start")).status_code == 200, "the named price is enough"


async def test_the_file_of_an_old_project_is_removed_and_its_client_knows_when(town):
    project = await checked(town)
    draft = await makes_project(town.client, "check-list", SHOPS, question="Is {name} open?")
    until = (await project.shows())["file_until"]
    assert until is not None
    await town.ticks(days=300)
    assert (await project.asks("GET", "/result")).status_code == 200
    await town.ticks(days=66)
    assert await town.count("project_file") == 0
    gone = await project.asks("GET", "/result")
    assert gone.status_code == 409
    assert "was removed after its time" in gone.json()["detail"]
    stage = (await project.shows())["stages"][0]["batch"]
    assert (await town.client.asks("GET", f"/batches/{stage}/results")).status_code == 200
    again = await draft.asks("PUT", "/file", content=SHOPS.encode())
    assert again.status_code == 200, "a draft takes its file again"


async def test_files_are_kept_for_good_where_the_setting_says_so(town, configure):
    usual = town.rt.settings.retention
    configure(retention=usual.model_copy(update={"project_files_days": 0}))
    project = await checked(town)
    assert (await project.shows())["file_until"] is None
    await town.ticks(days=800)
    assert (await project.asks("GET", "/result")).status_code == 200


async def test_a_question_of_a_project_is_pushed_to_idle_workers_who_qualify_and_to_no_others(town):
    """A stage is an ordinary batch: a worker who may answer is asked, whatever she did before."""
    amina = await town.enrols("amina")
    wambui = await town.enrols("wambui", "sw")
    busy = await town.enrols("busy", "sw")
    await town.posts_batch("Duka liko wazi?", languages=["sw"])
    assert "Duka liko wazi?" in await busy.texts("WORK")
    project = await makes_project(
        town.client,
        "check-list",
        SHOPS,
        question="Je, {name} ipo?",
        languages=["sw"],
        policy="fixed:2",
    )
    await project.changes("start")
    for _ in range(3):
        await town.ticks(minutes=1)
    asked = [name for name, person in (("amina", amina), ("wambui", wambui), ("busy", busy))
             if any("ipo?" in words for words in await person.messages())]  # fmt: skip
    assert asked == ["wambui"], "Amina reads English, and another question is with Busy"
