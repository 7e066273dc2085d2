# pyright: basic
"""The five quality steps of a batch: reviewers, auditors and the client's word on the results."""

from tests.support.town import Batch, Town

PAY = {"price": "10.00", "share": 1.0, "below": 0.6}


async def proven(town: Town, *names: str) -> None:
    """Give workers the skill of many right answers."""
    for name in names:
        await town.rt.db.execute(
            """insert into skill (worker_id, kind, "right", wrong, gold_right, learned_at, answers)
               values ($1, 'verification', 40, 1, 40, now(), 40)
               on conflict (worker_id, kind) do update set "right" = 40, wrong = 1""",
            await town[name].id(),
        )


KEYS = {"amina": {"Clear?": "1", "Split?": "1"}, "brian": {"Clear?": "1", "Split?": "2"}}


async def split(town: Town, more: int = 0, **given) -> Batch:
    """A batch of two tasks, all of whose answers are in, and `more` like the second one.

    Two workers agree on the first one and contradict each other on the second. Rose and Sara, who
    are proven, come afterwards.
    """
    for name in KEYS:
        await town.enrols(name)
    others = [f"Split? {n}?" for n in range(more)]
    batch = await town.posts_batch("Clear?", "Split?", *others, policy="fixed:2", **given)
    for name, keys in KEYS.items():
        reply = await town[name].texts("WORK")
        for _ in range(2 + more):
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
    shown = [one["id"] for one in listed["batches"]]
    assert (shown, listed["total"]) == ([batch.id], 1), "the client sees the batch, not its parts"


async def answered(town: Town, texts: int, **given) -> Batch:
    """A batch of some tasks that two workers have answered with yes."""
    for name in KEYS:
        await town.enrols(name)
    questions = [f"Shop {n}?" for n in range(texts)]
    batch = await town.posts_batch(*questions, policy="fixed:2", **given)
    for name in KEYS:
        reply = await town[name].texts("WORK")
        while reply and "Shop" in reply:
            reply = await town[name].texts("1")
    await town.ticks()
    return batch


async def audits(town: Town, batch: Batch, wrong: set[str]) -> int:
    """The client judges the whole sample: the tasks in `wrong` are "no"; return their number."""
    judged = 0
    path = f"/batches/{batch.id}/audit"
    shown = (await town.client.asks("GET", f"{path}/next")).json()
    while shown["task"]:
        said = {"value": "no" if shown["task"] in wrong else "yes", "by": "Wanjiku"}
        answer = await town.client.asks("POST", f"{path}/tasks/{shown['task']}", json=said)
        assert answer.status_code == 200, answer.text
        shown, judged = answer.json(), judged + 1
    return judged


async def test_a_random_sample_is_audited_before_the_delivery_and_the_client_accepts(town):
    batch = await answered(town, 12, audit={"promise": 0.5, "half_width": 0.2})
    assert (await batch.shows())["state"] == "running", "the audit goes on"
    shown = (await town.client.asks("GET", f"/batches/{batch.id}/audit/next")).json()
    assert "yes" not in str(shown["text"]), "an auditor does not see the result"
    early = await town.client.asks("POST", f"/batches/{batch.id}/accept", json={"by": "Wanjiku"})
    assert early.status_code == 409, early.text
    size = await audits(town, batch, {shown["task"]})
    assert 1 <= size < 12
    await town.ticks()
    assert (await batch.shows())["state"] == "done"
    results = await batch.results()
    wrong = results[shown["task"]]
    assert (wrong["value"], wrong["rule"], wrong["confidence_checked"]) == ("no", "audit", None)
    report = (await town.client.asks("GET", f"/batches/{batch.id}/quality")).json()
    steps = {step["name"]: step for step in report["steps"]}
    assert [*steps] == ["qualification", "gold", "redundancy", "review", "audit"]
    assert not steps["review"]["used"]
    assert steps["redundancy"]["remaining"]["errors"] == 1
    assert steps["redundancy"]["remaining"]["sample"] == size
    assert steps["audit"]["caught"]["errors found and corrected"] == 1
    assert steps["audit"]["remaining"]["high"] < steps["redundancy"]["remaining"]["high"]
    assert steps["audit"]["cost_minor"] is None, "the time of persons is not known"
    assert steps["redundancy"]["cost_minor"] == 24 * 300
    assert report["keeps_promise"] is True
    assert report["acceptance"]["state"] == "delivered"
    accepted = await town.client.asks("POST", f"/batches/{batch.id}/accept", json={"by": "Wanjiku"})
    assert accepted.json()["state"] == "accepted"
    page = (await town.client.asks("GET", f"/batches/{batch.id}/quality.html")).text
    assert "<svg" in page
    assert "not used" in page
    table = (await town.client.asks("GET", f"/batches/{batch.id}/quality.csv")).text
    assert len(table.splitlines()) == 6
    await town.has_right_books()


