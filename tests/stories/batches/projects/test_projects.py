"""Projects: one file in, one result out, with every answer given on a simulated phone."""

import asyncio
import io
import json
from datetime import date
from decimal import Decimal
from unittest.mock import ANY

import openpyxl
import pytest
from typer.testing import CliRunner

from gateway.cli.commands import app
from gateway.settings.fair_pay import LivingWage
from gateway.steps.batches.close import close
from gateway.steps.batches.projects import advance as advance_step
from gateway.steps.batches.projects import start as start_step
from gateway.steps.batches.projects.advance import advance_projects
from gateway.steps.batches.projects.recipes import shipped
from gateway.store.batches.projects import pending_projects
from tests.support.projects import Project, all_work, crowd, makes_project, round_of_work

SHOPS = "name,town\nMama Njeri Shop,Kibera\nOtieno Hardware,Kisumu\n,Nowhere\nToi Stall,Kibera\n"


class Killed(Exception):
    """A process that ended right here."""


# --- a list is checked ---


async def test_a_list_is_checked_and_comes_back_with_the_answers_beside_its_rows(town):
    people = await crowd(town, "amina", "brian", "chege")
    before = await town.client.available_minor()
    project = await makes_project(
        town.client, "check-list", SHOPS, question="Is {Name} in {town} open?", policy="fixed:2"
    )
    quote = (await project.asks("GET", "/quote")).json()
    assert (quote["parts"], quote["most_minor"], quote["enough"]) == (4, 3 * 2 * 300, True)
    assert (quote["answers_expected"], quote["answers_most"]) == (6, 6)
    assert quote["ready"]["answers_left"] == 6
    assert (await project.shows())["state"] == "draft"
    assert (await project.asks("GET", "/result")).status_code == 409

    started = await project.changes("start")
    assert (started["state"], started["money"]["reserved_minor"]) == ("running", 1800)
    assert await town.client.available_minor() == before - 1800
    assert (await project.changes("start"))["state"] == "running", "a repetition changes nothing"
    await town.answers_bells()
    assert await project.states() == {"check": "running"}
    assert (await project.asks("GET", "/result")).status_code == 409

    await all_work(town, people, lambda text, _: "2" if "Otieno" in text else "1")
    shown = await project.shows()
    assert shown["state"] == "done"
    assert shown["money"]["spent_minor"] == 3 * 2 * 300
    rows = await project.rows()
    assert [(row["name"], row["town"], row["result"], row["state"]) for row in rows] == [
        ("Mama Njeri Shop", "Kibera", "yes", "decided"),
        ("Otieno Hardware", "Kisumu", "no", "decided"),
        ("", "Nowhere", "", "not asked"),
        ("Toi Stall", "Kibera", "yes", "decided"),
    ]
    assert all(float(row["confidence"]) > 0.8 for row in rows if row["result"])

    report = await project.asks("GET", "/report")
    assert report.headers["content-type"].startswith("text/html")
    assert "<svg" in report.text
    assert "KES 18" in report.text
    lines = await project.rows("/report")
    assert [line["answers"] for line in lines] == ["yes (2)", "no (2)", "", "yes (2)"]
    assert await town.client.available_minor() == before - 1800
    await town.has_right_books()


