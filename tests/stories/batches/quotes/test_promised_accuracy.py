"""A client asks for a share of right results, and is told honestly whether it can be had."""

from gateway.base.ids import BatchId

TASKS = [{"id": f"t{n}", "text": f"Is shop {n} open?"} for n in range(6)]
GOLD = [
    {"id": f"g{n}", "text": f"Is {n} odd?", "gold": "yes" if n % 2 else "no"} for n in range(30)
]


async def crowd(town, number=5, *, right=0, wrong=0):
    """Enrol workers with this evidence of their skill."""
    people = [await town.enrols(f"worker{n}") for n in range(number)]
    for person in people:
        await town.rt.db.execute(
            'insert into skill (worker_id, kind, "right", wrong, gold_right) values ($1, $2, $3, $4, 20)',
            await person.id(),
            "verification",
            float(right),
            float(wrong),
        )
    return people


async def drafted(town, tasks, accuracy, **given):
    said = {
        "name": "Shops",
        "kind": "verification",
        "instructions": "Is it true?",
        "price": "3.00",
        "accuracy": accuracy,
        "pack": "off",
        **given,
    }
    made = await town.client.asks("POST", "/batches", json=said)
    assert made.status_code == 201, made.text
    batch = made.json()["id"]
    added = await town.client.asks("POST", f"/batches/{batch}/tasks", json=tasks)
    assert added.status_code == 201, added.text
    return batch


async def quoted(town, batch):
    quote = (await town.client.asks("GET", f"/batches/{batch}/quote")).json()
    return quote, quote["promise"]


async def test_proven_workers_and_gold_make_a_promise_with_its_price(town):
    await crowd(town, right=190, wrong=10)
    batch = await drafted(town, [*TASKS, *GOLD], 0.75)
    quote, promise = await quoted(town, batch)
    assert promise["can_promise"] is True, promise
    assert promise["low"] < promise["predicted"] <= promise["high"]
    assert promise["answers_per_task"] <= promise["answers_per_task_most"] <= 5
    most = promise["answers_per_task_most"]
    gold = 30 * 5
    assert quote["answers_maximum"] == len(TASKS) * most + gold
    assert quote["most_minor"] == 300 * quote["answers_maximum"]
    started = await town.client.asks("POST", f"/batches/{batch}/start")
    assert started.status_code == 200, started.text
    assert started.json()["policy"] == promise["policy"]
    assert started.json()["money"]["reserved_minor"] == quote["most_minor"]
    shown = (await town.client.asks("GET", f"/batches/{batch}")).json()
    assert shown["promise"]["predicted"] == promise["predicted"]
    assert shown["promise"]["certificate"] is None
    await town.has_right_books()


async def test_without_workers_nothing_is_promised(town):
    batch = await drafted(town, [*TASKS, *GOLD], 0.8)
    quote, promise = await quoted(town, batch)
    assert (promise["can_promise"], quote["can_finish"]) == (False, False)
    assert "no active worker may be asked" in promise["reason"]


async def test_without_gold_nothing_would_show_it_so_it_is_not_promised(town):
    await crowd(town, right=190, wrong=10)
    batch = await drafted(town, TASKS, 0.7)
    _, promise = await quoted(town, batch)
    assert promise["can_promise"] is False
    assert "with 0 gold tasks nothing would show" in promise["reason"]
    assert any("add 30 gold tasks" in one for one in promise["helps"])
    few = await drafted(town, [*TASKS, *GOLD[:12]], 0.7)
    _, promise = await quoted(town, few)
    assert any("add 18 gold tasks" in one for one in promise["helps"])


async def test_a_target_beyond_reach_is_refused_and_may_be_started_all_the_same(town):
    await crowd(town, number=2)
    batch = await drafted(town, [*TASKS, *GOLD], 0.99)
    _, promise = await quoted(town, batch)
    assert promise["can_promise"] is False
    assert "99 % cannot be promised" in promise["reason"]
    helps = " ".join(promise["helps"])
    assert "find more workers: 2 may be asked" in helps
    assert "answer gold first" in helps
    refused = await town.client.asks("POST", f"/batches/{batch}/start")
    assert refused.status_code == 409
    assert "without_promise=1" in refused.json()["detail"]
    assert refused.json()["errors"][0]["field"] == "accuracy"
    started = await town.client.asks("POST", f"/batches/{batch}/start?without_promise=1")
    assert started.status_code == 200, started.text
    for change in ("pause", "start"):  # It goes on without being asked again.
        changed = await town.client.asks("POST", f"/batches/{batch}/{change}")
        assert changed.status_code == 200, changed.text


async def test_accuracy_takes_the_place_of_a_policy_and_of_kinds_without_options(town):
    said = {"name": "a", "kind": "verification", "instructions": "?", "price": "3.00"}
    for more, field in (
        ({"policy": "fixed:3"}, "policy"),
        ({"confidence": 0.9}, "confidence"),
        ({"kind": "transcription"}, "accuracy"),
        ({"accuracy": 0.4}, "accuracy"),
    ):
        refused = await town.client.asks("POST", "/batches", json={**said, "accuracy": 0.9, **more})
        assert refused.status_code == 422, refused.text
        assert refused.json()["errors"][0]["field"] == field


