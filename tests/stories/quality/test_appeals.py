# pyright: basic
"""A worker does not agree with what was found about her answer, and another person looks."""

from dataclasses import replace

import pytest

from gateway.base.errors import Refused
from gateway.base.ids import answer_ref
from gateway.gsm.segments import segments
from gateway.settings import Controls
from gateway.settings.appeals import Appeals
from gateway.steps.payouts.adjust import open_adjustment, record_adjustment_decision
from gateway.steps.people import register
from gateway.steps.people.appeals.consequences import settle
from gateway.steps.people.appeals.decide import AppealDecision, decide_appeal
from gateway.steps.quality.corrections.correct_gold import Correction, correct_gold
from gateway.steps.quality.review import decide_reviewed_task
from gateway.store.people import appeals

KEEPER, GRACE = "+254733000009", "+254722000055"


def ruled(town, *, tell=(), **rules):
    changed = {"controls": Controls(tell=tell), "appeals": Appeals(**rules)}
    town.rt = replace(town.rt, settings=town.rt.settings.model_copy(update=changed))


async def decides(town, ref, *, right, by="Asha", reason="I went there"):
    done = await decide_appeal(town.rt, AppealDecision(ref, right, by, reason))
    await town.answers_bells()
    return done


async def set_client_balance(town, minor):
    await town.rt.db.execute(
        "update account set balance = $1 where id = (select account_id from client)", minor
    )


async def missed_gold(town, *names, said="2", gold="yes"):
    """Workers who answered one gold question; the references of their answers."""
    people = [await town.enrols(name) for name in names]
    batch = await town.posts_batch(
        "Is it clean?",
        tasks=[{"id": "g", "text": "Is Toi Market open?", "gold": gold}],
        gold_rate=0.5,
        entry_gold=1,
        policy="fixed:3",
    )
    for person in people:
        assert "Toi Market" in await person.texts("WORK")
        await person.texts(said)
    await town.answers_bells()
    await town.ticks()
    rows = await town.rt.db.rows(
        "select a.id from answer a join task t on t.id = a.task_id where t.name = 'g' order by a.id"
    )
    return batch, people, [answer_ref(row["id"]) for row in rows]


async def outvoted(town, **given):
    """Amina said no, and three others said yes; the reference of her answer."""
    people = [await town.enrols(name) for name in ("amina", "brian", "chege", "doris")]
    batch = await town.posts_batch("Is it open?", policy="fixed:4", **given)
    for person, key in zip(people, ("2", "1", "1", "1"), strict=True):
        await person.texts("WORK")
        await person.texts(key)
    await town.answers_bells()
    await town.ticks()
    answer = await town.value("select min(id) from answer")
    return batch, people, answer_ref(answer)


# --- WHY ---


async def test_why_shows_a_gold_answer_the_right_one_and_who_can_look_again(town):
    _, (amina,), (ref,) = await missed_gold(town, "amina")
    told = await amina.texts(f"WHY {ref}")
    assert "Is Toi Market open?" in told
    assert 'you said "No". Right: "Yes"' in told
    assert f"APPEAL {ref}: your coordinator looks again" in told
    assert segments(told) == 1
    assert await amina.texts(f"why {ref.lower()}") == told


async def test_why_shows_a_verdict_and_what_counts_as_right(town):
    _, (amina, brian, *_), ref = await outvoted(town)
    assert 'you said "No". Right: "Yes"' in await amina.texts(f"WHY {ref}")
    his = answer_ref(
        await town.value("select id from answer where worker_id = $1", await brian.id())
    )
    assert "It counts as right" in await brian.texts(f"WHY {his}")


async def test_what_is_not_decided_is_not_told(town):
    amina = await town.enrols("amina")
    await town.posts_batch("Is it open?", policy="fixed:3")
    await amina.texts("WORK")
    await amina.texts("1")
    ref = answer_ref(await town.value("select max(id) from answer"))
    assert "not decided yet" in await amina.texts(f"WHY {ref}")
    assert "no open case" in await amina.texts(f"APPEAL {ref}")


async def test_no_worker_reads_or_appeals_the_answer_of_another(town):
    _, _, (ref,) = await missed_gold(town, "amina")
    brian = await town.enrols("brian")
    assert "Toi Market" not in await brian.texts(f"WHY {ref}")
    assert "no open case" in await brian.texts(f"APPEAL {ref}")
    assert await town.count("appeal") == 0


