"""A client who uploads texts that cost more than they must is told so.

The response proposes a cheaper wording; nothing is changed.
"""

import pytest

from gateway.gsm.segments import count_segments

CURLY = "It’s market day tomorrow: is the shop of Mama Njeri open, and does it sell soap?"  # noqa: RUF001
LONG = "Is it open? " * 20


async def upload(town, *texts, **given):
    batch = await town.client.drafts(**given)
    listed = [{"id": f"t{n}", "text": text} for n, text in enumerate(texts, 1)]
    answer = await town.client.asks("POST", f"/batches/{batch.id}/tasks", json=listed)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_plain_short_texts_get_no_warning(town):
    said = await upload(town, "Is it open?", "Is it [clean]?")
    assert (said["added"], said["warned"], said["warnings"]) == (2, 0, [])


async def test_a_curly_quote_is_shown_with_its_cure_and_stays_as_it_was(town):
    said = await upload(town, "Is it open?", CURLY, languages=["en"])
    assert (said["added"], said["warned"]) == (2, 1)
    (warning,) = said["warnings"]
    assert (warning["row"], warning["task"]) == (2, "t2")
    assert (warning["encoding"], warning["segments"], warning["segments_then"]) == ("UCS2", 2, 1)
    assert warning["diff"].startswith("It[’->']s market")  # noqa: RUF001
    assert not warning["loses_letters"]
    assert await town.value("select text from task where name = 't2'") == CURLY


async def test_letters_may_lose_their_marks_only_where_one_language_says_so(town):
    text = "Où est le marché de la fête de l'île près de la forêt et du château ? Même là-bas"
    french = (await upload(town, text, languages=["fr"]))["warnings"][0]
    assert french["loses_letters"]
    assert "[ê->e]" in french["diff"]
    several = (await upload(town, text, languages=["fr", "sw"]))["warnings"][0]
    assert several["text"] is None
    assert "ê" in several["kept"]


async def test_what_is_simply_long_is_told_without_a_cure(town):
    (warning,) = (await upload(town, LONG))["warnings"]
    assert warning["segments"] == count_segments(f"Is it true?\n{LONG.strip()}\n1 Yes 2 No 3 Not sure").segments == 2  # fmt: skip
    assert warning["text"] is None


@pytest.mark.parametrize("letters", ["ƙofa", "አዲስ"])
async def test_what_no_rule_may_touch_is_named(town, letters):
    (warning,) = (await upload(town, f"{letters} " * 14))["warnings"]
    assert warning["encoding"] == "UCS2"
    assert warning["text"] is None
    assert warning["kept"]


async def test_of_many_the_first_are_shown_and_all_are_counted(town):
    said = await upload(town, *(f"{LONG} {n}" for n in range(30)))
    assert said["warned"] == 30
    assert len(said["warnings"]) == 20


async def test_the_quote_tells_it_again_over_all_uploads(town):
    batch = await town.client.drafts(languages=["en"])
    for name, text in (("a", "Is it open?"), ("b", CURLY)):
        await town.client.asks("POST", f"/batches/{batch.id}/tasks", json=[{"id": name, "text": text}])  # fmt: skip
    said = (await town.client.asks("GET", f"/batches/{batch.id}/quote")).json()
    (warning,) = said["warnings"]
    assert (said["warned"], warning["row"], warning["task"]) == (1, 2, "b")
    assert (warning["segments"], warning["segments_then"]) == (2, 1)
