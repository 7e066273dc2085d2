"""Several questions in one SMS, one short reply.

Clear answers are counted at once, the rest is asked again.
"""

import re
from dataclasses import replace

import pytest

from gateway.gsm.segments import segments
from gateway.settings import Tariff
from gateway.sms.prices import PriceList

HEADLINES = ("Clinic opens in Kibera", "Bus falls into river", "Rain expected on Sunday", "Team wins the cup",
             "Fire in the market", "School gets books", "Road closed for works", "Prices of maize rise")  # fmt: skip
SHORT = ("Rain", "Fire", "Cup won", "Road shut")
NEWS = {
    "kind": "categorisation",
    "options": ["good", "bad", "neutral"],
    "instructions": "What news is it?",
    "pack": "auto",
    "rotate": False,
}


@pytest.fixture
async def amina(town):
    return await town.enrols("amina")


async def asked(town, person):
    """The tasks she holds by number, and the text of each."""
    rows = await town.rt.db.rows(
        """select a.item, t.name, t.text from assignment a join task t on t.id = a.task_id
           join worker w on w.id = a.worker_id where w.msisdn_index = $1 and a.state = 'held' order by a.item""",
        person.index,
    )
    return {row["item"]: row["name"] for row in rows}


async def test_one_reply_answers_several_questions_and_each_earns(town, amina):
    batch = await town.posts_batch(*HEADLINES, **NEWS)
    prompt = await amina.texts("WORK")
    first = await asked(town, amina)
    assert len(first) >= 5, "one at a time costs more"
    assert list(first) == list(range(1, len(first) + 1))
    assert "A good B bad C neutral" in prompt
    assert prompt.count("What news is it?") == 1
    reply = await amina.texts(" ".join(f"{n}{'ABC'[n % 3]}" for n in first))
    assert f"Saved {len(first)}: +KES {3 * len(first)}." in reply
    answers = dict(await amina.answers())
    assert answers == {name: ("good", "bad", "neutral")[n % 3] for n, name in first.items()}
    assert await amina.balance_minor() == 300 * len(first)
    second = await asked(town, amina)
    assert len(first) + len(second) == len(HEADLINES)
    if len(second) > 1:
        assert min(second) == max(first) + 1, "a late reply to the first must not answer the second"
    await town.has_right_books()
    assert (await batch.shows())["progress"]["answers"] == len(first)


async def test_what_is_not_clear_is_asked_again_in_the_same_message(town, amina):
    await town.posts_batch(*SHORT, **NEWS)
    await amina.texts("WORK")
    items = await asked(town, amina)
    assert len(items) == 4
    reply = await amina.texts("1A 2 maybe\n3AB, 4c")
    assert reply.startswith("Saved 2: +KES 6. Total KES 6. Not clear: 2 3.")
    texts = dict(zip(("t1", "t2", "t3", "t4"), SHORT, strict=True))
    assert f"2) {texts[items[2]]}" in reply
    assert f"3) {texts[items[3]]}" in reply
    assert texts[items[1]] not in reply
    assert await asked(town, amina) == {2: items[2], 3: items[3]}
    assert (await amina.texts("bad good")).startswith("Saved 2: +KES 6. Total KES 12.")
    assert dict(await amina.answers())[items[2]] == "bad"
    await town.has_right_books()


async def test_a_reply_that_comes_twice_counts_once_and_she_is_told(town, amina):
    await town.posts_batch(*HEADLINES, *(f"{h} again" for h in HEADLINES), **NEWS)
    await amina.texts("WORK")
    first = await asked(town, amina)
    words = " ".join(f"{n}A" for n in first)
    await amina.texts(words)
    second = await asked(town, amina)
    again = await amina.texts(words)
    assert again == f"Counted before: {' '.join(map(str, first))}."
    assert await asked(town, amina) == second
    assert len(await amina.answers()) == len(first)
    assert (await amina.texts(" ".join(f"{n}B" for n in second))).startswith("Saved ")
    await town.has_right_books()


async def test_leaving_one_out_and_leaving_all_out(town, amina):
    await town.posts_batch(*SHORT, **NEWS)
    await amina.texts("WORK")
    items = await asked(town, amina)
    assert (await amina.texts("1A 2- 3B")).startswith("Saved 2: +KES 6. Total KES 6. Skipped.\n")
    assert await asked(town, amina) == {4: items[4]}
    assert (
        await amina.texts("SKIP") == "Skipped. No questions now. We text you when there are some."
    )
    assert await amina.texts("WORK") == "No questions now. We text you when there are some."
    await town.has_right_books()


