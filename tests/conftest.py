"""One whole gateway per test process, on real servers, emptied before each test that asks for it.

PostgreSQL and Redis are the embedded ones; the mobile-money operator is the simulated one; our own
HTTP server listens on a port, for the operator's callbacks. Tests that break things make a
`new_database` of their own.
"""

import gc
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterator
from contextlib import ExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

import asyncpg
import httpx2
import pytest
from pydantic import SecretStr

from gateway.api.contract.told import SWITCH
from gateway.api.monitoring import metrics
from gateway.api.server import make_app
from gateway.app import open_runtime
from gateway.base.vault import new_master_secret
from gateway.console.mount import mount_pages
from gateway.queue.inline import InlineJobQueue
from gateway.servers import EmbeddedServers, postgres
from gateway.settings import ProviderSettings, Settings, Weekly
from gateway.settings.apart import leave_every_gateway
from gateway.settings.coordinators import Coordinators
from gateway.simulator.faults import FaultPlan
from gateway.simulator.operators.daraja import DarajaTerms
from gateway.simulator.operators.server import Operators
from gateway.simulator.wire import Listener
from gateway.steps.runtime import Runtime
from gateway.store.schema import migrate
from tests.support.kept_answers import FOUND, KeptAnswers
from tests.support.town import MovableClock, Town, eventually

# This must precede every reading of a setting: the variables of this shell belong to another
# gateway.
leave_every_gateway()
# A response that loses a field is an error, also in the processes that tests start.
os.environ[SWITCH] = "raise"

_EMPTY = """
do $$ declare t record; begin
  set local session_replication_role = replica;  -- the ledger's own laws forbid this, and they are right
  for t in select c.oid::regclass as name from pg_class c
    where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace
      and c.relname not in ('alembic_version', 'sql_version')
  loop execute 'delete from ' || t.name; end loop;
end $$"""


@pytest.fixture(autouse=True)
def fresh_metrics(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read the figures of `/metrics` at each call. A kept answer may tell of the test before."""
    monkeypatch.setattr(metrics, "_KEPT_S", 0.0)


@pytest.fixture(autouse=True)
def same_umask() -> Iterator[None]:
    """Give the next test the usual umask.

    A test that serves the gateway in this process closes its umask.
    """
    before = os.umask(0o022)
    os.umask(before)
    yield
    os.umask(before)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Keep the garbage collector away from modules and tests, which stay until the end.

    Each process collects all tests, and would walk them again and again meanwhile and afterwards.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


# The files that take minutes begin first, so that no core is idle while the last of them runs.
_BEGIN_FIRST = (
    "system/faults/test_failpoints.py",
    "system/e2e/",
    "cli/",
    "system/faults/",
    "servers/",
    "system/",
    "console/",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files first; the order within a file stays."""
    tests = Path(__file__).parent

    def place(item: pytest.Item) -> int:
        path = item.path.relative_to(tests).as_posix()
        found = (n for n, start in enumerate(_BEGIN_FIRST) if path.startswith(start))
        return next(found, len(_BEGIN_FIRST))

    items.sort(key=place)


def pytest_report_header() -> str:
    """State where the tests work.

    Pytest removes the folder when they pass (`tmp_path_retention_policy`).
    """
    return "settings of any real gateway are ignored; folders: pytest's temporary ones, removed at the end"


# Tests of durability start servers of their own, with the settings of the product.
_WITHOUT_DISK = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}


@pytest.fixture(scope="session")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServers]:
    """PostgreSQL and Redis of this test process. PostgreSQL does not wait for the disk."""
    servers = EmbeddedServers(tmp_path_factory.mktemp("gateway") / "data")
    with ExitStack() as running:
        with patch.dict(postgres.SETTINGS, _WITHOUT_DISK):
            running.enter_context(servers)
        yield servers


@pytest.fixture(scope="session")
async def template(embedded: EmbeddedServers) -> str:
    """Return a migrated database without connections: a clone is cheaper than another migration."""
    await _database(embedded, "create database template_gateway")
    url = embedded.database_url.replace("/gateway?", "/template_gateway?")
    await migrate(url)
    return url


PAGES = (mount_pages,)
NewDatabase = Callable[[str], Awaitable[str]]
Providers = dict[str, ProviderSettings]


@pytest.fixture(scope="session")
def new_database(embedded: EmbeddedServers, template: str) -> NewDatabase:
    """Make a migrated database of that name; its URL."""

    async def make(name: str) -> str:
        await _database(
            embedded, f"create database {name} template template_gateway strategy file_copy"
        )
        return embedded.database_url.replace("/gateway?", f"/{name}?")

    return make


async def _database(embedded: EmbeddedServers, statement: str) -> None:
    connection = await asyncpg.connect(embedded.postgres_dsn)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


