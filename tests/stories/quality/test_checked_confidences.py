"""A confidence that no gold has checked says so, wherever a client reads it; and ties are told."""

import csv
import io
import json
from pathlib import Path
from typing import Any

from gateway import console
from gateway.cli.formatting import say_moved
from gateway.cli.quality.explain import _checked
from gateway.cli.quality.review import _sure
from gateway.steps.quality.confidences import in_words, sure_of
from gateway.steps.quality.task_history import task_story
from gateway.store.batches import reviews
from gateway.store.ledger import traces


async def answered(town, *people, keys="1", questions=1):
    for person in people:
        await person.texts("WORK")
        for _ in range(questions):
            await person.texts(keys)
    await town.ticks()


async def test_without_gold_confidences_are_unchecked_everywhere(town):
    amina, brian = await town.enrols("amina"), await town.enrols("brian")
    batch = await town.posts_batch("Is it open?", policy="fixed:2")
    await answered(town, amina, brian)
    shown = await batch.shows()
    assert (shown["state"], shown["confidence_checked"], shown["gold_answered"]) == (
        "done",
        False,
        0,
    )
    result = (await batch.results())["t1"]
    assert result["confidence"] > 0.5
    assert (result["confidence_checked"], result["checked_with_gold"]) == (False, 0)
    path = f"/batches/{batch.id}/results?format="
    (line,) = (await town.client.asks("GET", f"{path}jsonl")).text.splitlines()
    assert json.loads(line) == result
    (row,) = csv.DictReader(io.StringIO((await town.client.asks("GET", f"{path}csv")).text))
    assert (row["confidence_checked"], row["checked_with_gold"], row["tied"]) == (
        "false",
        "0",
        "false",
    )
    story = await task_story(town.rt, batch.id, "t1")
    assert story["confidence_checked"] is False
    assert _checked(story) == ", not checked with gold"
    told = (await town.client.asks("GET", f"/batches/{batch.id}/tasks/t1/decision")).json()
    assert told["confidence_checked"] is False


async def test_gold_checks_them_when_the_batch_closes(town):
    amina, brian = await town.enrols("amina"), await town.enrols("brian")
    gold = [{"id": f"g{n}", "text": f"Is {n} a number?", "gold": "yes"} for n in range(3)]
    batch = await town.posts_batch(
        "Is it open?", "Is it clean?", tasks=gold, policy="fixed:2", gold_rate=0.5, entry_gold=3
    )
    for person, answers in ((amina, 5), (brian, 4)):
        await person.texts("WORK")
        for _ in range(answers):
            await person.texts("1")
    running = await batch.shows()
    assert running["state"] == "running"
    assert running["gold_answered"] == 3
    assert running["confidence_checked"] is False
    decided = [r for r in (await batch.results()).values() if r["state"] == "decided"]
    assert decided
    assert {r["confidence_checked"] for r in decided} == {False}, "nothing was compared yet"
    await brian.texts("1")
    await town.ticks()
    shown = await batch.shows()
    assert (shown["state"], shown["confidence_checked"]) == ("done", True)
    result = (await batch.results())["t1"]
    assert (result["confidence_checked"], result["checked_with_gold"]) == (True, 3)
    assert _checked(await task_story(town.rt, batch.id, "t1")) == ", checked with 3 gold tasks"


async def proof_of(town, batch) -> list[dict[str, str]]:
    answer = await town.client.asks("GET", f"/batches/{batch.id}/proof.csv")
    return list(csv.DictReader(io.StringIO(answer.text)))


async def test_the_proof_says_how_sure_each_decision_is_and_whether_gold_checked_it(town):
    amina, brian = await town.enrols("amina"), await town.enrols("brian")
    batch = await town.posts_batch("Is it open?", policy="fixed:2")
    for person in (amina, brian):
        await person.texts("WORK")
    await amina.texts("1")
    (row,) = await proof_of(town, batch)
    assert [row[name] for name in ("state", "value", "confidence", "confidence_checked")] == [
        "open",
        "",
        "",
        "",
    ]
    await brian.texts("1")
    await town.ticks()
    result = (await batch.results())["t1"]
    rows = await proof_of(town, batch)
    assert len(rows) == 2
    for row in rows:
        assert (row["state"], row["value"]) == ("decided", "yes")
        assert float(row["confidence"]) == result["confidence"]
        assert (row["confidence_checked"], row["checked_with_gold"]) == ("false", "0")
    assert list(rows[0])[:2] == ["task", "answer"], "columns of before keep their places"


async def test_the_trace_of_a_payout_says_it_too(town):
    amina, brian = await town.enrols("amina"), await town.enrols("brian")
    batch = await town.posts_batch("Is it open?", policy="fixed:2", price="20.00")
    await answered(town, amina, brian)
    await amina.texts("PAY 20")
    await town.pays_out()
    links = await traces.of_payout(town.rt.db, await town.value("select ref from payout"))
    (sure,) = await sure_of(town.rt, [link.answer for link in links])
    result = (await batch.results())["t1"]
    assert sure == {
        "confidence": result["confidence"],
        "confidence_checked": False,
        "checked_with_gold": 0,
    }
    said = f" at {sure['confidence']}{in_words(sure)}"
    assert f"decided by auto at {result['confidence']}, not checked with gold ->" in traces.trace_line(links[0], said)  # fmt: skip