@pytest.mark.parametrize(
    "unread", ["1 2 3", "hello", "A", "good", "1", "AB", "1 A 2", "123", "not sure about 1"]
)
async def test_after_an_unclear_reply_one_question_comes_by_itself(town, amina, unread):
    await town.posts_batch(*SHORT[:3], **NEWS)
    await amina.texts("WORK")
    first = (await asked(town, amina))[1]
    text = (await town.rt.db.row("select text from task where name = $1", first))["text"]
    assert await amina.texts(unread) == (
        "Sorry, we did not understand. Let us take one question at a time:\n"
        f"What news is it?\n{text}\n1 good 2 bad 3 neutral\nReply with one number, or SKIP."
    )
    assert await amina.answers() == []
    assert await asked(town, amina) == {None: first}, "the others are free for other workers"
    assert "Saved +KES 3" in await amina.texts("2")
    assert await amina.values() == ["bad"]
    assert len(await asked(town, amina)) == 1, "and the next comes by itself too"
    await town.has_right_books()


async def test_questions_of_a_pack_that_come_one_at_a_time_are_answered_by_their_numbers(
    town, amina
):
    """A question that was asked by itself must be answered by itself.

    The number that it had before does not matter.
    """
    await town.posts_batch(*SHORT, **NEWS)
    await amina.texts("WORK")
    assert len(await asked(town, amina)) == 4
    await amina.texts("hello")
    for total in (3, 6, 9, 12):
        reply = await amina.texts("1")
        assert reply.startswith(f"Saved +KES 3. Total KES {total}."), reply
    await town.has_right_books()


async def test_letters_alone_answer_in_the_order_shown_when_numbers_begin_again(town, amina):
    """Numbers go up to 27.

    A question that is left of the message before keeps its number beside 1 and 2.
    """
    texts = [f"News {n}" for n in range(40)]
    batch = await town.posts_batch(*texts, **NEWS)
    reply, meant, began_again = await amina.texts("WORK"), dict[str, str](), False
    for _ in range(60):
        shown = re.findall(r"^(\d+)\) (.*)$", reply, re.MULTILINE)
        if not shown:
            break
        numbers = [int(number) for number, _ in shown]
        began_again = began_again or (min(numbers) < 9 < max(numbers) and max(numbers) > 20)
        letters = ["ABC"[len(text) * 7 % 3] if int(n) % 2 else "ABC"[int(text[5:]) % 3] for n, text in shown]  # fmt: skip
        answered = list(zip(shown, letters, strict=True))
        if max(numbers) > 18 and len(numbers) > 1 and not began_again:
            answered = answered[:-1]  # the last one waits for the next message
            words = " ".join(f"{n}{letter}" for (n, _), letter in answered)
        else:
            words = " ".join(letters)
        meant |= {text: {"A": "good", "B": "bad", "C": "neutral"}[letter] for (_, text), letter in answered}  # fmt: skip
        reply = await amina.texts(words)
        assert reply.startswith("Saved "), reply
    assert began_again, "a high number stood beside low ones"
    stored = await town.rt.db.rows("select t.text, a.value from answer a join task t on t.id = a.task_id where t.batch_id = $1", batch.id)  # fmt: skip
    assert {row["text"]: row["value"] for row in stored} == meant


async def test_numbers_named_after_all_count_and_the_open_question_comes_again(town, amina):
    """She answers all of the message before, though one question was asked by itself since then."""
    await town.posts_batch(*SHORT[:3], **NEWS)
    await amina.texts("WORK")
    first = await asked(town, amina)
    await amina.texts("hello")
    reply = await amina.texts(" ".join(f"{n}A" for n in first))
    assert reply.startswith("Saved 2: +KES 6. Total KES 6.\n")
    assert dict(zip(("t1", "t2", "t3"), SHORT, strict=False))[first[1]] in reply
    assert "1 good 2 bad" in reply
    assert "Saved +KES 3. Total KES 9." in await amina.texts("1")
    await town.has_right_books()


async def test_packs_grow_with_a_workers_own_success(town):
    amina = await town.enrols("amina", new=True)
    await town.posts_batch(*HEADLINES, *(f"News {n}" for n in range(30)), **NEWS)
    reply, sizes = await amina.texts("WORK"), list[int]()
    for turn in range(7):
        items = await asked(town, amina)
        sizes.append(len(items))
        if turn < 3:
            assert "Reply " in reply, "the first three say how to reply"
        said = "1" if None in items else " ".join(f"{n}A" for n in items)
        reply = await amina.texts(said)
        assert "Saved" in reply
    assert sizes[:4] == [1, 1, 1, 2]
    assert sizes == sorted(sizes)
    assert sizes[-1] >= 4
    await amina.texts("what is this")
    assert len(await asked(town, amina)) == 1