async def test_a_wrong_file_or_parameter_is_refused_with_its_place_and_the_rule(town):
    client = town.client
    order = {"recipe": "check-list", "name": "A", "price": "3.00"}
    unknown = await client.asks("POST", "/projects", json={**order, "recipe": "bake-bread"})
    assert unknown.status_code == 422
    assert "check-list" in unknown.json()["detail"]
    wrong = await client.asks("POST", "/projects", json={**order, "parameters": {"questoin": "?"}})
    assert wrong.json()["errors"][0]["field"] == "parameters.questoin"
    missing = await client.asks("POST", "/projects", json={**order, "recipe": "translate-text"})
    assert missing.json()["errors"][0]["field"] == "parameters.language"
    policy = await client.asks("POST", "/projects", json={**order, "parameters": {"policy": "3"}})
    assert policy.json()["errors"][0]["field"] == "parameters.policy"

    made = await client.asks("POST", "/projects", json=order)
    project = Project(client, made.json()["id"])
    for change in ("start", "pause"):
        assert (await project.asks("POST", f"/{change}")).status_code == 409
    assert "/file" in (await project.asks("GET", "/quote")).json()["detail"]
    column = await project.asks("PUT", "/file", content=SHOPS.encode())
    assert "no column 'text'; it has: name, town" in column.json()["detail"]
    long = await project.asks("PUT", "/file", content=f"text\nshort?\n{'x' * 1300}\n".encode())
    assert long.json()["errors"][0]["row"] == 2
    assert (await project.asks("PUT", "/file", content=b"")).status_code == 422
    assert (await project.shows())["parts"] is None, "nothing of a wrong file was taken"

    other = await town.new_client("Other")
    assert (await Project(other, project.id).asks("GET")).status_code == 404
    assert (await other.asks("GET", "/projects")).json() == []


async def test_money_that_is_not_there_is_asked_for_before_anything_starts(town):
    await crowd(town, "amina", "brian")
    poor = await town.new_client("Poor", 100)
    project = await makes_project(poor, "check-list", SHOPS, question="Is {name} open?")
    quote = (await project.asks("GET", "/quote")).json()
    assert not quote["enough"]
    refused = await project.asks("POST", "/start")
    assert refused.status_code == 402
    assert "KES 63" in refused.json()["detail"]
    assert (await project.shows())["state"] == "draft"
    assert await town.count("batch") == 0


async def test_a_repeated_request_makes_one_project(town):
    order = {"recipe": "check-list", "name": "A", "price": "3.00"}
    headers = {"Idempotency-Key": "once"}
    first = await town.client.asks("POST", "/projects", json=order, headers=headers)
    again = await town.client.asks("POST", "/projects", json=order, headers=headers)
    assert first.json() == again.json()
    assert await town.count("project") == 1


# --- a text is translated, checked, and joined ---

TEXT = (
    "The market opens at six. Traders bring maize and beans from their homes. They sit in long rows. "
    "By noon most of the stalls are empty. The rest is sold at half the price.\n\n"
    "Amina sells tomatoes.\n"
)


def in_capitals(text):
    """Return the translation of a piece: the same words in capitals."""
    return text.upper()


async def test_a_long_text_is_translated_in_pieces_checked_by_others_and_joined(town):
    people = await crowd(town, "amina", "brian", "chege", "dina", "esther")
    before = await town.client.available_minor()
    project = await makes_project(
        town.client, "translate-text", TEXT * 3, language="Kiswahili", price="5.00"
    )
    quote = (await project.asks("GET", "/quote")).json()
    assert [stage["role"] for stage in quote["stages"]] == ["ask", "check", "again"]
    assert quote["choices"][0]["checked"]
    assert quote["workers_needed"] == 8
    await project.changes("start")
    await town.answers_bells()
    assert await project.states() == {
        "translate": "running",
        "translate-check": "waiting",
        "translate-again": "waiting",
    }
    lazy = set()

    def answer(text, kind):
        if kind == "transcription":
            if "tomatoes" in text and text not in lazy:
                lazy.add(text)
                return "tomato tomato"
            return in_capitals(text)
        source, _, translation = text.partition("\n= ")
        return "1" if translation == in_capitals(source) else "2"

    await all_work(town, people, answer)
    shown = await project.shows()
    assert shown["state"] == "done", shown
    assert await project.states() == dict.fromkeys(
        ["translate", "translate-check", "translate-again"], "done"
    )
    assert await project.result(format="text") == in_capitals(TEXT * 3)
    rows = await project.rows()
    assert {row["state"] for row in rows} == {"checked", "asked again"}
    own_checks = await town.value(
        """select count(*) from answer a join task t on t.id = a.task_id join task u on u.name = t.name and u.id <> t.id
           join batch f on f.id = t.batch_id and f.name like '%: translate'
           join answer b on b.task_id = u.id and b.worker_id = a.worker_id"""
    )
    assert own_checks == 0, "no worker checks or repeats an answer of her own"
    spent = shown["money"]["spent_minor"]
    assert spent < shown["money"]["reserved_minor"]
    assert await town.client.available_minor() == before - spent
    report = await project.asks("GET", "/report")
    assert "one answer, checked by other workers" in report.text
    await town.has_right_books()


