# pyright: basic
"""Questions whose answer is known: which workers must answer them, and what follows.

A known answer may turn out to be wrong.
"""

from gateway.steps.quality.corrections.correct_gold import Correction, correct_gold


def golds(count, truth="yes"):
    return [{"id": f"g{n}", "text": f"Gold {n}?", "gold": truth} for n in range(count)]


async def works(town, person, answers):
    """Answers as `answers(text)` says until no more is asked; the questions, in order."""
    asked, reply = [], await person.texts("WORK")
    while reply and "1 Yes" in reply:
        question = next(
            line for line in reply.splitlines() if line.endswith("?") and line != "Is it true?"
        )
        asked.append(question)
        reply = await person.texts(answers(question))
        await town.answers_bells()
    return asked


def always(key):
    return lambda _: key


async def skill(town, person):
    return await town.rt.db.row(
        "select s.* from skill s join worker w on w.id = s.worker_id where w.msisdn_index = $1",
        person.index,
    )


async def test_the_first_questions_of_a_worker_are_gold_and_then_they_are_rare(town):
    amina = await town.enrols("amina")
    await town.posts_batch(
        *(f"Task {n}?" for n in range(12)), tasks=golds(8), gold_rate=0.02, entry_gold=4
    )
    asked = await works(town, amina, always("1"))
    assert ["Gold" in question for question in asked[:4]] == [True] * 4
    assert sum("Gold" in question for question in asked[4:]) <= 2
    assert sum("Task" in question for question in asked) == 12


async def test_gold_she_has_seen_is_not_gold_for_her_in_another_batch_either(town):
    amina = await town.enrols("amina")
    for _ in range(2):
        await town.posts_batch("Task?", tasks=golds(3), gold_rate=0.5, entry_gold=3)
        await works(town, amina, always("1"))
    assert await town.count("answer", '"right" is not null') == 3


async def test_the_bank_goes_round(town):
    people = [await town.enrols(f"p{n}") for n in range(6)]
    await town.posts_batch("Task?", tasks=golds(6), gold_rate=0.1, entry_gold=1, policy="fixed:6")
    for person in people:
        await person.texts("WORK")
    assert await town.value("select max(held) from task where gold is not null") == 1


async def test_a_worker_who_stays_under_the_bar_is_told_kindly_and_has_a_way_back(town):
    amina, brian = await town.enrols("amina"), await town.enrols("brian")
    await town.posts_batch(
        *(f"Task {n}?" for n in range(6)), tasks=golds(5), gold_rate=0.1, policy="fixed:2"
    )
    await town.rt.db.execute("update worker set reach = 'ussd'")
    await works(town, amina, always("2"))
    earned = await amina.balance_minor()
    await town.ticks()
    assert "5 of 5 check answers did not match. A short free lesson" in (await amina.messages())[-1]
    assert "money is safe" in (await amina.messages())[-1]
    assert (await amina.balance_minor()) == earned > 0, "nothing she earned is touched"
    assert "after a short free lesson" in await amina.texts("WORK")
    assert "1 Yes" in await brian.texts("WORK"), "others go on"
    found = await town.rt.db.row("select * from finding")
    assert (found["kind"], found["state"]) == ("below_bar", "open")
    assert found["evidence"]["gold_wrong"] == 5
    await town.posts_batch("Another?", kind="transcription")
    assert "Another?" in await amina.texts("WORK"), "the pause is of one kind"
    await amina.texts("SKIP")

    await town.rt.db.execute("update skill set paused_until = now() - interval '1 minute'")
    await town.posts_batch(
        "Task again?", tasks=[{"id": "x", "text": "New gold?", "gold": "yes"}], gold_rate=0.1
    )
    assert "New gold?" in await amina.texts("WORK"), "a new trial begins with gold"
    assert (await skill(town, amina))["trial_wrong"] == 0, "and with nothing held against her"


async def test_one_bad_day_pauses_no_worker(town):
    amina = await town.enrols("amina")
    await town.posts_batch(*(f"Task {n}?" for n in range(3)), tasks=golds(5), gold_rate=0.1)
    await works(town, amina, lambda question: "2" if question in ("Gold 1?", "Gold 2?") else "1")
    await town.ticks()
    assert not await town.count("finding")
    assert (await skill(town, amina))["paused_until"] is None