# --- the outcome ---


async def test_gold_that_an_appeal_shows_to_be_wrong_is_right_for_all(town):
    _, (amina, brian), (ref, his) = await missed_gold(town, "amina", "brian")
    told = await amina.texts(f"APPEAL {ref}")
    assert f"{ref} is with your coordinator" in told
    assert await amina.texts(f"APPEAL {ref}") == told, "twice is once"
    await brian.texts(f"APPEAL {his}")
    await town.ticks()
    (to_her,) = [words for words in await town["wanjiku"].messages() if ref in words]
    assert segments(to_her) == 1
    done = await decides(town, ref, right=True, by="Wanjiku")
    assert (done.state, done.decided_kind, done.decided_by) == ("upheld", "client", "Acme")
    assert done.settled_at is not None
    assert await town.value("select gold from task where name = 'g'") == "no"
    rows = await town.rt.db.rows("select gold_right, gold_wrong from skill order by worker_id")
    assert [tuple(row.values()) for row in rows] == [(1, 0), (1, 0)]
    assert "you were right" in (await amina.messages())[-1]
    assert "you were right" in (await brian.messages())[-1], "his appeal is about the same question"
    assert "counts as right" in await amina.texts(f"WHY {ref}")
    assert "you were right" in await amina.texts(f"APPEAL {ref}")
    assert await town.count("correction") == 1
    await settle(town.rt, done.id)
    assert await town.count("correction") == 1, "what is settled is settled once"
    await town.has_right_books()


async def test_a_verdict_is_overturned_with_its_statistics(town):
    batch, (amina, *_), ref = await outvoted(town)
    await town.ticks()
    assert (await batch.shows())["state"] == "done"
    await amina.texts(f"APPEAL {ref}")
    await decides(town, ref, right=True)
    (result,) = (await batch.results()).values()
    assert (result["value"], result["rule"], result["state"]) == ("no", "person", "decided")
    story = (await town.client.asks("GET", f"/batches/{batch.id}/tasks/t1/decision")).json()
    assert story["decided_by"] == "Asha"
    assert story["corrections"][-1]["reason"].startswith(f"appeal {ref}")
    skills = await town.rt.db.rows('select "right", wrong from skill order by worker_id')
    assert skills[0]["right"] > 0.49
    assert skills[0]["wrong"] < 0.01
    assert all(row["wrong"] > 0.49 and row["right"] < 0.01 for row in skills[1:])
    await town.has_right_books()


async def test_what_was_taken_comes_back_to_her(town):
    batch, (amina, *_), _ = await outvoted(town, price="15.00")
    await town.ticks()
    async with town.rt.db.transaction() as db:
        answer = await town.value("select min(id) from answer")
        case = await open_adjustment(town.rt, db, answer, by="Peter")
    await record_adjustment_decision(town.rt, case, upheld=True, who="Peter")
    await town.posts_batch(*(f"Question {n}?" for n in range(4)), price="15.00")
    await amina.texts("WORK")
    for _ in range(4):
        await amina.texts("1")
    await town.answers_bells()
    await town.ticks()
    assert await amina.balance_minor() == 1500 + 6000 - 600
    before = await town.client.available_minor()
    told = await amina.texts(f"APPEAL {case}")
    assert f"{case} is with" in told, told
    with pytest.raises(Refused, match="another person must look"):
        await decides(town, case, right=True, by="peter")
    await decides(town, case, right=True)
    assert await amina.balance_minor() == 1500 + 6000, "as if it had been right from the start"
    assert await town.client.available_minor() == before - 600
    assert "KES 6 that we took goes back" in (await amina.messages())[-1]
    assert await town.value("select state from adjustment") == "void"
    await town.ticks()
    assert await amina.balance_minor() == 1500 + 6000, "once"
    assert (await batch.results())["t1"]["value"] == "no"
    await town.has_right_books()


