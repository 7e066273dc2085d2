# pyright: basic
"""Records that a worker asks about, that a person decides, and that paid reviewers settle."""

from gateway.base.ids import answer_ref
from gateway.gsm.segments import segments
from gateway.steps.people.appeals.decide import AppealDecision, decide_appeal
from gateway.steps.quality.corrections.correct_gold import Correction, correct_gold
from gateway.steps.quality.review import decide_reviewed_task
from tests.stories.quality.test_five_steps import PAY, holds, proven
from tests.stories.quality.test_records_keyed_twice import asks

RECORD = "Amina Otieno; {amount}; 3 May 2026"


async def keyed(town, *amounts, names=("amina", "brian", "chege", "doris"), **given):
    """Let workers key one record with these amounts; return the batch and the references."""
    people = [await town.enrols(name) for name in names[: len(amounts)]]
    batch = await asks(town, **given)
    for person, amount in zip(people, amounts, strict=True):
        question = await person.texts("WORK")
        await person.texts(str(amount) if "Name" not in question else RECORD.format(amount=amount))
    await town.answers_bells()
    await town.ticks()
    rows = await town.rt.db.rows("select id from answer order by id")
    return batch, people, [answer_ref(row["id"]) for row in rows]


async def test_why_names_the_field_that_differs_and_its_right_value(town):
    _, (amina, brian, chege), refs = await keyed(town, 450, 540, 450)
    told = await brian.texts(f"WHY {refs[1]}")
    assert "Amount: KES 540" in told, told
    assert "Amount: KES 450" in told, told
    assert "{" not in told
    assert "Name" not in told, "only what differs"
    assert f"APPEAL {refs[1]}" in told
    assert segments(told) == 1
    told = await amina.texts(f"WHY {refs[0]}")
    assert "It counts as right" in told
    assert "{" not in told, told
    told = await chege.texts(f"WHY {refs[2]}")
    assert "It counts as right" in told


async def test_an_upheld_appeal_corrects_the_field_for_all(town):
    batch, (amina, brian, _), refs = await keyed(town, 450, 540, 450)
    assert refs[1] in await brian.texts(f"APPEAL {refs[1]}")
    await decide_appeal(
        town.rt, AppealDecision(refs[1], worker_right=True, by="Asha", reason="the form")
    )
    await town.answers_bells()
    await town.ticks()
    result = (await batch.results())["t1"]
    assert result["fields"]["amount"]["value"] == "540.00", result
    assert result["fields"]["owner"]["value"] == "Amina Otieno"
    assert "It counts as right" in await brian.texts(f"WHY {refs[1]}")
    told = await amina.texts(f"WHY {refs[0]}")
    assert "Amount: KES 540" in told, told
    await town.has_right_books()


async def test_an_appeal_of_gold_corrects_the_truth_of_the_field(town):
    amina = await town.enrols("amina")
    batch = await asks(
        town,
        tasks=[{"id": "g", "text": "Form 0", "gold": {"amount": "450"}}],
        gold_rate=0.5,
        entry_gold=1,
    )
    assert "Form 0" in await amina.texts("WORK")
    await amina.texts(RECORD.format(amount=540))
    await town.answers_bells()
    await town.ticks()
    ref = answer_ref(await town.value("select min(id) from answer"))
    told = await amina.texts(f"WHY {ref}")
    assert "Amount: KES 450" in told, told
    assert ref in await amina.texts(f"APPEAL {ref}")
    await decide_appeal(
        town.rt, AppealDecision(ref, worker_right=True, by="Asha", reason="the form")
    )
    await town.answers_bells()
    truth = await town.value("select gold from task where name = 'g'")
    assert '"amount":"540.00"' in truth
    assert "It counts as right" in await amina.texts(f"WHY {ref}")
    skill = await town.rt.db.row("select gold_right, gold_wrong from skill")
    assert skill["gold_wrong"] == 0
    assert skill["gold_right"] >= 1
    assert batch.id
    await town.has_right_books()


