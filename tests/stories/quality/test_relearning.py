# pyright: basic
"""Gold teaches: what was right and why at first, and a lesson after repeated mistakes."""

from gateway.steps.quality.corrections.correct_gold import Correction, correct_gold
from tests.stories.quality.test_gold import always, golds, works

SHORT = ("2", "1", "3", "1", "2", "3", "1", "2")
"""The right keys of the short lesson on "yes where no was right": 3 to practise, 5 tests."""


async def test_entry_gold_says_what_was_right_and_why(town):
    amina = await town.enrols("amina", new=True)
    gold = [
        {"id": "a", "text": "Gold 1?", "gold": "no", "gold_reason": "The sign says closed."},
        {"id": "b", "text": "Gold 2?", "gold": "yes"},
    ]
    await town.posts_batch("Task?", tasks=gold, gold_rate=0.1, entry_gold=2)
    reply, told = await amina.texts("WORK"), {}
    while "1 Yes" in reply:
        asked = next(text for text in ("Gold 1?", "Gold 2?", "Task?") if text in reply)
        await town.answers_bells()
        reply = await amina.texts("1")
        told[asked] = reply
    assert "Total KES " in told["Gold 1?"]
    assert "The right answer was No. The sign says closed." in told["Gold 1?"]
    assert "That is right." in told["Gold 2?"]
    assert "right" not in told["Task?"].split("\n")[0], "only gold has a known answer"
    assert await amina.earned_minor() == 900, "each answer is paid, also a wrong one"


async def test_hidden_gold_stays_hidden(town):
    amina = await town.enrols("amina")
    await town.posts_batch(
        *(f"Task {n}?" for n in range(8)), tasks=golds(8), gold_rate=0.5, entry_gold=2
    )
    await works(town, amina, always("2"))
    said = " ".join(await amina.messages())
    assert said.count("The right answer was Yes.") == 2, "the entry gold alone teaches"
    assert await town.count("answer", '"right" is not null') > 2


async def test_entry_gold_teaches_in_one_message_of_several_questions_and_on_a_screen(town):
    amina, brian = await town.enrols("amina"), await town.enrols("brian")
    tasks = [{**one, "gold_reason": "It says so."} for one in golds(3)]
    await town.posts_batch(
        "Task?", tasks=tasks, gold_rate=0.5, entry_gold=3, pack=4, policy="fixed:2"
    )
    assert "1) Gold" in await amina.texts("WORK")
    await town.answers_bells()
    reply = await amina.texts("1B 2A")
    assert "1: The right answer was Yes. It says so." in reply
    assert " 2: " not in reply.partition("1: ")[2], "only gold has a known answer"
    await brian.dials("1")
    assert "The right answer was Yes. It says so." in await brian.presses("2", "2")


async def test_repeated_mistakes_bring_a_short_lesson_on_them_and_then_work_again(town):
    amina = await town.enrols("amina")
    await town.posts_batch(
        *(f"Task {n}?" for n in range(6)), tasks=golds(5, "no"), gold_rate=0.1, policy="fixed:2"
    )
    await town.rt.db.execute("update worker set reach = 'ussd'")
    await works(town, amina, always("1"))
    await town.ticks()
    earned = await amina.balance_minor()
    assert "text LEARN" in (await amina.messages())[-1]
    begun = await amina.texts("LEARN")
    assert begun.startswith("5 of your 5 check answers did not match.")
    assert "Most often you chose Yes where No was right." in begun
    said = begun
    while "Practice 1" not in said:
        said = await amina.texts("1")
    assert "open at 7" in said, "the practice begins with what she missed"
    for key in SHORT:
        said = await amina.texts(key)
    assert "you passed" in said
    row = await town.rt.db.row("select status, completed_at from relearning")
    assert row["status"] == "completed"
    assert row["completed_at"]
    assert await town.count("skill", "paused_until > now()") == 0
    assert await town.count("finding", "state = 'open'") == 0
    await town.posts_batch("Another?")
    assert "Another?" in await amina.texts("WORK"), "her questions go on at once"
    assert await amina.balance_minor() == earned, "no money moved"


