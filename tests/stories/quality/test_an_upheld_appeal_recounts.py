# pyright: basic
"""After an upheld appeal all is as if the verdict had been right from the start.

Each example plays the same answers in two worlds: in one the truth is wrong at first and an appeal
corrects it, in the other it is right from the start. Then both are counted again, and compared.
Two things differ on purpose: the persons' decisions themselves, and the messages.
"""

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from gateway.base.ids import answer_ref
from gateway.steps.people.appeals.decide import AppealDecision, decide_appeal
from gateway.steps.quality.corrections.overturn import Overturn, overturn_result

WORKERS = ("amina", "brian", "chege")
FEW = settings(
    max_examples=2,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


async def world(town, name, answers, gold):
    """Three new workers answer one gold question, in a batch with this truth."""
    people = [await town.enrols(f"{name}{worker}") for worker in WORKERS]
    batch = await town.posts_batch(
        "Is it clean?", tasks=[{"id": "g", "text": f"Is shop {name} open?", "gold": gold}],
        gold_rate=0.5, entry_gold=1, policy="fixed:3",
    )  # fmt: skip
    for person, said in zip(people, answers, strict=True):
        assert f"shop {name}" in await person.texts("WORK")
        await person.texts("1" if said == "yes" else "2")
    await town.answers_bells()
    await town.ticks()
    return batch, people


async def books_and_skill(town, people, batch):
    """Return the counts of these workers and this batch, with skills to three digits."""
    counted = []
    for person in people:
        row = await town.rt.db.row(
            """select "right", wrong, gold_right, gold_wrong, trial_right, trial_wrong, paused_until is null as free
               from skill where worker_id = $1""",
            await person.id(),
        )
        counted.append(
            (
                await person.balance_minor(),
                round(row["right"], 3),
                round(row["wrong"], 3),
                *list(row.values())[2:],
            )
        )
    rights = await town.rt.db.rows(
        """select a."right" from answer a join task t on t.id = a.task_id where t.batch_id = $1 and t.name = 'g'
           order by a.id""",
        batch.id,
    )
    truth = await town.value("select gold from task where batch_id = $1 and name = 'g'", batch.id)
    shown = await batch.shows()
    return counted, [row["right"] for row in rights], truth, shown.get("spent")


async def upheld(town, person):
    answer = await town.value(
        'select id from answer where worker_id = $1 and "right" is false', await person.id()
    )
    ref = answer_ref(answer)
    await person.texts(f"APPEAL {ref}")
    said = AppealDecision(ref, worker_right=True, by="Asha", reason="I was there")
    await decide_appeal(town.rt, said)
    await town.answers_bells()


async def counted_again(town, *batches, times=2):
    for _ in range(times):
        for batch in batches:
            town.jobs.enqueue("relearn", batch.id)
        await town.answers_bells()
        await town.ticks()


@FEW
@given(answers=st.lists(st.sampled_from(["yes", "no"]), min_size=2, max_size=2))
async def test_gold_in_both_worlds(town, answers):
    given_answers = ["no", *answers]  # Amina says no, and no is the truth.
    mark = await town.value("select count(*) from worker")
    wrong, hers = await world(town, f"w{mark}", given_answers, "yes")
    right, theirs = await world(town, f"r{mark}", given_answers, "no")
    await upheld(town, hers[0])
    await counted_again(town, wrong, right)
    assert await books_and_skill(town, hers, wrong) == await books_and_skill(town, theirs, right)
    await town.has_right_books()


async def verdict_world(town, name, answers):
    people = [await town.enrols(f"{name}{n}") for n in range(len(answers))]
    batch = await town.posts_batch(f"Is shop {name} open?", policy=f"fixed:{len(answers)}")
    for person, said in zip(people, answers, strict=True):
        await person.texts("WORK")
        await person.texts("1" if said == "yes" else "2")
    return batch, people


async def result_and_skill(town, people, batch):
    skills = [
        await town.rt.db.row(
            'select "right", wrong from skill where worker_id = $1', await person.id()
        )
        for person in people
    ]
    rounded = [(round(row["right"], 3), round(row["wrong"], 3)) for row in skills]
    money = [await person.balance_minor() for person in people]
    result = (await batch.results())["t1"]
    return rounded, money, [result[name] for name in ("value", "state", "confidence", "rule")]


@FEW
@given(others=st.integers(3, 4))
async def test_a_verdict_in_both_worlds(town, others):
    """A person says the truth before any skill was counted: that is the second world."""
    answers = ["no", *["yes"] * others]
    mark = await town.value("select count(*) from worker")
    wrong, hers = await verdict_world(town, f"w{mark}", answers)
    await town.answers_bells()
    await town.ticks()
    right, theirs = await verdict_world(town, f"r{mark}", answers)
    await overturn_result(town.rt, Overturn(right.id, "t1", "no", "Asha", "I was there"))
    await town.answers_bells()
    await town.ticks()
    answer = await town.value("select id from answer where worker_id = $1", await hers[0].id())
    await hers[0].texts(f"APPEAL {answer_ref(answer)}")
    said = AppealDecision(answer_ref(answer), worker_right=True, by="Asha", reason="I was there")
    await decide_appeal(town.rt, said)
    await town.answers_bells()
    await counted_again(town, wrong, right)
    found = await result_and_skill(town, hers, wrong)
    assert found == await result_and_skill(town, theirs, right)
    assert found[2] == ["no", "decided", 1.0, "person"]
    await town.has_right_books()