async def test_a_text_without_checks_is_joined_from_several_answers(town):
    people = await crowd(town, "amina", "brian")
    project = await makes_project(
        town.client, "transcribe-text", TEXT, check="never", policy="fixed:2"
    )
    await project.changes("start")
    await town.answers_bells()
    assert await project.states() == {"type": "running"}
    await all_work(town, people, lambda text, _: text)
    assert await project.result(format="text") == TEXT


# --- a list is cleaned of duplicates ---

PERSONS = """name,town,phone
Mama Njeri Shop,Kibera,
MAMA NJERI SHOP,kibera,0711
Mama Njery Shop,Kibera,0722
Otieno Hardware,Kisumu,0733
Otieno Hardwares,Kisumu,
Toi Market,Nairobi,
"""


async def test_a_list_is_cleaned_of_duplicates_that_workers_have_verified(town):
    people = await crowd(town, "amina", "brian", "chege")
    project = await makes_project(town.client, "clean-database", PERSONS, compare=["name", "town"])
    shown = await project.shows()
    assert shown["parts"] == 2, "equal rows need no question"
    await project.changes("start")
    await town.answers_bells()
    await all_work(town, people, lambda text, _: "2" if "Otieno" in text else "1")
    assert (await project.shows())["state"] == "done"
    rows = await project.rows(raw=True)
    assert [
        (row["name"], row["phone"], row["rows"], row["also"], row["state"]) for row in rows
    ] == [
        (
            "Mama Njeri Shop",
            "0711",
            "1 2 3",
            "name: MAMA NJERI SHOP; name: Mama Njery Shop; town: kibera; phone: 0722",
            "merged",
        ),
        ("Otieno Hardware", "0733", "4", "", "single"),
        ("Otieno Hardwares", "", "5", "", "single"),
        ("Toi Market", "", "6", "", "single"),
    ]
    await town.has_right_books()


async def test_a_catalogue_is_sorted_and_records_are_digitised(town):
    people = await crowd(town, "amina", "brian", "chege")
    sorting = await makes_project(
        town.client,
        "sort-catalogue",
        "text\nMaize flour\nHammer\n",
        options=["food", "tools"],
        policy="fixed:2",
    )
    await sorting.changes("start")
    await town.answers_bells()
    await all_work(town, people, lambda text, _: "tools" if "Hammer" in text else "food")
    assert [row["result"] for row in await sorting.rows()] == ["food", "tools"]

    records = await makes_project(
        town.client,
        "digitise-records",
        'text\n"Amina Otieno, born 3 May 1990"\nBrian Mwangi 1985\n',
        fields=[{"id": "owner", "type": "name"}, {"id": "year", "type": "number", "min": 1900}],
    )
    await records.changes("start")
    await town.answers_bells()
    keyed = iter(["Brian Mwangi; 1958", "Brian Mwangi; 1985"])
    await all_work(
        town,
        people,
        # A third worker is asked for the field that differs, and for that alone.
        lambda text, _: "Amina Otieno; 1990" if "Amina" in text else next(keyed, "1985"),
    )
    shown = await records.shows()
    assert (shown["state"], shown["stages"][0]["kind"]) == ("done", "entry")
    assert [tuple(row.values())[1:] for row in await records.rows()] == [
        ("Amina Otieno", ANY, "1990", ANY, "decided"),
        ("Brian Mwangi", ANY, "1985", ANY, "decided"),
    ]
    lines = await records.rows("/report")
    assert [line["question"].rpartition(": ")[2] for line in lines] == ["owner", "year"] * 2
    assert lines[3]["answers"] == "1985 (2); 1958 (1)"