async def test_a_person_corrects_gold_of_a_record(town):
    amina = await town.enrols("amina")
    batch = await asks(
        town,
        tasks=[{"id": "g", "text": "Form 0", "gold": {"amount": "450", "owner": "Amina Otieno"}}],
        gold_rate=0.5,
        entry_gold=1,
    )
    await amina.texts("WORK")
    await amina.texts(RECORD.format(amount=540))
    await town.answers_bells()
    await town.ticks()
    counts = (
        'select gold_right, gold_wrong, round("right"::numeric), round(wrong::numeric) from skill'
    )
    assert tuple((await town.rt.db.row(counts)).values()) == (0, 1, 1, 1)
    corrected = '{"amount": "540", "owner": "Amina Wanjiku"}'
    await correct_gold(town.rt, Correction(batch.id, "g", corrected, "Asha", "the form"))
    assert tuple((await town.rt.db.row(counts)).values()) == (0, 1, 1, 1), "another field is wrong"
    corrected = '{"amount": "540", "owner": "Amina Otieno"}'
    await correct_gold(town.rt, Correction(batch.id, "g", corrected, "Asha", "read again"))
    await town.answers_bells()
    assert tuple((await town.rt.db.row(counts)).values()) == (1, 0, 2, 0)
    corrected = '{"amount": "550", "owner": "Grace Otieno"}'
    await correct_gold(town.rt, Correction(batch.id, "g", corrected, "Asha", "a third look"))
    assert tuple((await town.rt.db.row(counts)).values()) == (0, 1, 0, 2), "two fields are wrong"


async def test_a_reviewer_decides_a_record_and_the_result_has_its_fields(town):
    batch, people, refs = await keyed(town, 450, 540, policy="fixed:2")
    result = (await batch.results())["t1"]
    assert result["state"] == "review", result
    queue = (await town.client.asks("GET", f"/batches/{batch.id}/review")).json()
    assert queue
    await decide_reviewed_task(
        town.rt,
        batch.id,
        "t1",
        '{"owner": "Amina Otieno", "amount": "450", "day": "2026-05-03"}',
        "Asha",
    )
    await town.answers_bells()
    await town.ticks()
    result = (await batch.results())["t1"]
    assert result["state"] == "decided", result
    assert result["fields"]["amount"]["value"] == "450.00"
    told = await people[1].texts(f"WHY {refs[1]}")
    assert "Amount: KES 450" in told
    await town.has_right_books()


async def test_paid_reviewers_key_a_doubtful_record(town):
    for name in ("rose", "sara"):
        await town.enrols(name)
    people = [await town.enrols(name) for name in ("amina", "brian")]
    await town.rt.db.execute("update worker set reach = 'ussd' where name in ('Rose', 'Sara')")
    batch = await asks(town, policy="fixed:2", review=PAY)
    for person, amount in zip(people, (450, 540), strict=True):
        await person.texts("WORK")
        await person.texts(RECORD.format(amount=amount))
    await town.answers_bells()
    await proven(town, "rose", "sara")
    await town.rt.db.execute("update skill set kind = 'entry' where \"right\" = 40")
    await town.rt.db.execute("update worker set reach = 'sms' where name in ('Rose', 'Sara')")
    for _ in range(4):
        await town.ticks()
        for name in await holds(town, "Form 1"):
            await town[name].texts(RECORD.format(amount=450))
    await town.ticks()
    assert (await batch.shows())["state"] == "done"
    result = (await batch.results())["t1"]
    assert result["state"] == "decided", result
    assert result["fields"]["amount"]["value"] == "450.00", result
    report = (await town.client.asks("GET", f"/batches/{batch.id}/quality")).json()
    review = next(step for step in report["steps"] if step["name"] == "review")
    assert review["caught"]["undecided tasks settled"] == 1
    await town.has_right_books()


async def test_the_coordinator_reads_the_field_in_question_and_the_label_of_an_option(town):
    _, (_, brian, _), refs = await keyed(town, 450, 540, 450)
    await brian.texts(f"APPEAL {refs[1]}")
    await town.ticks()
    (told,) = [words for words in await town["wanjiku"].messages() if refs[1] in words]
    assert '"Amount: KES 540"' in told
    assert '"Amount: KES 450"' in told
    assert segments(told) == 1
