"""Review and audit of a project's stages, and the quality report of the whole project."""

import re

import pytest

from gateway.base.errors import Refused
from gateway.base.money import amount_text
from gateway.steps.batches.projects.recipes import shipped
from gateway.tasks.projects.recipe import read_recipe
from tests.stories.quality.test_five_steps import proven
from tests.support.projects import all_work, crowd, makes_project, round_of_work, works

SHOPS = "name\n" + "".join(f"Shop {number}\n" for number in range(1, 9))
AUDITED = """
[task.review]
price = 1.5
share = 0.5

[task.audit]
price = 0
half_width = 0.25
promise = 0.5
"""


@pytest.fixture
def audited_lists(tmp_path, monkeypatch):
    """An operator's recipe: the shipped one with a review, and an audit by the client's persons."""
    folder = tmp_path / "config" / "recipes"
    folder.mkdir(parents=True)
    text = (shipped() / "check-list.toml").read_text()
    (folder / "audited-list.toml").write_text(text.replace("\n[join]", f"{AUDITED}\n[join]"))
    monkeypatch.chdir(tmp_path)


async def stage_batch(project, name):
    stages = (await project.shows())["stages"]
    return next(stage["batch"] for stage in stages if stage["name"] == name)


async def audits(town, batch, wrong):
    """Judge the whole sample: "no" for the first tasks, as many as `wrong`, and else "yes"."""
    judged = 0
    while task := (await town.client.asks("GET", f"/batches/{batch}/audit/next")).json()["task"]:
        said = {"value": "no" if judged < wrong else "yes", "by": "Wanjiku"}
        answer = await town.client.asks("POST", f"/batches/{batch}/audit/tasks/{task}", json=said)
        assert answer.status_code == 200, answer.text
        judged += 1
    return judged


async def test_a_stage_is_audited_and_the_report_tells_the_error_of_the_whole(town, audited_lists):
    people = await crowd(town, "amina", "brian")
    project = await makes_project(
        town.client, "audited-list", SHOPS, question="Is {name} open?", policy="fixed:2"
    )
    quote = (await project.asks("GET", "/quote")).json()
    (stage,) = quote["stages"]
    # At most half of the 8 tasks are reviewed for 4.50 each, with one gold answer beside.
    assert (stage["checks_minor"], stage["most_minor"]) == (5 * 450, 8 * 2 * 300 + 5 * 450)
    # One task in twenty is reviewed usually, and each has a fifth of a gold answer beside.
    assert quote["expected_minor"] == 8 * 2 * 300 + round(0.05 * 8 * 1.2 * 450)
    await project.changes("start")
    await town.answers_bells()
    await all_work(town, people, lambda _text, _kind: "1")
    assert (await project.shows())["state"] == "running", "its audit goes on"
    batch = await stage_batch(project, "check")
    before = {row["step"]: row for row in await project.rows("/report", format="steps")}
    assert before["audit"]["remaining_error"] == ""

    size = await audits(town, batch, wrong=1)
    await town.answers_bells()
    await town.ticks()
    assert (await project.shows())["state"] == "done"
    assert [row["result"] for row in await project.rows()].count("no") == 1, "it is corrected"

    steps = await project.rows("/report", format="steps")
    whole = {row["step"]: row for row in steps if row["stage"] == "whole project"}
    assert f"tasks judged: {size}" in whole["audit"]["caught"]
    assert "errors found and corrected: 1" in whole["audit"]["caught"]
    assert whole["redundancy"]["cost_minor"] == str(8 * 2 * 300)
    left = (8 - size) / 8 / size
    assert float(whole["audit"]["remaining_error"]) == pytest.approx(left, abs=1e-4)
    assert float(whole["audit"]["low"]) <= left <= float(whole["audit"]["high"]) < 0.6
    own = {row["step"]: row for row in steps if row["stage"] == "check"}
    assert own["audit"]["remaining_error"] == whole["audit"]["remaining_error"]
    page = (await project.asks("GET", "/report")).text
    assert "Wrong results that remain in the whole" in page
    assert "5. Audit" in page


async def test_a_project_tells_its_whole_cost_with_reviews_and_what_its_report_tells(town):
    people = await crowd(town, "amina", "brian")
    project = await makes_project(
        town.client,
        "check-list",
        SHOPS,
        question="Is {name} open?",
        policy="fixed:2",
        review="yes",
        audit="yes",
    )
    quote = (await project.asks("GET", "/quote")).json()
    assert quote["least_minor"] < quote["expected_minor"] < quote["most_minor"]
    await project.changes("start")
    await town.answers_bells()
    for said, person in zip("12", people, strict=True):  # They differ on one shop.
        await works(town, person, lambda text, _, s=said: s if "Shop 3" in text else "1")
    others = await crowd(town, "rose", "sara", "tess")
    for name in ("rose", "sara", "tess"):
        await proven(town, name)
    for _ in range(4):
        await town.ticks()
        page = (await project.asks("GET", "/report")).text
        spent = amount_text((await project.shows())["money"]["spent_minor"], "KES")
        assert f'Cost</th><td class="n">{spent}<' in page, (
            "what an audit has set aside is not spent"
        )
        await round_of_work(town, others, lambda _text, _kind: "1")
    money = (await project.shows())["money"]
    (stage,) = (await project.shows())["stages"]
    assert stage["checks_minor"] >= 600, "reviewers were paid"
    assert money["spent_minor"] == 8 * 2 * 300 + stage["checks_minor"]
    batch = (await town.client.asks("GET", f"/batches/{stage['batch']}")).json()
    assert batch["money"]["spent_minor"] == money["spent_minor"]
    steps = await project.rows("/report", format="steps")
    whole = sum(int(row["cost_minor"] or 0) for row in steps if row["stage"] == "whole project")
    assert money["spent_minor"] == whole, "the report tells the same money"


