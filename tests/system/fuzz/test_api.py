"""The client API under random calls, over a real server."""

import httpx2

from tests.support.projects import makes_project
from tests.system.fuzz.api import Api, spec_of

CASES = 600  # python -m tests.system.fuzz api --cases 10000 for more


async def fuzzed(town, cases, seed=1):
    """A run against a batch with tasks, gold and a coordinator's workers."""
    await town.enrols("amina")
    batch = await town.posts_batch("Is it open?", "Is it clean?")
    draft = await town.client.drafts(gold_rate=0.05, kind="categorisation", options=["shop", "bar"])
    listed, pieces = (
        await makes_project(
            town.client, "check-list", "text,gold\nIs it open?,yes\nIs it clean?,\n"
        ),
        await makes_project(town.client, "transcribe-text", "One is here. Two is there."),
    )
    await pieces.changes("start")
    ids = {
        "project": [listed.id, pieces.id],
        "batch": [batch.id, draft.id],
        "task": ["t1", "t2"],
        "option": ["shop", "yes"],
        "version": ["1", "v1"],
    }
    async with httpx2.AsyncClient(base_url=town.rt.settings.public_url, timeout=300) as http:
        spec = spec_of((await http.get("/openapi.json")).content)
        return await Api(http, town.client.key, spec, ids, seed).run(cases)


async def test_no_call_causes_a_fault_or_an_answer_that_is_not_declared(town, configure):
    configure(requests_per_minute=0)
    report = await fuzzed(town, CASES)
    assert report.cases == CASES
    assert not report.faults, "\n".join(report.faults[:30])
    assert {200, 201, 404, 422} <= set(report.statuses), "and the calls went past the door"