async def test_the_draw_of_a_sample_is_repeated_from_the_report(town):
    from gateway.qa.checks.sampling import draw

    batch = await answered(town, 12, audit={"promise": 0.5, "half_width": 0.2})
    report = (await town.client.asks("GET", f"/batches/{batch.id}/quality")).json()
    (audit,) = report["audits"]
    names = [f"t{n}" for n in range(1, 13)]
    first = (await town.client.asks("GET", f"/batches/{batch.id}/audit/next")).json()["task"]
    assert draw(audit["seed"], names, audit["size"])[0] == first


async def test_a_batch_that_breaks_its_promise_is_asked_again_once_and_then_told(town):
    """Two answers of seven decide a task, so the money of the others is free to ask again."""
    for name in ("amina", "brian"):
        await town.enrols(name)
    batch = await town.posts_batch(
        *(f"Shop {n}?" for n in range(6)),
        policy="dynamic",
        confidence=0.7,
        audit={"promise": 0.99, "half_width": 0.25},
    )
    for name in ("amina", "brian"):
        reply = await town[name].texts("WORK")
        while reply and "Shop" in reply:
            reply = await town[name].texts("1")
    await town.ticks()
    first = (await town.client.asks("GET", f"/batches/{batch.id}/audit/next")).json()
    await audits(town, batch, {first["task"]})
    for name in ("chege", "dina"):
        await town.enrols(name)
    await town.ticks()
    shown = await batch.shows()
    assert shown["state"] == "running"
    again = await town.count("task", "state = 'open'")
    assert again > 0, "the least confident tasks are asked again"
    assert await town.value("select state from task where name = $1", first["task"]) == "decided"
    for name in ("chege", "dina"):
        reply = await town[name].texts("WORK")
        while reply and "Shop" in reply:
            reply = await town[name].texts("1")
    await town.ticks()
    # The task that the first audit corrected may be drawn again, and its "no" is then right.
    await audits(town, batch, {f"t{n}" for n in range(1, 7)})
    await town.ticks()
    shown = await batch.shows()
    assert shown["state"] == "done", "it goes back once, and is then delivered"
    assert "audit_failed" in [finding["kind"] for finding in shown["findings"]]
    report = (await town.client.asks("GET", f"/batches/{batch.id}/quality")).json()
    assert report["keeps_promise"] is False
    assert report["audits"][0]["asked_again"] == again
    assert shown["money"]["spent_minor"] == (12 + 2 * again) * 300
    assert shown["money"]["spent_minor"] <= shown["money"]["reserved_minor"]
    await town.has_right_books()


async def test_a_refusal_names_tasks_and_takes_no_money_from_workers(town):
    batch = await answered(town, 3)
    assert (await batch.shows())["state"] == "done"
    earned = [await town[name].balance_minor() for name in KEYS]
    path = f"/batches/{batch.id}/refuse"
    no_such = {"tasks": ["t9"], "reason": "it is closed", "by": "Wanjiku"}
    assert (await town.client.asks("POST", path, json=no_such)).status_code == 422
    refused = await town.client.asks("POST", path, json={**no_such, "tasks": ["t2"]})
    assert refused.json()["state"] == "refused"
    assert refused.json()["tasks"] == ["t2"]
    assert (await batch.results())["t2"]["state"] == "review"
    assert [await town[name].balance_minor() for name in KEYS] == earned
    assert "refused_delivery" in [f["kind"] for f in (await batch.shows())["findings"]]
    decided = f"/batches/{batch.id}/tasks/t2/decision"
    await town.client.asks("POST", decided, json={"value": "no", "by": "Wanjiku"})
    accepted = await town.client.asks("POST", f"/batches/{batch.id}/accept", json={"by": "Wanjiku"})
    assert accepted.json()["state"] == "accepted"
    again = await town.client.asks("POST", path, json={**no_such, "tasks": ["t1"]})
    assert again.status_code == 409


async def test_a_batch_that_no_client_refuses_in_time_counts_as_accepted(town):
    batch = await answered(town, 1, accept_h=1)
    town.clock.advance(hours=2)
    report = (await town.client.asks("GET", f"/batches/{batch.id}/quality")).json()
    assert report["acceptance"]["state"] == "accepted"
    assert report["acceptance"]["by"] is None
    late = {"tasks": ["t1"], "reason": "too late", "by": "Wanjiku"}
    refused = await town.client.asks("POST", f"/batches/{batch.id}/refuse", json=late)
    assert refused.status_code == 409


async def test_the_client_is_told_by_webhook_that_a_sample_waits_and_how_it_ended(town, configure):
    from tests.stories.messages.test_client_webhooks import receiving

    configure(local_phone=True)
    async with receiving(town, events=["batch.audit"]) as receiver:
        batch = await answered(town, 3, audit={"promise": 0.9, "half_width": 0.25})
        await audits(town, batch, set())
        await town.ticks()
        await town.ticks()
        waiting, ended = receiver.of("batch.audit")
    assert (waiting["state"], waiting["batch"]) == ("waiting", batch.id)
    assert (ended["state"], ended["errors"], ended["keeps_promise"]) == ("ended", 0, True)
    assert ended["judged"] == waiting["sample"]