async def test_money_that_the_client_lacks_is_given_back_later(town):
    ruled(town, tell=(KEEPER,))
    keeper = town.meets("keeper", KEEPER)
    _, (amina, *_), _ = await outvoted(town, price="15.00")
    await town.ticks()
    answer = await town.value("select min(id) from answer")
    async with town.rt.db.transaction() as db:
        case = await open_adjustment(town.rt, db, answer, by="Peter")
    await town.ticks(days=8)
    await town.rt.db.execute("update adjustment set taken = 500")
    await amina.texts(f"APPEAL {case}")
    had = await town.value("select balance from account where id = (select account_id from client)")
    await town.rt.db.execute("alter table account disable trigger user")
    await set_client_balance(town, 100)
    balance = await amina.balance_minor()
    await decides(town, case, right=True)
    await town.ticks()
    assert await amina.balance_minor() == balance
    assert len([words for words in await keeper.messages() if "too little" in words]) == 1
    await set_client_balance(town, had)
    await town.rt.db.execute("alter table account enable trigger user")
    await town.ticks()
    assert await amina.balance_minor() == balance + 500


async def test_what_stands_stands_and_she_is_told(town):
    _, (amina,), (ref,) = await missed_gold(town, "amina")
    await amina.texts(f"APPEAL {ref}")
    await decides(town, ref, right=False)
    assert "it stays so" in (await amina.messages())[-1]
    assert "We looked again: it stays so" in await amina.texts(f"WHY {ref}")
    assert "stays so" in await amina.texts(f"APPEAL {ref}")
    with pytest.raises(Refused, match="was decided by Asha"):
        await decides(town, ref, right=True)


# --- who looks ---


async def test_the_reviewer_who_decided_does_not_look_again(town):
    """Wanjiku decided the task in review, so another coordinator of the centre looks."""
    await register.add_coordinator(town.rt, GRACE, "Grace", "en", "KIBERA")
    grace = town.meets("grace", GRACE)
    people = [await town.enrols(name) for name in ("amina", "brian")]
    batch = await town.posts_batch("Is it open?", policy="fixed:2")
    for person, key in zip(people, ("2", "1"), strict=True):
        await person.texts("WORK")
        await person.texts(key)
    await town.answers_bells()
    await town.ticks()
    assert (await batch.results())["t1"]["state"] == "review"
    await decide_reviewed_task(town.rt, batch.id, "t1", "yes", "Wanjiku")
    ref = answer_ref(await town.value("select min(id) from answer"))
    told = await people[0].texts(f"APPEAL {ref}")
    assert f"{ref} is with another coordinator" in told
    await town.ticks()
    assert any(ref in words for words in await grace.messages())
    assert not any(ref in words for words in await town["wanjiku"].messages())
    (row,) = await appeals.waiting(town.rt.db)
    assert (row.decided_kind, row.decided_by, row.handler_name) == (
        "coordinator",
        "Wanjiku",
        "Grace",
    )
    for by in ("Wanjiku", " wanjiku", "+254722000001"):
        with pytest.raises(Refused, match="another person must look"):
            await decides(town, ref, right=True, by=by)
    await decides(town, ref, right=True, by=GRACE)
    overturned = await town.rt.db.row("select * from person_decision where kind = 'review'")
    assert (overturned["by"], overturned["overturned_by"]) == ("Wanjiku", "Grace")
    assert overturned["appealed_at"] is not None


async def test_a_coordinator_never_decides_about_herself(town):
    """Wanjiku is a worker, too. There is no other coordinator, so that it goes to the operator."""
    ruled(town, tell=(KEEPER,))
    keeper = town.meets("keeper", KEEPER)
    wanjiku = town["wanjiku"]
    await wanjiku.texts("JOIN KIBERA")
    await wanjiku.texts("YES")
    await wanjiku.is_used_to_sms()
    await town.posts_batch(
        "Is it clean?",
        tasks=[{"id": "g", "text": "Is Toi Market open?", "gold": "yes"}],
        gold_rate=0.5,
        entry_gold=1,
    )
    await wanjiku.texts("WORK")
    await wanjiku.texts("2")
    await town.answers_bells()
    ref = answer_ref(await town.value("select min(id) from answer"))
    assert f"{ref} is with our office" in await wanjiku.texts(f"APPEAL {ref}")
    await town.ticks()
    assert any(ref in words for words in await keeper.messages())
    with pytest.raises(Refused, match="the worker herself"):
        await decides(town, ref, right=True, by="Wanjiku")
    await decides(town, ref, right=True)