class Switchboard:
    """An address that is known before the gateway behind it is open.

    Payouts name it in their callbacks.
    """

    def __init__(self) -> None:
        self.app = None

    async def __call__(self, scope, receive, send) -> None:
        assert self.app is not None
        await self.app(scope, receive, send)


@asynccontextmanager
async def opened_gateway(
    database_url: str, more: Callable[[str], Providers] | None = None, **changes: object
) -> AsyncIterator[Town]:
    """Open a gateway over a migrated database, with an operator, a listening server and a town.

    `more`: further payout providers, from the simulated operators' address.
    """
    board = Switchboard()
    clock, jobs = MovableClock(), InlineJobQueue()
    # A spool of its own: what one town keeps while its database is away, no other must find.
    with TemporaryDirectory(prefix="gateway-town-") as folder:
        async with (
            Operators(seed=7, terms=DarajaTerms(result_delay_s=0.0)) as operators,
            Listener(board) as door,
        ):
            settings = Settings(
                database_url=SecretStr(database_url),
                secret_key=SecretStr(new_master_secret()),
                public_url=door.url,
                providers={
                    "mpesa": ProviderSettings(kind="mpesa", options=_mpesa(operators.url)),
                    **(more(operators.url) if more else {}),
                },
                # Stories are told at any hour of the day, by many clients in a minute, and every
                # SMS is heard at once: those of the night, of limits and of a rush say so. Weekly
                # messages are off, because they would come on some days of the week only.
                **{
                    "data_dir": Path(folder),
                    "quiet_hours": "",
                    "weekly": Weekly(on=False),
                    "strangers_per_minute": 0,
                    "walks_at_once": 1000,
                    # Many keys at once are no overload here, however slow the machine is.
                    "ussd_wait_s": 8.0,
                    "coordinators": Coordinators(
                        invitations_per_day=10_000, adds_without_pin=10_000
                    ),
                    "private_addresses": LOOPBACK,
                    **changes,
                },
            )
            async with open_runtime(settings, jobs, clock=clock, connections=8) as rt:

                @asynccontextmanager
                async def already_open() -> AsyncIterator[Runtime]:
                    yield rt

                doors = make_app(already_open, PAGES)
                app = doors.api
                board.app = KeptAnswers(doors, app)
                async with (
                    app.router.lifespan_context(app),
                    httpx2.AsyncClient(
                        transport=httpx2.ASGITransport(board.app), base_url=door.url
                    ) as http,
                ):
                    yield Town(rt, jobs, clock, http, operators)


# Providers are simulated on this machine.
LOOPBACK = ("127.0.0.0/8",)


def _mpesa(url: str) -> dict[str, object]:
    """Credentials of the simulator: it asks for some, and takes any."""
    return {
        "base_url": url,
        "consumer_key": "test",
        "consumer_secret": "test",
        "initiator": "test",
        "security_credential": "dGVzdA==",
        "shortcode": "600997",
    }


@pytest.fixture(scope="session")
async def shared_gateway(new_database: NewDatabase) -> AsyncIterator[Town]:
    async with opened_gateway(await new_database("town")) as town:
        yield town


@pytest.fixture
async def town(shared_gateway: Town) -> AsyncIterator[Town]:
    """Return an unused gateway with a coordinator, a partner and a client.

    Afterwards its books must be right.
    """
    rt = shared_gateway.rt
    await rt.db.execute(_EMPTY)
    rt.batches._known.clear()  # what a new process would not know
    rt.accounts._known.clear()
    shared_gateway.operators.set_plan(FaultPlan(seed=7))
    shared_gateway.jobs.take()
    shared_gateway.clock.reset()
    town = Town(
        rt,
        shared_gateway.jobs,
        shared_gateway.clock,
        shared_gateway.http,
        shared_gateway.operators,
    )
    await eventually(partial(_calm, shared_gateway), within_s=300)
    FOUND.clear()
    await town.opens()
    yield town
    assert FOUND == [], "answers that are not as the document says"
    await town.has_right_books()


async def _calm(town: Town) -> bool:
    """Return whether the phones of the story before are answered.

    Only then are clients served again. The flag follows a quarter of a second after the door.
    """
    turnstile = town.http._transport.app.turnstile
    return not turnstile.admission.behind and not await town.rt.pressure.phones_wait()


@pytest.fixture
def configure(town: Town) -> Iterator[Callable[..., None]]:
    """Return a function that changes settings for one story."""
    settings, before = town.rt.settings, dict[str, object]()

    def change(**values: object) -> None:
        for name, value in values.items():
            before.setdefault(name, getattr(settings, name))
            object.__setattr__(settings, name, value)

    yield change
    for name, value in before.items():
        object.__setattr__(settings, name, value)


@pytest.fixture
def rt(town: Town) -> Runtime:
    return town.rt
