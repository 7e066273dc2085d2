# pyright: basic
"""The five quality steps of a batch: reviewers, auditors and the client's word on the results."""

from tests.support.town import Batch, Town

PAY = {"price": "10.00", "share": 1.0, "below": 0.6}


async def proven(town: Town, *names: str) -> None:
    """Give workers the skill of many right answers."""
    for name in names:
        await town.rt.db.execute(
            """insert into skill (worker_id, kind, "right", wrong, gold_right, learned_at, answers)
               values ($1, 'verification', 40, 1, 40, now(), 41)
               on conflict (worker_id, kind) do update set "right" = 40, wrong = 1""",
            await town[name].id(),
        )


KEYS = {"amina": {"Clear?": "1", "Split?": "1"}, "brian": {"Clear?": "1", "Split?": "2"}}


async def split(town: Town, **given) -> Batch:
    """A batch of two tasks, all of whose answers are in.

    Two workers agree on the first one and contradict each other on the second. Rose and Sara, who
    are proven, come afterwards.
    """
    for name in KEYS:
        await town.enrols(name)
    batch = await town.posts_batch("Clear?", "Split?", policy="fixed:2", **given)
    for name, keys in KEYS.items():
        reply = await town[name].texts("WORK")
        for _ in keys:
            question = next(q for q in keys if q in reply)
            reply = await town[name].texts(keys[question])
    for name in ("rose", "sara"):
        await town.enrols(name)
    await proven(town, "rose", "sara")
    return batch


async def holds(town: Town, text: str) -> list[str]:
    """Return the names of the workers who hold a question with this text."""
    rows = await town.rt.db.rows(
        """select w.name from assignment a join task t on t.id = a.task_id join worker w on w.id = a.worker_id
           where a.state = 'held' and t.text = $1""",
        text,
    )
    return [row["name"].lower() for row in rows]


async def test_a_doubtful_task_goes_to_a_paid_reviewer_who_is_blind_and_decides_it(town):
    batch = await split(town, review=PAY)
    await town.ticks()
    assert (await batch.shows())["state"] == "running", "the review goes on"
    assert "Split?" not in (await town["amina"].texts("WORK") or "")
    assert not await holds(town, "Clear?"), "the decided task needs no review"
    (reviewer,) = await holds(town, "Split?")
    assert reviewer in ("rose", "sara")
    question = (await town[reviewer].messages())[-1]
    assert "Split?" in question
    assert "KES 10" in question, "the review has a price of its own"
    await town[reviewer].texts("2")
    await town.ticks()
    await town.ticks()
    assert (await batch.shows())["state"] == "done"
    results = await batch.results()
    assert (results["t2"]["value"], results["t2"]["state"], results["t2"]["rule"]) == (
        "no",
        "decided",
        "review",
    )
    assert results["t1"]["rule"] != "review"
    assert await town[reviewer].earned_minor() == 1000
    await town.has_right_books()
    money = (await batch.shows())["money"]
    assert (money["spent_minor"], money["checks_minor"]) == (4 * 300 + 1000, 1000)
    assert money["released_minor"] == money["reserved_minor"] - money["spent_minor"]
    assert await town.client.available_minor() == 10_000_00 - money["spent_minor"]
    listed = (await town.client.asks("GET", "/batches")).json()
    assert [one["id"] for one in listed] == [batch.id], "the client sees the batch, not its parts"
