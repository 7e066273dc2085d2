"""A quote says when no worker can do the work, and sets gold aside for the workers there are."""

GOLD = [
    {"id": f"g{n}", "text": f"Is {n} odd?", "gold": "yes" if n % 2 else "no"} for n in range(12)
]
TASKS = [{"id": f"t{n}", "text": f"Is shop {n} open?"} for n in range(10)]


async def drafted(town, tasks, **given):
    """A draft with these tasks."""
    batch = await town.client.drafts(**given)
    added = await town.client.asks("POST", f"/batches/{batch.id}/tasks", json=tasks)
    assert added.status_code == 201, added.text
    return batch


async def quoted(batch):
    return (await batch.client.asks("GET", f"/batches/{batch.id}/quote")).json()


async def test_a_quote_without_workers_says_that_nothing_would_happen(town):
    batch = await drafted(town, TASKS, policy="fixed:3")
    quote = await quoted(batch)
    assert quote["can_finish"] is False
    assert quote["days_least"] is None
    assert "no active workers paid in KES" in quote["why_not"]
    assert "answers of 3 different workers" in quote["why_not"]


async def test_a_language_that_too_few_workers_read_is_named(town):
    await town.enrols("amina", "en")
    await town.enrols("brian", "fr")
    batch = await drafted(town, TASKS, policy="fixed:2", languages=["fr"])
    quote = await quoted(batch)
    assert (quote["workers"], quote["workers_needed"], quote["can_finish"]) == (1, 2, False)
    assert "1 active worker who reads fr and is paid in KES" in quote["why_not"]
    both = await drafted(town, TASKS, policy="fixed:2")
    assert (await quoted(both))["can_finish"] is True
    assert (await quoted(both))["why_not"] is None


async def test_gold_is_set_aside_for_the_workers_there_are(town):
    for name in ("amina", "brian", "chege"):
        await town.enrols(name)
    batch = await drafted(town, [*TASKS, *GOLD], policy="fixed:2", price="5.00", gold_rate=0.1)
    quote = await quoted(batch)
    assert quote["answers_maximum"] == 10 * 2 + 12 * 3, "each worker sees a gold question once"
    assert quote["most_minor"] == 500 * (10 * 2 + 12 * 3)
    await batch.changes("start")
    assert (await batch.shows())["money"]["reserved_minor"] == quote["most_minor"]
    await town.has_right_books()