async def test_the_list_of_tasks_in_doubt_marks_them_for_readers_and_for_programs(town):
    amina, brian = await town.enrols("amina"), await town.enrols("brian")
    batch = await town.posts_batch("Is it open?", policy="fixed:2")
    for person, key in ((amina, "1"), (brian, "2")):
        await person.texts("WORK")
        await person.texts(key)
    (row,) = await reviews.tasks_in_review(town.rt.db, batch.id)
    assert _sure(row)["confidence_checked"] is False
    assert in_words(_sure(row)) == ", not checked with gold"


def test_a_correction_says_whether_gold_checked_what_it_found(capsys) -> None:
    one = {"task": "t1", "was": "no", "becomes": "yes", "confidence": 0.91}
    moved: dict[str, Any] = {"moved": [], "back": []}
    say_moved(moved | {"decisions": [one | {"confidence_checked": False, "checked_with_gold": 0}]})
    say_moved(moved | {"decisions": [one | {"confidence_checked": True, "checked_with_gold": 9}]})
    unchecked, known = capsys.readouterr().out.splitlines()
    assert unchecked.endswith("t1: no -> yes (0.91, not checked with gold)")
    assert known.endswith("t1: no -> yes (0.91, checked with 9 gold tasks)")


def unmarked(told: object, path: str = "") -> list[str]:
    """Return where a confidence of a result stands without its mark.

    Single judgements are no results.
    """
    if isinstance(told, list):
        return [place for one in told for place in unmarked(one, f"{path}[]")]
    if not isinstance(told, dict):
        return []
    places = [place for name, one in told.items() for place in unmarked(one, f"{path}.{name}")]
    return places if "confidence" not in told or "confidence_checked" in told else [*places, path]


async def test_no_answer_of_the_api_tells_a_results_confidence_without_its_mark(town):
    amina, brian = await town.enrols("amina"), await town.enrols("brian")
    batch = await town.posts_batch("Is it open?", policy="fixed:2")
    await answered(town, amina, brian)
    for path in ("", "/results", "/tasks/t1/decision", "/rules"):
        told = (await town.client.asks("GET", f"/batches/{batch.id}{path}")).json()
        places = [
            place for place in unmarked(told) if not place.startswith((".answers", ".used[].data"))
        ]
        assert places == [], path


def test_a_page_that_shows_a_confidence_shows_its_mark() -> None:
    pages = [
        path
        for path in Path(console.__file__).parent.rglob("*.*")
        if path.suffix in (".html", ".js", ".py")
    ]
    assert len(pages) > 5
    texts = {path.name: path.read_text(encoding="utf-8") for path in pages}
    assert [n for n, text in texts.items() if "confidence" in text and "checked" not in text] == []


async def test_a_persons_word_is_no_estimate(town):
    amina, brian = await town.enrols("amina"), await town.enrols("brian")
    batch = await town.posts_batch("Is it open?", policy="fixed:2")
    for person, key in ((amina, "1"), (brian, "2")):
        await person.texts("WORK")
        await person.texts(key)
    result = (await batch.results())["t1"]
    assert (result["state"] in ("review", "ambiguous"), result["tied"]) == (True, True)
    path = f"/batches/{batch.id}/tasks/t1/decision"
    said = await town.client.asks("POST", path, json={"value": "yes", "by": "Wanjiku"})
    assert said.status_code == 200, said.text
    result = (await batch.results())["t1"]
    assert (result["value"], result["rule"], result["confidence_checked"]) == (
        "yes",
        "person",
        None,
    )
    assert result["tied"] is True, "what the answers said stays visible"
    (row,) = csv.DictReader(
        io.StringIO((await town.client.asks("GET", f"/batches/{batch.id}/results?format=csv")).text)
    )
    assert (row["confidence_checked"], row["tied"]) == ("", "true")


async def test_ties_of_typed_texts_know_near_equal_ones(town):
    people = [await town.enrols(name) for name in ("amina", "brian", "chege", "dora")]
    batch = await town.posts_batch("line 1", kind="transcription", policy="fixed:4")
    for person, words in zip(
        people, ("Mama Njeri", "mama njeri.", "Baba Otieno", "Kiosk"), strict=True
    ):
        await person.texts("WORK")
        await person.texts(words)
    assert (await batch.results())["t1"]["tied"] is False
    batch = await town.posts_batch("line 2", kind="transcription", policy="fixed:2")
    for person, words in zip(people[:2], ("Mama Njeri", "Baba Otieno"), strict=True):
        await person.texts("WORK")
        await person.texts(words)
    assert (await batch.results())["t1"]["tied"] is True


async def test_a_single_typed_answer_is_never_certain(town):
    amina = await town.enrols("amina")
    batch = await town.posts_batch("line 1", kind="transcription")
    await amina.texts("WORK")
    await amina.texts("Mama Njeri")
    live = (await batch.results())["t1"]
    assert live["answers"] == 1
    assert 0.5 < live["confidence"] <= 0.8
    await town.ticks()
    closed = (await batch.results())["t1"]
    assert 0.3 < closed["confidence"] <= 0.8
    assert closed["confidence_checked"] is False


async def test_it_is_described_to_clients(town):
    document = (await town.http.get("/openapi.json")).json()
    fields = document["components"]["schemas"]["ResultOut"]["properties"]
    assert {"confidence_checked", "checked_with_gold", "tied"} <= fields.keys()
    assert "gold" in fields["confidence_checked"]["description"]
    assert "confidence_checked" in document["components"]["schemas"]["BatchOut"]["properties"]