# --- pause, cancel, kills ---


async def lapses(town):
    """Let the time for the questions that workers hold pass."""
    await town.ticks(hours=25)
    await town.ticks()


async def test_a_project_is_paused_continued_and_cancelled_and_its_money_comes_back(town):
    amina, _ = await crowd(town, "amina", "brian")
    before = await town.client.available_minor()
    project = await makes_project(town.client, "check-list", SHOPS, question="Is {name} open?")
    await project.changes("start")
    await town.answers_bells()
    batch = (await project.shows())["stages"][0]["batch"]
    for change in ("start", "pause", "cancel"):
        refused = await town.client.asks("POST", f"/batches/{batch}/{change}")
        assert refused.status_code == 409
        assert project.id in refused.json()["detail"]
    await project.changes("pause")
    await town.answers_bells()
    assert await town.value("select state from batch where id = $1", batch) == "paused"
    await project.changes("start")
    await town.answers_bells()
    assert await town.value("select state from batch where id = $1", batch) == "running"
    await amina.texts("WORK")
    await amina.texts("1")
    await project.changes("cancel")
    await town.answers_bells()
    # What workers hold they may still answer (decision 0089). The rest of the money is back.
    await lapses(town)
    shown = await project.shows()
    assert (shown["state"], shown["stages"][0]["state"]) == ("cancelled", "cancelled")
    assert await town.client.available_minor() == before - shown["money"]["spent_minor"]
    assert (await project.asks("POST", "/start")).status_code == 409
    assert len(await project.rows()) == 4, "what is there can be read"
    await town.has_right_books()


def killed_at(monkeypatch, module, point):
    def reach(name):
        if name == point:
            raise Killed

    monkeypatch.setattr(module, "reach", reach)


@pytest.mark.parametrize("point", ["project.filled", "project.begun"])
async def test_a_killed_process_neither_loses_nor_doubles_a_stage(town, monkeypatch, point):
    people = await crowd(town, "amina", "brian", "chege", "dina")
    project = await makes_project(
        town.client, "transcribe-text", "One is here.\n\nTwo is there.", check="always"
    )
    await project.changes("start")
    town.jobs.take()
    for _ in range(3):
        killed_at(monkeypatch, advance_step, point)
        with pytest.raises(Killed):
            await advance_projects(town.rt)
        monkeypatch.undo()
        await town.ticks()
        await round_of_work(
            town, people, lambda text, kind: text if kind != "verification" else "2"
        )
        await close(town.rt)
    await town.ticks()
    assert (await project.shows())["state"] == "done"
    assert (
        await town.value(
            "select max(n) from (select count(*) n from task group by batch_id, name) x"
        )
        == 1
    )
    assert await town.count("batch") == 3
    assert await pending_projects(town.rt.db, town.clock.now()) == []
    await town.has_right_books()


async def test_a_start_that_is_killed_after_its_commit_is_continued_by_the_ticker(
    town, monkeypatch
):
    await crowd(town, "amina", "brian")
    project = await makes_project(town.client, "check-list", SHOPS, question="Is {name} open?")
    killed_at(monkeypatch, start_step, "project.started")
    with pytest.raises(Killed):
        await start_step.start_project(town.rt, town.client.id, project.id)
    monkeypatch.undo()
    assert (await project.shows())["state"] == "running"
    assert await project.states() == {"check": "waiting"}
    await town.ticks()
    assert await project.states() == {"check": "running"}
    await town.has_right_books()


