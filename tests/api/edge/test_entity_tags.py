"""The `ETag` of every answer to GET, and 304 for a client that has the same answer already."""

from tests.support.operations import Operation, operations_of
from tests.support.projects import makes_project

STREAMED = {"list_results": "?limit=2", "list_answers": "?limit=2"}
"""Operations that stream all rows, and the parameter with which they return a page."""
WITHOUT_A_TAG = {"get_proof", "get_project_result", "get_project_report"}
"""Operations that always stream, or may do so: a tag of theirs would need the whole answer."""
ELSEWHERE = {"get_export_file"}
"""An operation that needs more than this test makes: see tests/stories/batches/test_exports.py."""


async def objects(town) -> dict[str, str]:
    """Return the ids of one object of each kind."""
    batch = await town.posts_batch("Is it open?", "Is it clean?", "Is it large?")
    hook = (
        await town.client.asks("POST", "/webhooks", json={"url": "https://example.org/h"})
    ).json()
    project = await makes_project(town.client, "check-list", "text,gold\nIs it open?,yes\n")
    return {"batch": batch.id, "task": "t1", "webhook": hook["id"], "project": project.id}


async def tagged(town, ids: dict[str, str]) -> list[tuple[Operation, str]]:
    """Return each operation that must send a tag, with an address that exists."""
    found = list[tuple[Operation, str]]()
    for each in await operations_of(town):
        if each.method == "GET" and each.id not in WITHOUT_A_TAG | ELSEWHERE:
            path = each.path(**ids) + STREAMED.get(each.id, "")
            found.append((each, path.removeprefix("/api/v1")))
    return found


async def test_every_answer_has_a_tag_and_the_same_one_is_not_sent_again(town, configure):
    configure(requests_per_minute=0)
    missing, tried = list[str](), 0
    for each, path in await tagged(town, await objects(town)):
        first = await town.client.asks("GET", path)
        if first.status_code != 200:
            assert first.status_code in (404, 409), (each.id, first.text)
            assert "etag" not in first.headers, "an error is told each time"
            continue
        tried += 1
        tag = first.headers.get("etag", "")
        if not tag.startswith('"'):
            missing.append(each.id)
            continue
        again = await town.client.asks("GET", path, headers={"If-None-Match": f'"other", W/{tag}'})
        assert (again.status_code, again.content) == (304, b""), each.id
        assert again.headers["etag"] == tag, each.id
        assert "content-length" not in again.headers, each.id
        assert "x-request-id" in again.headers, each.id
        head = await town.client.asks("HEAD", path, headers={"If-None-Match": tag})
        assert head.status_code == 304, each.id
        changed = await town.client.asks("GET", path, headers={"If-None-Match": '"other"'})
        assert (changed.status_code, changed.content) == (200, first.content), each.id
    assert missing == []
    assert tried >= 24


async def test_a_tag_and_304_are_declared_for_every_operation_that_sends_them(town):
    for each in await operations_of(town):
        answers = each.said["responses"]
        has_tag = each.method == "GET" and each.id not in WITHOUT_A_TAG
        assert ("304" in answers) == has_tag, each.id
        assert ("ETag" in answers.get("200", {}).get("headers", {})) == has_tag, each.id
        given = {one["name"] for one in each.said.get("parameters", [])}
        assert ("If-None-Match" in given) == has_tag, each.id


async def test_a_change_makes_another_tag(town):
    batch = await town.posts_batch("Is it open?")
    paths = (f"/batches/{batch.id}", f"/batches/{batch.id}/history", "/batches")
    before = [(await town.client.asks("GET", path)).headers["etag"] for path in paths]
    changed = await town.client.asks("PATCH", f"/batches/{batch.id}", json={"labels": {"a": "b"}})
    assert changed.status_code == 200, changed.text
    for path, tag in zip(paths, before, strict=True):
        again = await town.client.asks("GET", path, headers={"If-None-Match": tag})
        assert again.status_code == 200, path


async def test_a_running_batch_has_the_same_tag_some_seconds_later(town):
    """The forecast begins at the present time, and is told to the minute."""
    await town.enrols("amina")
    batch = await town.posts_batch("Is it open?", policy="fixed:1")
    town.clock.advance(seconds=60 - town.clock.now().second)
    first = await town.client.asks("GET", f"/batches/{batch.id}")
    assert first.json()["ready"]["likely"].endswith(":00Z")
    town.clock.advance(seconds=1)
    again = await town.client.asks("GET", f"/batches/{batch.id}")
    assert first.json()["ready"] == again.json()["ready"]
    assert first.headers["etag"] == again.headers["etag"]


async def test_a_page_that_has_become_followed_by_another_has_another_tag(town):
    """The rows are the same, and only the header with the cursor differs."""
    batch = await town.posts_batch("Is it open?", open=True)
    path = f"/batches/{batch.id}/results?limit=1"
    alone = await town.client.asks("GET", path)
    more = [{"id": "t2", "text": "Is it clean?"}]
    added = await town.client.asks("POST", f"/batches/{batch.id}/tasks", json=more)
    assert added.status_code == 201, added.text
    followed = await town.client.asks("GET", path)
    assert (alone.content, followed.headers["next-after"]) == (followed.content, "t1")
    assert alone.headers["etag"] != followed.headers["etag"]


async def test_all_results_are_streamed_without_a_tag(town):
    batch = await town.posts_batch("Is it open?")
    for path in ("results", "answers"):
        whole = await town.client.asks("GET", f"/batches/{batch.id}/{path}")
        assert (whole.status_code, whole.headers.get("etag")) == (200, None)