async def test_after_a_second_failure_her_coordinator_is_asked_to_call_her(town):
    amina = await town.enrols("amina")
    await town.posts_batch("Task?", tasks=golds(5), gold_rate=0.1, policy="fixed:2")
    await works(town, amina, always("2"))
    await town.ticks()
    for attempt in range(2):
        said = await amina.texts("LEARN")
        while "Test 5 of 5" not in said:
            said = await amina.texts("3")
        said = await amina.texts("3")
        assert "You lose nothing" in said
        await town.ticks()
        calls = [t for t in await town["wanjiku"].messages() if "Please call Amina" in t]
        assert len(calls) == attempt
    assert "Checking a statement" in calls[0]
    assert amina.msisdn not in calls[0], "the number is masked"
    assert await town.count("finding", "kind = 'call_her' and state = 'open'") == 1
    await town.ticks(hours=1)
    calls = [t for t in await town["wanjiku"].messages() if "Please call Amina" in t]
    assert len(calls) == 1, "she is asked once"


async def test_falling_below_the_bar_again_soon_after_the_lesson_is_a_second_failure_too(town):
    amina = await town.enrols("amina")
    await town.posts_batch("Task?", tasks=golds(5), gold_rate=0.1, policy="fixed:2")
    await works(town, amina, always("2"))
    await town.ticks()
    said = await amina.texts("LEARN")
    while "Practice 1" not in said:
        said = await amina.texts("1")
    for key in ("1", "2", "3", "1", "2", "3", "1", "2"):
        said = await amina.texts(key)
    assert "you passed" in said
    more = [{"id": f"n{n}", "text": f"New gold {n}?", "gold": "yes"} for n in range(5)]
    await town.posts_batch("Another?", tasks=more, gold_rate=0.1, policy="fixed:2")
    await works(town, amina, always("2"))
    await town.ticks()
    await town.ticks()
    assert any("Please call Amina" in text for text in await town["wanjiku"].messages())


async def test_a_kind_without_a_lesson_is_paused_as_before_and_never_in_silence(town, monkeypatch):
    monkeypatch.delitem(town.rt.lessons.by_kind, "date")
    amina = await town.enrols("amina")
    dates = [{"id": f"g{n}", "text": f"Gold {n}?", "gold": "2026-05-03"} for n in range(5)]
    await town.posts_batch("When?", kind="transcription", value="date", tasks=dates, gold_rate=0.1)
    await amina.texts("WORK")
    for _ in range(5):
        await town.answers_bells()
        await amina.texts("4 June 2024")
    await town.ticks()
    assert "pause until" in (await amina.messages())[-1]
    assert await town.count("relearning") == 0


async def test_a_lesson_that_wrong_gold_has_assigned_is_taken_back(town):
    amina = await town.enrols("amina")
    batch = await town.posts_batch("Task?", tasks=golds(5), gold_rate=0.1, policy="fixed:2")
    await works(town, amina, always("2"))
    await town.ticks()
    assert await town.value("select status from relearning") == "assigned"
    for n in range(5):
        await correct_gold(town.rt, Correction(batch.id, f"g{n}", "No", "wanjiku", "it was shut"))
    assert await town.value("select status from relearning") == "lapsed"


async def test_a_reason_belongs_to_gold_and_fits_behind_an_answer(town):
    batch = await town.client.drafts(gold_rate=0.1)
    for row, rule in (
        ({"id": "a", "text": "?a", "gold_reason": "because"}, "belongs to a task with gold"),
        ({"id": "a", "text": "?a", "gold": "yes", "gold_reason": "x" * 121}, "120"),
    ):
        refused = await town.client.asks("POST", f"/batches/{batch.id}/tasks", json=[row])
        assert refused.status_code == 422
        assert rule in refused.text
        assert "gold_reason" in refused.text
    csv = "id,text,gold,gold_reason\na,Open?,yes,The door stands open\nb,Shut?,,\n"
    taken = await town.client.asks(
        "POST", f"/batches/{batch.id}/tasks", content=csv, headers={"Content-Type": "text/csv"}
    )
    assert taken.status_code == 201, taken.text
    reasons = await town.rt.db.rows("select name, gold_reason from task order by name")
    assert [tuple(row.values()) for row in reasons] == [("a", "The door stands open"), ("b", None)]