async def test_a_coordinator_decides_only_what_is_with_her(town):
    await register.add_coordinator(town.rt, GRACE, "Grace", "en", "KIBERA")
    _, (amina,), (ref,) = await missed_gold(town, "amina")
    await amina.texts(f"APPEAL {ref}")
    with pytest.raises(Refused, match="this appeal is with Wanjiku"):
        await decides(town, ref, right=True, by="Grace")


# --- deadlines ---


async def test_a_late_appeal_is_reminded_passed_on_and_stays_open(town):
    ruled(town, tell=(KEEPER,))
    keeper = town.meets("keeper", KEEPER)
    await register.add_coordinator(town.rt, GRACE, "Grace", "en", "KIBERA")
    grace = town.meets("grace", GRACE)
    _, (amina,), (ref,) = await missed_gold(town, "amina")
    await amina.texts(f"APPEAL {ref}")
    await town.ticks()
    await town.ticks(days=5, minutes=1)
    assert "Please decide" in [w for w in await town["wanjiku"].messages() if ref in w][-1]
    assert not [words for words in await keeper.messages() if ref in words]
    await town.ticks(days=2, minutes=1)
    assert [words for words in await grace.messages() if ref in words]
    assert "was not decided in time" in (await keeper.messages())[-1]
    assert (
        f"{ref} is not decided yet. It is with another coordinator" in (await amina.messages())[-1]
    )
    with pytest.raises(Refused, match="this appeal is with Grace"):
        await decides(town, ref, right=True, by="Wanjiku")
    for _ in range(3):
        await town.ticks(days=8)
    assert "still not decided" in (await amina.messages())[-1]
    assert len([w for w in await keeper.messages() if "overdue" in w]) == 1
    (row,) = await appeals.waiting(town.rt.db)
    assert (row.round, row.handler, row.state) == (3, None, "waiting")
    await decides(town, ref, right=True)
    assert "you were right" in (await amina.messages())[-1]


async def test_a_coordinator_who_is_gone_is_replaced(town):
    await register.add_coordinator(town.rt, GRACE, "Grace", "en", "KIBERA")
    grace = town.meets("grace", GRACE)
    _, (amina,), (ref,) = await missed_gold(town, "amina")
    await amina.texts(f"APPEAL {ref}")
    await town.rt.db.execute("update coordinator set state = 'disabled' where name = 'Wanjiku'")
    await town.ticks()
    assert [words for words in await grace.messages() if ref in words]


async def test_an_appeal_has_its_time_and_a_worker_not_too_many(town, configure):
    configure(appeals=Appeals(waiting_most=1, within_days=3))
    _, (amina,), (ref,) = await missed_gold(town, "amina")
    await town.posts_batch(
        "Is it new?", tasks=[{"id": "h", "text": "Is it old?", "gold": "yes"}], gold_rate=0.5,
        entry_gold=2,
    )  # fmt: skip
    await town.rt.db.execute("update answer set created_at = created_at - interval '4 days'")
    assert "too late" in await amina.texts(f"APPEAL {ref}")
    assert "too old" in await amina.texts(f"WHY {ref}")
    await town.rt.db.execute("update answer set created_at = created_at + interval '4 days'")
    await amina.texts(f"APPEAL {ref}")
    await amina.texts("WORK")
    for _ in range(3):
        await amina.texts("2")
    other = answer_ref(await town.value('select max(id) from answer where "right" is false'))
    assert other != ref
    assert "other appeals first" in await amina.texts(f"APPEAL {other}")


async def test_a_correction_by_the_operator_gives_back_what_was_taken_as_well(town):
    batch, (amina,), (ref,) = await missed_gold(town, "amina")
    answer = await town.value("select min(id) from answer")
    async with town.rt.db.transaction() as db:
        await open_adjustment(town.rt, db, answer, by="Peter")
    await town.rt.db.execute("update adjustment set state = 'standing'")
    await correct_gold(town.rt, Correction(batch.id, "g", "no", "Asha", "it was torn down"))
    assert await town.value("select state from adjustment") == "void"
    assert "counts as right" in await amina.texts(f"WHY {ref}")
