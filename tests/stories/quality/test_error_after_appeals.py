# pyright: basic
"""The remaining error of a batch is told as it was when the audit ended, and after appeals."""

import re
from types import SimpleNamespace

import pytest

from gateway.base.ids import answer_ref
from gateway.qa.checks.sampling import draw
from gateway.steps.batches.checks import audit
from gateway.steps.people.appeals.decide import AppealDecision, decide_appeal

NAMES = [f"t{number}" for number in range(1, 13)]


@pytest.fixture
def drawn(monkeypatch):
    """Return the tasks in the order in which the audit draws them."""
    monkeypatch.setattr(audit, "secrets", SimpleNamespace(token_hex=lambda _: "seed"))
    return draw("seed", NAMES, len(NAMES))


async def outvoted_and_audited(town, wrong):
    """Amina says no to the questions `wrong`, three others and the client's audit say yes."""
    people = [await town.enrols(name) for name in ("amina", "brian", "chege", "doris")]
    batch = await town.posts_batch(
        tasks=[{"id": name, "text": f"Is {name} open?"} for name in NAMES],
        policy="fixed:4",
        audit={"promise": 0.5, "half_width": 0.25},
    )
    for person in people:
        reply = await person.texts("WORK")
        while reply and (asked := re.search(r"Is (\w+) open", reply)):
            is_wrong = person is people[0] and asked[1] in wrong
            reply = await person.texts("2" if is_wrong else "1")
            await town.answers_bells()
    await town.ticks()
    sampled, path = set(), f"/batches/{batch.id}/audit"
    while task := (await town.client.asks("GET", f"{path}/next")).json()["task"]:
        said = {"value": "yes", "by": "Wanjiku"}
        await town.client.asks("POST", f"{path}/tasks/{task}", json=said)
        sampled.add(task)
    await town.answers_bells()
    await town.ticks()
    assert (await batch.shows())["state"] == "done"
    return batch, people[0], sampled


async def appeals_rightly(town, person, batch, task):
    answer = await town.value(
        """select a.id from answer a join task t on t.id = a.task_id
           where t.batch_id = $1 and t.name = $2 and a.worker_id = $3""",
        batch.id,
        task,
        await person.id(),
    )
    ref = answer_ref(answer)
    await person.texts(f"APPEAL {ref}")
    await decide_appeal(
        town.rt, AppealDecision(ref, worker_right=True, by="Asha", reason="I was there")
    )
    await town.answers_bells()


async def quality(town, batch):
    return (await town.client.asks("GET", f"/batches/{batch.id}/quality")).json()


async def test_the_remaining_error_is_told_before_and_after_appeals(town, drawn):
    judged, other = drawn[0], drawn[-1]
    batch, amina, sampled = await outvoted_and_audited(town, {judged, other})
    assert judged in sampled
    assert other not in sampled
    first = await quality(town, batch)
    assert first["before_appeals"] == first["after_appeals"] == first["steps"][-1]["remaining"]
    assert first["changed_by_appeals"] == 0

    await appeals_rightly(town, amina, batch, other)
    second = await quality(town, batch)
    assert second["changed_by_appeals"] == 1
    assert second["before_appeals"] == first["before_appeals"], "the certificate stays as it was"
    fewer = first["after_appeals"]["high"] - second["after_appeals"]["high"]
    assert round(fewer * first["audits"][-1]["population"], 6) == 1, "one error less is left"

    await appeals_rightly(town, amina, batch, judged)
    third = await quality(town, batch)
    assert third["changed_by_appeals"] == 2
    more = third["after_appeals"]["high"] - second["after_appeals"]["high"]
    assert more > 0, "the audit had missed an error, so more of them are left elsewhere"
    page = (await town.client.asks("GET", f"/batches/{batch.id}/quality.html")).text
    assert "Results changed by upheld appeals since: 2." in page