async def test_the_same_questions_by_sms_and_ussd_count_once(town, amina):
    await town.posts_batch(*SHORT, **NEWS)
    await amina.texts("WORK")
    items = await asked(town, amina)
    await amina.dials("1")
    assert "Saved" in await amina.presses("2")
    ((done, value),) = await amina.answers()
    assert value == "bad"
    (number,) = [n for n, name in items.items() if name == done]
    left = [n for n in items if n != number]
    reply = await amina.texts(" ".join(f"{n}A" for n in items))
    assert reply.startswith(f"Saved {len(left)}: +KES {3 * len(left)}. Total KES 12.")
    assert f"Counted before: {number}." in reply
    assert len(await amina.answers()) == 4
    await town.has_right_books()


async def test_by_ussd_she_gets_them_one_by_one(town, amina):
    await town.posts_batch(*SHORT, **NEWS)
    await amina.texts("WORK")
    screen = await amina.dials("1")
    for _ in range(3):
        assert "1 good" in screen
        screen = await amina.presses("1")
        assert "Saved" in screen
    assert "No more work now" in await amina.presses("1")
    assert len(await amina.answers()) == 4
    assert await asked(town, amina) == {}
    await town.has_right_books()


async def test_one_at_a_time_where_the_client_wants_that(town, amina):
    await town.posts_batch(*SHORT[:3], **{**NEWS, "pack": "off"})
    assert "1 good 2 bad 3 neutral" in await amina.texts("WORK")
    assert "Saved +KES 3." in await amina.texts("1")


async def test_at_most_as_many_as_the_client_wants(town, amina):
    batch = await town.posts_batch(*HEADLINES, **{**NEWS, "pack": 2})
    assert (await batch.shows())["pack_max"] == 2
    await amina.texts("WORK")
    assert len(await asked(town, amina)) == 2


async def test_typed_texts_are_never_packed(town, amina):
    batch = await town.posts_batch("recording 1", "recording 2", kind="transcription", pack="auto")
    assert (await batch.shows())["pack_max"] == 1
    await amina.texts("WORK")
    assert "Is that your whole answer? Then send: ANSWER 1a 2b" in await amina.texts("1a 2b")
    assert await amina.answers() == []
    assert "Saved" in await amina.texts("what I heard")


async def test_a_late_reply_is_told_which_questions_counted(town, amina):
    brian = await town.enrols("brian")
    await town.posts_batch(*SHORT[:3], **NEWS, lease_s=600)
    await amina.texts("WORK")
    items = await asked(town, amina)
    town.clock.advance(minutes=11)
    await town.rt.db.execute(
        "select release_task(id, 'expired') from assignment where state = 'held' order by task_id"
    )
    await brian.texts("WORK")
    theirs = await asked(town, brian)
    (mine,) = [n for n, name in theirs.items() if name == items[2]]
    await brian.texts(f"{mine}A")
    reply = await amina.texts("1A 2B 3C")
    assert "Closed, not counted" in reply
    assert "2" in reply.split("not counted: ")[1].split(".")[0].split()
    assert items[2] not in dict(await amina.answers())
    await town.has_right_books()


async def test_a_question_that_is_pushed_comes_with_others(town, amina):
    await town.posts_batch(*SHORT, **NEWS)
    await town.ticks()
    assert "1) " in (await amina.messages())[-1]
    assert "Reply like 1A 2B" in (await amina.messages())[-1]
    assert (await amina.texts("acba")).startswith("Saved 4")


async def test_work_is_shared_and_never_asked_of_too_many(town, amina):
    brian = await town.enrols("brian")
    await town.posts_batch(*HEADLINES, **NEWS)
    await amina.texts("WORK")
    await brian.texts("WORK")
    hers, his = await asked(town, amina), await asked(town, brian)
    assert not set(hers.values()) & set(his.values())
    assert set(hers.values()) | set(his.values()) == {f"t{n}" for n in range(1, 9)}
    await amina.texts(" ".join(f"{n}A" for n in hers))
    await brian.texts(" ".join(f"{n}B" for n in his))
    assert not await town.count("task", "answered > wanted or state = 'open'")
    await town.has_right_books()


@pytest.mark.parametrize(("reply", "asked_at_once"), [("0", "few"), ("8.00", "many")])
async def test_how_many_questions_depends_on_what_her_reply_costs(
    town, amina, reply, asked_at_once
):
    kenya = Tariff.model_validate({"currency": "KES", "segment": "0.80", "reply": reply})
    road = town.rt.channels["phone"]
    town.rt.channels["phone"] = replace(road, prices=PriceList({"KE": kenya}))
    try:
        # All have one length: each worker has an order of her own.
        await town.posts_batch(*(f"Headline {n}" for n in range(1, 10)), **NEWS)
        prompt = await amina.texts("WORK")
    finally:
        town.rt.channels["phone"] = road
    assert segments(prompt) == (1 if asked_at_once == "few" else 2)