async def work(people, rounds):
    """Let the workers answer yes in turn, so that all of them see gold before the tasks end."""
    for person in people:
        await person.texts("WORK")
    for _ in range(rounds):
        for person in people:
            await person.texts("1")


async def closed(town, batch):
    """Let the batch close, whatever rounds the promise needs."""
    for _ in range(12):
        await town.answers_bells()
        await town.ticks(minutes=1)
        shown = (await town.client.asks("GET", f"/batches/{batch}")).json()
        if shown["state"] == "done":
            break
    return shown


async def test_the_certificate_says_when_it_cannot_be_said(town):
    people = await crowd(town, number=3, right=190, wrong=10)
    batch = await drafted(town, [*TASKS, *GOLD[:3]], 0.7, entry_gold=0)
    started = await town.client.asks("POST", f"/batches/{batch}/start?without_promise=1")
    assert started.status_code == 200, started.text
    await work(people, 12)
    shown = await closed(town, batch)
    assert shown["state"] == "done"
    certificate = shown["promise"]["certificate"]
    assert certificate["verdict"] == "unknown"
    assert "it cannot be said whether 70.0 % was reached" in certificate["sentence"]
    await town.has_right_books()


async def test_the_certificate_measures_the_accuracy_by_gold(town):
    people = await crowd(town, number=3, right=190, wrong=10)
    gold = [{"id": f"g{n}", "text": f"Is {n} even?", "gold": "yes"} for n in range(30)]
    batch = await drafted(town, [*TASKS, *gold], 0.7, gold_rate=0.5, entry_gold=20)
    started = await town.client.asks("POST", f"/batches/{batch}/start")
    assert started.status_code == 200, started.text
    await town.rt.db.execute("update skill set gold_right = 0, answers = 0")
    await work(people, 24)
    shown = await closed(town, batch)
    certificate = shown["promise"]["certificate"]
    assert shown["state"] == "done"
    assert (certificate["gold"], certificate["accuracy"], certificate["high"]) == (30, 1.0, 1.0)
    assert certificate["verdict"] in ("reached", "open")
    assert "100.0 % of 30 gold tasks are right" in certificate["sentence"]
    assert await town.count("gold_pairs", "pairs > 0 and wrong = 0") == 1


async def test_doubtful_tasks_get_one_more_answer_within_the_quoted_most(town):
    people = await crowd(town, number=5)
    batch = await drafted(town, [*TASKS, *GOLD], 0.95, entry_gold=0)
    started = await town.client.asks("POST", f"/batches/{batch}/start?without_promise=1")
    most = started.json()["money"]["reserved_minor"]
    for number, person in enumerate(people):
        await person.texts("WORK")
        for _ in range(14):
            await person.texts("1" if number % 2 else "2")
    shown = await closed(town, batch)
    kept = await town.rt.db.row("select * from batch_promise where batch_id = $1", BatchId(batch))
    assert kept["rounds"] <= 10
    assert shown["money"]["spent_minor"] <= most
    assert not await town.count("task", "answered > maximum")
    await town.has_right_books()


async def test_an_accuracy_is_changed_copied_and_deleted_with_its_draft(town):
    await crowd(town, right=190, wrong=10)
    batch = await drafted(town, [*TASKS, *GOLD], 0.7)

    async def wish(which):
        return (await quoted(town, which))[1]

    changed = await town.client.asks("PATCH", f"/batches/{batch}", json={"accuracy": 0.75})
    assert changed.status_code == 200, changed.text
    assert (await wish(batch))["accuracy"] == 0.75
    copied = await town.client.asks("POST", f"/batches/{batch}/copy", json={"tasks": True})
    assert copied.status_code == 201, copied.text
    copy = copied.json()["id"]
    assert (await wish(copy))["accuracy"] == 0.75
    changed = await town.client.asks("PATCH", f"/batches/{copy}", json={"policy": "fixed:3"})
    assert changed.status_code == 200, changed.text
    assert await wish(copy) is None
    deleted = await town.client.asks("DELETE", f"/batches/{batch}")
    assert deleted.status_code == 204, deleted.text
    assert not await town.count("batch_promise")


async def test_tasks_that_are_added_while_it_runs_have_the_slots_of_the_plan(town):
    await crowd(town, right=190, wrong=10)
    batch = await drafted(town, [*TASKS, *GOLD], 0.75, open=True)
    started = await town.client.asks("POST", f"/batches/{batch}/start")
    assert started.status_code == 200, started.text
    most = (await town.client.asks("GET", f"/batches/{batch}")).json()["promise"]
    more = [{"id": "late", "text": "Is the last shop open?"}]
    added = await town.client.asks("POST", f"/batches/{batch}/tasks", json=more)
    assert added.status_code == 201, added.text
    slots = await town.value("select maximum from task where name = 'late'")
    assert slots == most["answers_per_task_most"]
    await town.has_right_books()
