# pyright: basic
"""Results in doubt are decided by a person; every result can tell its story.

Thumbs that do not read are found.
"""

import pytest

from gateway.steps.quality.detect_cheating import watch
from gateway.steps.quality.reestimate import relearn

OPTIONS = ["shop", "house", "school", "clinic"]


async def in_review(town):
    people = [await town.enrols(f"p{n}") for n in range(7)]
    batch = await town.posts_batch("Is it open?", policy="dynamic", confidence=0.99)
    for place, person in enumerate(people):
        if "Is it open?" in await person.texts("WORK"):
            await person.texts("12"[place % 2])
    return batch


async def test_a_person_decides_what_stayed_in_doubt_and_her_word_stands(town):
    batch = await in_review(town)
    result = (await batch.results())["t1"]
    assert result["state"] in ("review", "ambiguous")
    path = f"/batches/{batch.id}/tasks/t1/decision"
    decided = await town.client.asks("POST", path, json={"value": "No", "by": "Wanjiku"})
    assert decided.status_code == 200, decided.text
    await town.ticks()
    result = (await batch.results())["t1"]
    assert (result["state"], result["value"], result["rule"]) == ("decided", "no", "person")
    again = await town.client.asks("POST", path, json={"value": "yes", "by": "Wanjiku"})
    assert again.status_code == 409, "once decided, it is decided"


async def test_a_question_without_a_single_answer_is_told_so(town):
    batch = await in_review(town)
    await town.rt.db.execute("update task set rule = 'ambiguous'")
    assert (await batch.results())["t1"]["state"] == "ambiguous"
    await town.ticks()
    assert (await batch.results())["t1"]["state"] == "ambiguous", "closing does not hide it"


async def test_a_result_tells_its_story(town):
    batch = await in_review(town)
    story = (await town.client.asks("GET", f"/batches/{batch.id}/tasks/t1/decision")).json()
    assert [one["value"] for one in story["answers"]] == ["yes", "no"] * 3 + ["yes"]
    assert [one["verdict"] for one in story["answers"]][:3] == ["ask_more"] * 3
    assert story["answers"][0]["confidence"] is None, "a second answer was wanted anyway"
    assert story["answers"][-1]["verdict"] in ("review", "ambiguous")
    assert {one["became"] for one in story["asked"]} == {"answered"}
    assert all(one["paid_minor"] == 300 and one["said"] in "12" for one in story["answers"])


async def test_the_story_tells_the_skills_of_then_and_not_of_today(town):
    batch = await in_review(town)
    path = f"/batches/{batch.id}/tasks/t1/decision"
    told = (await town.client.asks("GET", path)).json()["answers"]
    await town.ticks()
    await town.rt.db.execute(
        """insert into skill (worker_id, kind, "right", wrong, learned_at)
             select w.id, b.kind, 40, 1, now() from worker w, batch b
           on conflict (worker_id, kind) do update set "right" = 40, wrong = 1, learned_at = now()"""
    )
    later = (await town.client.asks("GET", path)).json()["answers"]
    assert later == told
    assert {one["skill_as_of"] for one in later} == {"then"}
    assert {one["skill"] for one in later} == {0.75}, "nobody knew anything of them then"
    last = later[-1]["judged"]
    assert [one["skills"] for one in last] == [[0.75] * 7]
    assert last[0]["ruling"] == later[1]["judged"][0]["ruling"]


async def test_no_client_sees_or_decides_the_tasks_of_another(town):
    batch = await in_review(town)
    other = await town.new_client("Bidco", 100_00)
    path = f"/batches/{batch.id}/tasks/t1/decision"
    assert (await other.asks("GET", path)).status_code == 404
    said = {"value": "yes", "by": "me", "reason": "because"}
    assert (
        await other.asks("POST", f"/batches/{batch.id}/gold/t1/correct", json=said)
    ).status_code == 404


