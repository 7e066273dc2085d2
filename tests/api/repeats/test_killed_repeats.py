"""A process is killed between the commit of a change and the storing of its answer.

The request is sent again under its `Idempotency-Key`: it is done once, and gets its answer.
"""

import os
from pathlib import Path

import pytest

from gateway.api.contract import repeats
from gateway.steps.batches.drafting import drafts
from gateway.steps.housekeeping.sweep import sweep
from tests.support.town import Batch

BATCH = {"name": "Shops", "kind": "verification", "instructions": "Is it true?", "price": "3.00"}
CSV = {"Content-Type": "text/csv"}
ROWS = b"id,text\na,Is it open?\nb,Is it clean?\n"
HOOK = {"url": "https://example.org/hook"}
PROJECT = {
    "recipe": "check-list",
    "name": "Shops",
    "price": "3.00",
    "parameters": {"question": "Is {name} open?"},
}


class Killed(BaseException):
    """A stand-in for SIGKILL: nothing is tidied up behind it."""


async def is_killed(monkeypatch, asked, module=repeats, point="answer.unkept"):
    """Send a request to a process that is killed at this point."""

    def killed(name):
        if name == point:
            raise Killed

    monkeypatch.setattr(module, "reach", killed)
    with pytest.raises(Killed):
        await asked()
    monkeypatch.undo()


def sent(client, method, path, key="k", **given):
    headers = {"Idempotency-Key": key, **given.pop("headers", {})}
    return lambda: client.asks(method, path, headers=headers, **given)


async def test_what_it_made_is_found_and_made_once(town, monkeypatch):
    done = await town.posts_batch("Is it open?")
    export = {"what": "results", "format": "csv"}
    draft = await town.client.drafts()
    for table, path, given in (
        ("batch", "/batches", {"json": BATCH}),
        ("batch", f"/batches/{done.id}/copy", {"json": {"tasks": True}}),
        ("project", "/projects", {"json": PROJECT}),
        ("webhook", "/webhooks", {"json": HOOK}),
        ("file_job", f"/batches/{done.id}/exports", {"json": export}),
        ("file_job", f"/batches/{draft.id}/imports", {"content": ROWS, "headers": CSV}),
    ):
        ask = sent(town.client, "POST", path, key=path, **given)
        before = await town.count(table)
        await is_killed(monkeypatch, ask)
        assert await town.count(table) == before + 1, path
        again = await ask()
        assert again.is_success, again.text
        assert await town.count(table) == before + 1, path
        third = await ask()
        assert third.headers["idempotent-replayed"] == "true"
        assert third.json() == again.json()
        other = await sent(town.client, "POST", path, key=f"other {path}", **given)()
        assert other.json()["id"] != again.json()["id"], "another key makes another one"


async def test_a_lost_secret_is_told_again_and_the_one_in_use_stays_valid(town, monkeypatch):
    made = sent(town.client, "POST", "/webhooks", json=HOOK)
    await is_killed(monkeypatch, made)
    hook = (await made()).json()
    assert hook["secret"].startswith("whsec_")
    ask = sent(town.client, "POST", f"/webhooks/{hook['id']}/secret", key="rotate")
    await is_killed(monkeypatch, ask)
    kept = await town.value("select former_sealed from webhook where id = $1", hook["id"])
    assert town.rt.vault.open(kept) == hook["secret"]
    again = (await ask()).json()
    assert again["secret"] != hook["secret"]
    kept = await town.value("select former_sealed from webhook where id = $1", hook["id"])
    assert town.rt.vault.open(kept) == hook["secret"], "it still signs, since it is in use"


@pytest.mark.parametrize("running", [False, True])
async def test_an_upload_of_tasks_keeps_its_answer_in_its_own_commit(town, monkeypatch, running):
    batch = await town.client.drafts(open=True)
    if running:
        await batch.changes("start")
    ask = sent(town.client, "POST", f"/batches/{batch.id}/tasks", content=ROWS, headers=CSV)
    await is_killed(monkeypatch, ask)
    again = await ask()
    assert (again.status_code, again.headers.get("idempotent-replayed")) == (201, "true")
    assert again.json()["added"] == 2
    assert again.json()["cost_minor"] == (600 if running else None)
    assert await town.count("task", "batch_id = $1", batch.id) == 2
    await town.has_right_books()


async def test_a_copy_that_was_killed_midway_is_made_anew_by_its_repetition(town, monkeypatch):
    source = await town.posts_batch("Is it open?", "Is it clean?")
    ask = sent(town.client, "POST", f"/batches/{source.id}/copy", json={"tasks": True})
    monkeypatch.setattr(drafts, "delete", _nothing)  # A killed process tidies nothing up.
    await is_killed(monkeypatch, ask, drafts, "copy.begun")
    assert await town.count("unfinished_copy") == 1
    made = (await ask()).json()
    assert made["progress"]["tasks"] == 2
    assert await town.count("batch") == 2
    assert await town.count("unfinished_copy") == 0


async def test_an_empty_draft_of_a_killed_copy_is_swept(town, monkeypatch):
    source = await town.posts_batch("Is it open?")
    ask = sent(town.client, "POST", f"/batches/{source.id}/copy", json={"tasks": True})
    monkeypatch.setattr(drafts, "delete", _nothing)
    await is_killed(monkeypatch, ask, drafts, "copy.begun")
    await sweep(town.rt)
    assert await town.count("batch") == 2, "its process may still be at it"
    town.clock.advance(hours=2)
    await sweep(town.rt)
    assert await town.count("batch") == 1
    assert (await Batch(town.client, source.id).shows())["progress"]["tasks"] == 1


async def _nothing(*_):
    """Do nothing."""


async def test_a_large_import_under_a_key_is_written_to_disk_once(town):
    draft = await town.client.drafts()
    content = b"id,text\n" + b"".join(b"%d,%s\n" % (n, b"x" * 100) for n in range(40_000))
    ask = sent(town.client, "POST", f"/batches/{draft.id}/imports", content=content, headers=CSV)
    before = written_bytes()
    answer = await ask()
    assert answer.status_code == 202, answer.text
    assert len(content) <= written_bytes() - before < 1.5 * len(content)
    assert answer.json()["bytes"] == len(content)
    assert (await ask()).headers["idempotent-replayed"] == "true"
    folder = town.rt.settings.data_dir / "files"
    assert not list(folder.glob("*.body")), "nothing else is left"
    await town.answers_bells()


def written_bytes():
    """Return the bytes that this process has written, from /proc."""
    told = Path(f"/proc/{os.getpid()}/io").read_text().splitlines()
    return int(dict(line.split(": ") for line in told)["wchar"])