async def test_two_processes_that_advance_at_once_make_every_stage_once(town):
    people = await crowd(town, "amina", "brian", "chege", "dina")
    project = await makes_project(
        town.client, "transcribe-text", "One is here.\n\nTwo is there.", check="always"
    )
    await project.changes("start")
    town.jobs.take()
    for _ in range(3):
        await asyncio.gather(*(advance_projects(town.rt) for _ in range(3)))
        await advance_projects(town.rt)
        await round_of_work(
            town, people, lambda text, kind: text if kind != "verification" else "2"
        )
        await close(town.rt)
    await advance_projects(town.rt)
    assert (await project.shows())["state"] == "done"
    assert (await project.shows())["waits"] is None
    assert await town.count("task") == 6
    assert await project.result(format="text") == "One is here.\n\nTwo is there."


async def test_a_project_that_cannot_go_on_says_why_and_goes_on_when_it_can(town, configure):
    await crowd(town, "amina", "brian", "chege")
    project = await makes_project(town.client, "check-list", SHOPS, question="Is {name} open?")
    await project.changes("start")
    town.jobs.take()
    usual = town.rt.settings.fair_pay
    floor = LivingWage(
        currency="KES", per_hour=Decimal(100_000), source="a test", date=date(2026, 11, 30)
    )
    configure(fair_pay=usual.model_copy(update={"floors": {"KE": floor}}))
    quote = (await project.asks("GET", "/quote")).json()
    assert quote["stages"][0]["below_floor"]
    await town.ticks()
    shown = await project.shows()
    assert (shown["state"], shown["stages"][0]["state"]) == ("running", "waiting")
    assert "living-wage floor of KE" in shown["waits"]

    configure(fair_pay=usual)
    await town.ticks()
    assert (await project.shows())["waits"], "it is not tried again in the same minute"
    await town.ticks(minutes=2)
    shown = await project.shows()
    assert (shown["waits"], shown["stages"][0]["state"]) == (None, "running")

    configure(fair_pay=usual.model_copy(update={"floors": {"KE": floor}}))
    other = await makes_project(town.client, "check-list", SHOPS, question="Is {name} open?")
    refused = await other.asks("POST", "/start")
    assert refused.status_code == 422
    assert "living-wage floor" in refused.json()["detail"]


async def test_cancelling_gives_back_the_money_of_stages_that_have_not_begun(town):
    await crowd(town, "amina", "brian")
    before = await town.client.available_minor()
    project = await makes_project(town.client, "translate-text", TEXT, language="Kiswahili")
    started = await project.changes("start")
    account = (await town.client.asks("GET", "/account")).json()
    assert account["reserved_minor"] == started["money"]["reserved_minor"]
    assert account["available_minor"] == before - account["reserved_minor"]
    await town.answers_bells()
    await project.changes("cancel")
    await town.answers_bells()
    await lapses(town)
    assert set((await project.states()).values()) == {"cancelled"}
    assert await town.client.available_minor() == before
    assert (await project.result(format="text")).count("[...]") == len(await project.rows())


async def test_a_file_may_be_a_spreadsheet_in_a_form(town):
    book = openpyxl.Workbook()
    for row in (("name", "opened"), ("Mama Njeri", 1998), (None, None), ("Toi", 2001)):
        book.active.append(row)
    file = io.BytesIO()
    book.save(file)
    order = {"recipe": "check-list", "name": "A", "price": "3.00"}
    order["parameters"] = {"question": "Did {name} open in {opened}?"}
    made = await town.client.asks("POST", "/projects", json=order)
    project = Project(town.client, made.json()["id"])
    sent = await project.asks("POST", "/file", files={"file": ("shops.xlsx", file.getvalue())})
    assert sent.status_code == 200, sent.text
    assert sent.json()["parts"] == 3