async def test_the_ids_an_audience_needs_tell_nobodys_name_or_number(town):
    amina = await town.enrols("amina")
    found = (await town.client.asks("GET", "/audience")).json()
    assert found["workers"] == [
        {"id": await amina.pseudonym(), "partner": found["partners"][0]["id"], "language": "en"}
    ]
    assert found["partners"][0]["code"] == "KIBERA"


async def test_a_thumb_that_always_presses_the_same_key_is_a_finding_and_nothing_happens_to_her(
    town,
):
    people = [await town.enrols(f"p{n}") for n in range(4)]
    thumb = await town.enrols("thumb")
    texts = [f"Item {n}?" for n in range(30)]
    batch = await town.posts_batch(*texts, kind="categorisation", options=OPTIONS, policy="fixed:5")
    for person in people:
        reply = await person.texts("WORK")
        while "Item" in reply:
            number = int(reply.partition("Item ")[2].partition("?")[0])
            reply = await person.texts(OPTIONS[number % 4])
    reply = await thumb.texts("WORK")
    while "Item" in reply:
        reply = await thumb.texts("2")
    await watch(town.rt, batch.id)
    await watch(town.rt, batch.id)
    found = await town.rt.db.rows("select * from finding")
    assert {row["worker_id"] for row in found} == {await thumb.id()}
    assert {row["state"] for row in found} == {"open"}
    assert len({row["kind"] for row in found}) == len(found), "seen twice, it is written once"
    assert all("sentence" in row["evidence"] for row in found)
    assert await thumb.earned_minor() == 30 * 300
    assert (await thumb.row())["state"] == "active"


async def test_skills_are_relearned_while_the_batch_runs(town):
    """Chege is wrong where the others agree.

    The judge gives him less weight long before the batch closes.
    """
    people = [await town.enrols(name) for name in ("amina", "brian", "chege")]
    batch = await town.posts_batch(
        *(f"Task {n}?" for n in range(24)), policy="fixed:3", method="one_coin"
    )
    for person, word in zip(people, "112", strict=True):
        await person.texts("WORK")
        for _ in range(23):
            await person.texts(word)
    await town.ticks()
    assert (await batch.shows())["state"] == "running"
    assert await relearn(town.rt, batch.id) > 60
    first = await town.rt.db.rows('select worker_id, "right", wrong from skill order by worker_id')
    assert await relearn(town.rt, batch.id) > 60
    again = await town.rt.db.rows('select worker_id, "right", wrong from skill order by worker_id')
    assert [[round(v, 3) for v in row.values()] for row in again] == [
        [round(v, 3) for v in row.values()] for row in first
    ], "the whole batch's evidence replaces itself, it never adds up"
    amina, _, chege = again
    assert amina["right"] > 8 > amina["wrong"]
    assert chege["wrong"] > 8 > chege["right"]


async def test_old_evidence_is_worth_less(town):
    from gateway.qa.skills.skill import Skill

    for days in (0, 30, 90, 400):
        kept = await town.value("select kept(now() - make_interval(days => $1))", days)
        assert kept == pytest.approx(Skill(1.0, 0.0).decayed(days).right, abs=1e-5)


async def test_a_worker_who_types_the_same_in_other_letters_is_as_right(town):
    """French parts two words by an apostrophe: `l'eau` and `l eau` are one answer.

    Both workers who typed it were right.
    """
    people = [await town.enrols(name) for name in ("amina", "brian")]
    batch = await town.posts_batch(
        "Son 7", kind="transcription", instructions="Type:", policy="fixed:2", languages=["fr"]
    )
    await town.rt.db.execute("update worker set language = 'fr'")
    for person, said in zip(people, ("L'eau claire.", "l eau claire"), strict=True):
        assert "Son 7" in await person.texts("WORK")
        await person.texts(said)
    await town.ticks()
    result = (await batch.results())["t1"]
    assert result["state"] == "decided"
    rows = await town.rt.db.rows(
        'select "right", wrong from skill where kind = $1', "transcription"
    )
    assert len(rows) == 2
    assert all(row["right"] > row["wrong"] for row in rows), "neither was wrong"
