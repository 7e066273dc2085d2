# pyright: basic
"""Paid reviewers and auditors are workers: proven, not involved, assessed, and paid in any case."""

from tests.stories.quality.test_five_steps import KEYS, PAY, answered, holds, proven, split

GOLD = [{"id": f"g{n}", "text": f"Gold {n}?", "gold": "yes"} for n in range(4)]


async def test_only_proven_workers_review_and_none_her_own_answers(town):
    await split(town, review=PAY)
    await proven(town, "amina")
    await town.rt.db.execute(
        """update skill set "right" = 0 where worker_id in (select id from worker where name in ('Rose', 'Sara'))"""
    )
    await town.ticks()
    assert await holds(town, "Split?") == [], "Amina is proven, and answered it herself"
    await town.enrols("tess")
    await proven(town, "tess")
    await town.ticks()
    assert await holds(town, "Split?") == ["tess"]


async def test_hidden_gold_among_the_questions_assesses_the_reviewers(town):
    batch = await split(
        town, 4, review={**PAY, "reviewers": 2}, tasks=GOLD, gold_rate=0.01, entry_gold=0
    )
    await town.ticks()
    for name in ("rose", "sara"):
        reply = await town[name].texts("WORK")
        while reply and "1 Yes" in reply:
            reply = await town[name].texts("1" if "Gold" in reply else "2")
    await town.ticks()
    await town.ticks()
    assert (await batch.shows())["state"] == "done"
    assert (await batch.results())["t2"]["value"] == "no", "two reviewers agree"
    report = (await town.client.asks("GET", f"/batches/{batch.id}/quality")).json()
    review = next(step for step in report["steps"] if step["name"] == "review")
    assert review["caught"]["reviewers"] == 2
    golds = review["caught"]["reviewers' gold answers right"]
    assert 1 <= golds <= 2, "about one of five questions"
    assert review["caught"]["reviewers' gold answers wrong"] == 0
    assert review["cost_minor"] == (5 * 2 + golds) * 1000
    assert review["caught"]["undecided tasks settled"] == 5
    assert review["segments"] >= 1
    assert await town.rt.db.value("select sum(gold_right) from skill where gold_right > 40") >= 1
    await town.has_right_books()


async def test_a_review_that_no_worker_answers_ends_and_its_money_returns(town):
    batch = await split(town, review={**PAY, "within_h": 2})
    await town.ticks()
    reserved = (await batch.shows())["money"]["reserved_minor"]
    assert reserved == 4 * 300 + (2 + 1) * 1000, "set aside: two reviews, and one answer to gold"
    await town.ticks(hours=3)
    shown = await batch.shows()
    assert shown["state"] == "done"
    assert (await batch.results())["t2"]["state"] == "review", "a person may still decide it"
    assert shown["money"]["released_minor"] == reserved - 4 * 300
    await town.ticks()  # The time of the worker who held a review is over now, too.
    assert await town.client.available_minor() == 10_000_00 - 4 * 300
    await town.has_right_books()


async def test_a_batch_in_review_is_paused_continued_and_cancelled_as_a_whole(town):
    batch = await split(town, review=PAY)
    await town.rt.db.execute("update worker set reach = 'ussd'")
    await town.ticks()
    await batch.changes("pause")
    assert "Split?" not in await town["rose"].texts("WORK")
    await batch.changes("start")
    assert "Split?" in await town["rose"].texts("WORK")
    await batch.changes("cancel")
    await town.ticks()
    assert (await batch.shows())["state"] == "cancelled"
    # Rose was asked, so she may answer, and is paid (decision 0089).
    assert "Saved" in await town["rose"].texts("1")
    for _ in range(2):  # The review ends first, and then its batch.
        await town.ticks()
    assert await town.client.available_minor() == 10_000_00 - 4 * 300 - 1000
    assert not await town.count("assignment", "state = 'held'")
    await town.has_right_books()


async def test_the_proof_of_payment_names_reviews_too(town):
    batch = await split(town, review=PAY)
    await town.ticks()
    (reviewer,) = await holds(town, "Split?")
    await town[reviewer].texts("2")
    await town.ticks()
    proof = (await town.client.asks("GET", f"/batches/{batch.id}/proof.csv")).text.splitlines()
    amounts = [int(line.split(",")[4]) for line in proof[1:]]
    assert sorted(amounts) == [300, 300, 300, 300, 1000]
    assert sum(amounts) == (await batch.shows())["money"]["spent_minor"]