async def test_wrong_gold_is_corrected_and_a_worker_paused_by_it_works_again_and_is_told(town):
    people = [await town.enrols(name) for name in ("amina", "brian")]
    batch = await town.posts_batch(
        *(f"Task {n}?" for n in range(6)),
        tasks=golds(5, truth="no"),
        gold_rate=0.1,
        policy="fixed:2",
    )
    amina, brian = people
    await town.rt.db.execute("update worker set reach = 'ussd'")
    await works(town, amina, always("1"))
    await works(town, brian, always("1"))
    await town.ticks()
    assert await town.count("skill", "paused_until > now()") == 2
    money = [await person.balance_minor() for person in people]

    for n in range(5):
        said = Correction(batch.id, f"g{n}", "Yes", "wanjiku", "the sign was new")
        diff = await correct_gold(town.rt, said)
        assert len(diff["answers"]) == 2
        assert diff["pay_minor"] == 0
    await town.ticks()
    assert await town.count("skill", "paused_until > now()") == 0
    assert await town.count("finding", "state = 'open'") == 0
    assert "made a mistake" in (await amina.messages())[-1]
    at = await skill(town, amina)
    assert (at["gold_right"], at["gold_wrong"]) == (5, 0)
    assert (at["trial_right"], at["trial_wrong"]) == (5, 0)
    assert at["right"] > 5 > at["wrong"]
    assert [await person.balance_minor() for person in people] == money, "no money moves"
    kept = await town.rt.db.rows("select * from correction order by id")
    assert [(row["was"], row["becomes"], row["by"]) for row in kept] == [
        ("no", "yes", "wanjiku")
    ] * 5
    assert kept[0]["diff"]["answers"][0]["is_right"] is True


async def test_corrected_gold_changes_the_results_it_had_turned(town):
    """Chege is alone with his answers; the gold that made him the only expert was wrong."""
    names = ("amina", "brian", "chege")
    people = {name: await town.enrols(name) for name in names}
    batch = await town.posts_batch(
        *(f"Task {n}?" for n in range(8)),
        tasks=golds(12, truth="no"),
        gold_rate=0.5,
        entry_gold=12,
        policy="fixed:3",
        method="one_coin",
    )
    await town.rt.db.execute("update worker set reach = 'ussd'")
    for name, key in zip(names, "112", strict=True):
        await town.rt.db.execute("update skill set paused_until = null")
        await works(town, people[name], always(key))
    await town.rt.db.execute("update skill set paused_until = null")
    for name, key in zip(names, "112", strict=True):
        await works(town, people[name], always(key))
    await town.ticks()
    assert (await batch.shows())["state"] == "done"
    before = {result["value"] for result in (await batch.results()).values()}
    turned = []
    for n in range(12):
        diff = await correct_gold(town.rt, Correction(batch.id, f"g{n}", "yes", "w", "wrong sheet"))
        turned += [(d["was"], d["becomes"]) for d in diff["decisions"]]
        marks = {(d["confidence_checked"], d["checked_with_gold"]) for d in diff["decisions"]}
        assert marks <= {(True, 12)}, "gold of the closed batch checked them"
    assert before == {"no"}
    assert {result["value"] for result in (await batch.results()).values()} == {"yes"}
    assert set(turned) == {("no", "yes")}


async def test_a_result_without_doubt_becomes_gold_for_workers_who_have_not_seen_it(town):
    await town.rt.db.execute("insert into partner (code, name) values ('THIKA', 'Thika')")
    people = [await town.enrols(f"p{n}") for n in range(6)]
    late = await town.enrols("late")
    batch = await town.posts_batch(
        *(f"Task {n}?" for n in range(3)),
        tasks=golds(6),
        gold_rate=0.1,
        entry_gold=5,
        policy="dynamic",
        confidence=0.9995,
        promote_gold=True,
    )
    await town.rt.db.execute("update worker set reach = 'ussd'")
    await town.rt.db.execute(
        "update worker set partner_id = (select id from partner where code = 'THIKA') where id % 2 = 0"
    )
    for person in people:
        await works(town, person, always("1"))
    await town.ticks()
    from gateway.steps.quality.reestimate import relearn

    await relearn(town.rt, batch.id)
    promoted = await town.rt.db.rows("select * from task where promoted_from is not null")
    assert promoted, "all agree, from two partners, and gold has shown them to be good"
    assert {row["gold"] for row in promoted} == {"yes"}
    assert not any(name.endswith("~gold") for name in await batch.results())
    assert (
        await town.value(
            "select sum(maximum) from task where gold is null or promoted_from is not null"
        )
        == 3 * 7
    )
    seen = await works(town, people[0], always("1"))
    assert seen == [], "those who answered the question are not asked it as gold"
    assert late


async def test_skill_is_told_honestly_in_one_message(town):
    amina = await town.enrols("amina")
    assert "0 answers" in await amina.texts("SKILL")
    await town.posts_batch("Task?", tasks=golds(6), gold_rate=0.5, entry_gold=6)
    await works(town, amina, lambda question: "2" if question == "Gold 1?" else "1")
    assert "Of 6 check questions you answered 5 as expected" in await amina.texts("SKILL")
    await amina.texts("LANG fr")
    assert "Sur 6 questions de test, 5" in await amina.texts("SKILL")
    await town.rt.db.execute("update skill set paused_until = now() + interval '2 days'")
    await amina.texts("LANG en")
    assert "pause until" in await amina.texts("SKILL")