@pytest.mark.parametrize(
    ("parameters", "field"),
    [
        ({"question": "a\0b {text}"}, "parameters.question"),
        ({"question": "\ud800 {text}"}, "parameters.question"),
        ({"question": 7}, "parameters.question"),
        ({"languages": ["xx"]}, "parameters.languages"),
        ({"languages": "sw"}, "parameters.languages"),
        ({"gold_rate": 2}, "parameters.gold_rate"),
        ({"check": "always"}, "parameters.check"),
        ({"check": "perhaps"}, "parameters.check"),
    ],
)
async def test_a_parameter_is_refused_by_name(town, parameters, field):
    order = {"recipe": "check-list", "name": "A", "price": "3.00", "parameters": parameters}
    body = json.dumps(order)
    headers = {"Content-Type": "application/json"}
    made = await town.client.asks("POST", "/projects", content=body, headers=headers)
    if made.status_code == 201:
        project = Project(town.client, made.json()["id"])
        made = await project.asks("PUT", "/file", content=b"text\nA?\n")
    assert made.status_code in (400, 422), made.text
    if made.status_code == 422:
        assert made.json()["errors"][0]["field"] == field


async def test_the_recipes_are_listed_and_an_operators_file_takes_the_place_of_a_shipped_one(
    town, tmp_path, monkeypatch
):
    listed = (await town.client.asks("GET", "/recipes")).json()
    assert [one["name"] for one in listed] == sorted(path.stem for path in shipped().glob("*.toml"))
    (tmp_path / "config" / "recipes").mkdir(parents=True)
    own = (shipped() / "check-list.toml").read_text().replace("Check a list", "Our list")
    (tmp_path / "config" / "recipes" / "check-list.toml").write_text(own)
    (tmp_path / "config" / "recipes" / "wrong.toml").write_text("title = 1")
    monkeypatch.chdir(tmp_path)
    again = {one["name"]: one for one in (await town.client.asks("GET", "/recipes")).json()}
    assert again["check-list"]["title"] == "Our list"
    assert set(again) == {one["name"] for one in listed}, "a wrong file hides no other recipe"
    checked = CliRunner().invoke(app, ["recipes", "check"])
    assert checked.exit_code == 1
    assert "wrong.toml: recipe wrong, split: the section [split] is missing" in checked.stdout


async def test_what_a_worker_types_does_nothing_in_a_spreadsheet_or_a_browser(town):
    people = await crowd(town, "amina")
    project = await makes_project(
        town.client, "transcribe-text", "One is here.", check="never", policy="fixed:1"
    )
    await project.changes("start")
    await town.answers_bells()
    evil = "=1+1 <script>alert(1)</script>"
    await all_work(town, people, lambda *_: evil)
    (row,) = await project.rows()
    assert row["result"] == f"'{evil}"
    (row,) = await project.rows(raw=True)
    assert row["result"] == evil
    report = await project.asks("GET", "/report")
    assert "<script>" not in report.text
    assert "&lt;script&gt;" in report.text
    assert report.headers["content-security-policy"].startswith("default-src 'none'")


async def test_another_client_sees_and_changes_nothing_of_a_project(town):
    project = await makes_project(town.client, "check-list", SHOPS, question="Is {name} open?")
    other = Project(await town.new_client("Other", 100_000), project.id)
    for method, path in (
        ("GET", ""),
        ("GET", "/quote"),
        ("GET", "/result"),
        ("GET", "/report"),
        ("PUT", "/file"),
        ("POST", "/start"),
        ("POST", "/pause"),
        ("POST", "/cancel"),
    ):
        answer = await other.asks(
            method, path, **({"content": b"text\nA?\n"} if path == "/file" else {})
        )
        assert answer.status_code == 404, path
    assert (await project.shows())["state"] == "draft"


@pytest.mark.parametrize("has_file", [False, True])
async def test_a_project_that_was_cancelled_before_its_start_has_no_result(town, has_file):
    order = {"recipe": "check-list", "name": "A", "price": "3.00", "parameters": {"question": "Is {name} open?"}}  # fmt: skip
    made = await town.client.asks("POST", "/projects", json=order)
    project = Project(town.client, made.json()["id"])
    if has_file:
        assert (await project.asks("PUT", "/file", content=SHOPS.encode())).status_code == 200
    await project.changes("cancel")
    for path in ("/result", "/report", "/result?partial=true", "/result?format=text"):
        answer = await project.asks("GET", path)
        assert answer.status_code == 409, (path, answer.text)
        assert "before it started" in answer.json()["detail"]