async def test_workers_who_were_not_involved_audit_for_a_price(town):
    batch = await answered(town, 4, audit={"price": "5.00", "promise": 0.6, "half_width": 0.25})
    assert (await town.client.asks("GET", f"/batches/{batch.id}/audit/next")).status_code == 409
    await proven(town, *KEYS)
    await town.ticks()
    held = await town.value(
        "select count(*) from assignment a join task t on t.id = a.task_id join check_batch c on c.batch_id = t.batch_id where a.state = 'held'"
    )
    assert held == 0, "the workers who answered do not audit"
    await town.enrols("rose")
    await proven(town, "rose")
    reply = await town["rose"].texts("WORK")
    sample = 0
    while reply and "Shop" in reply:
        sample += 1
        reply = await town["rose"].texts("1")
    assert sample >= 1
    await town.ticks()
    await town.ticks()
    assert (await batch.shows())["state"] == "done"
    report = (await town.client.asks("GET", f"/batches/{batch.id}/quality")).json()
    audit = report["steps"][-1]
    assert audit["caught"]["tasks judged"] == sample
    assert audit["cost_minor"] == sample * 500
    assert report["keeps_promise"] is True
    await town.has_right_books()


async def test_a_worker_below_the_least_skill_gets_no_task_and_is_counted(town):
    amina, brian = await town.enrols("amina"), await town.enrols("brian")
    batch = await town.posts_batch(
        *(f"Task {n}?" for n in range(3)),
        tasks=GOLD,
        gold_rate=0.01,
        policy="fixed:2",
        qualification={"min_skill": 0.75, "min_gold": 4},
    )
    for person, key in ((amina, "1"), (brian, "2")):
        reply = await person.texts("WORK")
        for _ in range(4):
            assert "Gold" in reply, "gold comes first"
            reply = await person.texts(key)
            await town.answers_bells()
        if person is brian:
            await town.ticks()
            await person.texts("SKIP")
    assert "Task" in (await amina.messages())[-1] or "Task" in await amina.texts("WORK")
    await town.ticks()
    assert not any("Task" in words for words in [await brian.texts("WORK")])
    report = (await town.client.asks("GET", f"/batches/{batch.id}/quality")).json()
    step = report["steps"][0]
    assert step["used"]
    assert step["caught"]["workers excluded"] == 1
    assert step["caught"]["wrong answers to entry gold"] == 4
    assert "100.0 %" in step["measured"], "the error that the excluded worker would have made"
    assert step["remaining"]["errors"] == 0
    quote = (await town.client.asks("GET", f"/batches/{batch.id}/quote")).json()
    assert quote["workers"] == 1, "only workers who qualify count"


async def test_a_qualification_without_gold_is_refused_with_the_cure(town):
    said = {"name": "x", "kind": "verification", "instructions": "?", "price": "3.00"}
    bad = await town.client.asks("POST", "/batches", json={**said, "qualification": {}})
    assert bad.status_code == 422
    assert "gold_rate" in bad.json()["detail"]
    over = await town.client.asks(
        "POST", "/batches", json={**said, "review": {"price": "3.00", "reviewers": 9}}
    )
    assert over.status_code == 422
    assert "review.reviewers" in str(over.json()["errors"])


async def test_the_quality_staff_of_a_partner_reviews_for_it(town):
    from gateway.steps.people.quality_staff import add_staff, remove_staff

    bad = {**PAY, "staff": "NAIROBI"}
    said = {"name": "x", "kind": "verification", "instructions": "?", "price": "3.00"}
    refused = await town.client.asks("POST", "/batches", json={**said, "review": bad})
    assert "NAIROBI" in refused.json()["detail"]
    await town.enrols("tess")
    partner = await add_staff(town.rt, town["tess"].msisdn, "Grace", "checked 200 records")
    await split(town, review={**PAY, "staff": partner})
    await town.ticks()
    assert await holds(town, "Split?") == ["tess"], (
        "Rose and Sara have more skill, and no part in it"
    )
    await remove_staff(town.rt, town["tess"].msisdn, "Grace", "trains others now")
    assert await town.count("quality_staff", "removed_at is null") == 0