async def test_without_an_audit_the_error_of_the_whole_is_unknown_and_names_the_stage(town):
    people = await crowd(town, "amina", "brian")
    project = await makes_project(
        town.client, "check-list", SHOPS, question="Is {name} open?", policy="fixed:2"
    )
    await project.changes("start")
    await town.answers_bells()
    await all_work(town, people, lambda _text, _kind: "1")
    assert (await project.shows())["state"] == "done"
    rows = await project.rows("/report", format="steps")
    last = rows[-1]
    assert (last["stage"], last["step"], last["remaining_error"]) == ("whole project", "audit", "")
    assert last["measured"].startswith("unknown: no audit measured check (8 results)")


async def test_a_client_orders_the_steps_of_any_recipe_and_leaves_them_out(town, audited_lists):
    words = {"question": "Is {name} open?", "policy": "fixed:2"}
    ordered = await makes_project(town.client, "check-list", SHOPS, **words, audit="yes")
    (stage,) = (await ordered.asks("GET", "/quote")).json()["stages"]
    assert stage["checks_minor"] > 0, "workers are paid to audit"
    without = await makes_project(
        town.client, "audited-list", SHOPS, **words, audit="no", review="no"
    )
    (stage,) = (await without.asks("GET", "/quote")).json()["stages"]
    assert stage["checks_minor"] == 0
    wrong = {"recipe": "check-list", "name": "x", "price": "3.00", "parameters": {"audit": "maybe"}}
    refused = await town.client.asks("POST", "/projects", json=wrong)
    assert refused.status_code == 422
    assert "yes" in refused.text


async def test_a_checked_chain_is_audited_where_its_results_come_from(town):
    people = await crowd(town, "amina", "brian", "chege", "dalia")
    text = "The market opens at six. Traders bring maize.\n\nAmina sells tomatoes."
    project = await makes_project(
        town.client, "translate-text", text, language="Kiswahili", check="always", audit="yes"
    )
    quote = (await project.asks("GET", "/quote")).json()
    audited = {stage["name"]: stage["checks_minor"] > 0 for stage in quote["stages"]}
    assert audited == {"translate": False, "translate-check": True, "translate-again": True}
    await project.changes("start")
    await town.answers_bells()
    await round_of_work(town, people, lambda _, kind: "1" if kind == "verification" else "Soko")
    steps = await project.rows("/report", format="steps")
    assert {row["stage"] for row in steps} == {*audited, "whole project"}


@pytest.mark.parametrize(
    ("added", "key"),
    [
        ("[task.review]\nprice = -1", "task.review.price"),
        ("[task.audit]\npromise = 2", "task.audit.promise"),
        ("[task.audit]\nsample = 2", "task.audit.sample"),
        ("[task]\nreview = 1", "task.review"),
    ],
)
def test_a_wrong_step_of_a_recipe_is_named(added, key):
    text = (shipped() / "check-list.toml").read_text()
    text = text.replace("[task]\n", f"{added}\n") if "[task]\n" in added else f"{text}\n{added}\n"
    with pytest.raises(Refused) as wrong:
        read_recipe("check-list", text)
    assert wrong.value.faults[0].field == key


async def test_known_rows_are_a_pool_that_goes_round_among_workers_and_teaches(town):
    people = await crowd(town, "amina", "brian", "chege", "dalia")
    known = "".join(f"Known {number},no\n" for number in range(8))
    project = await makes_project(
        town.client,
        "check-list",
        f"name,gold\n{known}Shop 1,\nShop 2,\nShop 3,\n",
        question="Is {name} open?",
        policy="fixed:4",
        gold_rate=0.5,
    )
    await project.changes("start")
    await town.answers_bells()
    met = list[str]()
    for person in people:
        asked = re.search(r"(\d)\) Is (Known \d) open", await person.texts("WORK"))
        assert asked, "her first questions have one with a known answer among them"
        met.append(asked[2])
        reply = await person.texts("1A 2A 3A 4A")
        assert "No" in reply, "she said yes, and reads what is right"
        await town.answers_bells()
    assert len(set(met)) == len(people), met
