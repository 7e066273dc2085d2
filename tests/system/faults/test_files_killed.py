"""kill -9 of the runner and of the API in the middle of a large import and of an export.

The places are named points in the code, so that no timing decides what is tested. After each kill
there is nothing of the import, or all of it. There is one job, with the file that it promises.
"""
# pyright: basic

import asyncio
import csv
import hashlib
import io
from contextlib import asynccontextmanager

import aiohttp
import pytest

from gateway.steps.batches.files.folder import FileFolder
from tests.support.town import eventually

from .installation import a_client, installation

pytestmark = [
    pytest.mark.timeout(1800),
    # A request that the killed API never answered leaves its half of the connection behind.
    pytest.mark.filterwarnings("ignore:Unclosed connection:ResourceWarning"),
]

ROWS = 20_000
FILE = "id,text,ward\n" + "".join(f"s{n},Is shop {n} open?,W{n % 40}\n" for n in range(ROWS))
BATCH = {
    "name": "Shops",
    "kind": "verification",
    "instructions": "Is it true?",
    "price": "5.00",
}
KILLED = -9


class Client:
    """A client's program. It repeats a request under its key until there is an answer."""

    def __init__(self, here, key):
        self._here, self._headers = here, {"Authorization": f"Bearer {key}"}

    @asynccontextmanager
    async def _asks(self, method, path, **given):
        headers = {**self._headers, **given.pop("headers", {})}
        async with (
            aiohttp.ClientSession(self._here.url, headers=headers) as api,
            api.request(method, f"/api/v1{path}", **given) as answer,
        ):
            yield answer

    async def asks(self, method, path, **given):
        async with self._asks(method, path, **given) as answer:
            assert answer.status < 300, await answer.text()
            return await answer.json()

    async def downloads(self, path):
        async with self._asks("GET", path) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.read()

    async def is_cut_off(self, method, path, **given):
        """Send a request whose answer is lost with the process."""
        with pytest.raises(aiohttp.ClientError):
            await self.asks(method, path, **given)


async def armed(here, name, point):
    """Start a process that is killed at this point."""
    here.env["FAILPOINT"] = point
    try:
        await here.starts(name)
    finally:
        del here.env["FAILPOINT"]


async def is_killed(here, name):
    """Wait until the process has met its point."""
    process = here.children._children[name].process
    assert await asyncio.to_thread(process.wait, 600) == KILLED


async def time_passes(rt):
    """End the leases of the killed runner, as half a minute would."""
    await rt.db.execute("update file_job set due_at = now() where state = 'running'")
    await rt.db.execute("update batch set upload_until = now() where upload_until is not null")


async def is_killed_and_replaced(here, rt, point):
    """Let a runner die at a point, and say what the client sees then."""
    await armed(here, "runner", point)
    await is_killed(here, "runner")
    await time_passes(rt)


async def test_an_import_and_an_export_survive_kill_9_anywhere(tmp_path):
    async with installation(tmp_path) as here:
        await armed(here, "api", "files.ordered")
        await here.starts("ticker")
        async with here.books() as rt:
            client = Client(here, await a_client(rt))
            batch = (await client.asks("POST", "/batches", json=BATCH))["id"]
            await imports(here, rt, client, batch)
            await exports(here, rt, client, batch)
            told = await rt.db.rows("select type, count(*) as n from client_event group by type")
            assert not told, "no webhook asked for them"


async def imports(here, rt, client, batch):
    """The API dies behind the order, and runners in three places of the import."""
    path = f"/batches/{batch}/imports"
    order = {
        "data": FILE.encode(),
        "headers": {"Content-Type": "text/csv", "Idempotency-Key": "shops-1"},
    }
    await client.is_cut_off("POST", path, **order)
    await is_killed(here, "api")
    await here.starts("api")
    for point in ("import.read", "upload.slice"):
        await is_killed_and_replaced(here, rt, point)
        seen = await client.asks("GET", f"/batches/{batch}/tasks?limit=1")
        assert (seen["tasks"], seen["total"]) == ([], 0), f"nothing is there behind {point}"
    stored = await rt.db.value("select count(*) from task")
    assert 0 < stored < ROWS, "it was killed in the middle"
    job = (await client.asks("POST", path, **order))["id"]
    await is_killed_and_replaced(here, rt, "upload.written")
    here.kills("api")
    await here.starts("api")
    done = await client.asks("GET", f"{path}/{job}")
    assert (done["state"], done["rows_done"]) == ("ready", ROWS)
    assert done["sha256"] == hashlib.sha256(FILE.encode()).hexdigest()
    await here.starts("runner")
    listed = await client.asks("GET", path)
    assert [one["id"] for one in listed["imports"]] == [job], "one job"
    assert (await client.asks("POST", path, **order))["id"] == job
    names = await rt.db.rows("select name, own->>'ward' as ward from task order by position")
    assert [tuple(row) for row in names] == [(f"s{n}", f"W{n % 40}") for n in range(ROWS)]
    here.kills("runner")


async def exports(here, rt, client, batch):
    """The API dies behind the order, and runners in the middle and at the end of the file."""
    path = f"/batches/{batch}/exports"
    order = {
        "json": {"what": "results", "format": "csv", "raw": True},
        "headers": {"Idempotency-Key": "results-1"},
    }
    here.kills("api")
    await armed(here, "api", "files.ordered")
    await client.is_cut_off("POST", path, **order)
    await is_killed(here, "api")
    await here.starts("api")
    for point in ("export.page", "export.written"):
        await is_killed_and_replaced(here, rt, point)
        (seen,) = (await client.asks("GET", path))["exports"]
        assert (seen["state"], seen["url"]) == ("running", None), point
    job = (await client.asks("POST", path, **order))["id"]
    here.kills("api")
    await here.starts("runner", "api")

    async def ready():
        return (await client.asks("GET", f"{path}/{job}"))["state"] == "ready"

    await eventually(ready, 600)
    shown = await client.asks("GET", f"{path}/{job}")
    file = await client.downloads(f"{path}/{job}/file")
    assert hashlib.sha256(file).hexdigest() == shown["sha256"]
    assert (len(file), shown["rows_done"]) == (shown["bytes"], ROWS)
    rows = list(csv.DictReader(io.StringIO(file.decode())))
    assert [(row["task"], row["ward"]) for row in rows] == [(f"s{n}", f"W{n % 40}") for n in range(ROWS)]  # fmt: skip
    assert (await client.asks("GET", path))["total"] == 1, "one job"
    folder = FileFolder(rt.settings).path
    name = await rt.db.value("select file from file_job where id = $1", job)
    assert (folder / name).read_bytes() == file
