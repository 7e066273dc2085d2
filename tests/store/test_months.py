"""Messages, events and sessions lie in months.

Repetitions are known across them, and old months leave.
"""

import asyncio
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest
from pydantic import SecretStr

from gateway.app import STEPS
from gateway.base.errors import Failed, Refused
from gateway.cli.backup.archive import archive as command
from gateway.settings.retention import Retention
from gateway.steps.housekeeping import archive
from gateway.steps.people import find_worker
from gateway.store import due
from gateway.store.db import open_database, plain_dsn
from gateway.store.retention import archive_file, months
from gateway.store.turns import inbox
from gateway.store.turns.inbox import SealedEvent
from tests.conftest import NewDatabase, opened_gateway
from tests.support.town import Town

JANUARY, FEBRUARY = datetime(2024, 1, 1, tzinfo=UTC), datetime(2024, 2, 1, tzinfo=UTC)
TABLES = ("inbox", "outbox", "ussd_session")
_OF = {
    "inbox": """insert into inbox (channel, kind, event_id, worker_id, body_sealed, state, reply, created_at)
        select 'phone', 'sms', 'old' || n, n, '\\x0102', $3, 'Asante', $1::timestamptz + n * interval '1 minute'
        from generate_series(1, $2::int) n""",
    "outbox": """insert into outbox (channel, worker_id, to_sealed, to_index, text, segments, encoding, purpose, priority,
          state, created_at)
        select 'phone', n, '\\x0a', '\\x0b', 'Is it a shop? "yes" \\ no ' || chr(233), 1, 'gsm7', 'reply', 0, $3,
          $1::timestamptz + n * interval '1 minute' from generate_series(1, $2::int) n""",
    "ussd_session": """insert into ussd_session (channel, session, msisdn_index, worker_id, transcript, view, memory, pages,
          created_at)
        select 'phone', 's' || n || $3, '\\x0b', n, '1*2', 'main', '{}', '{a,b}', $1::timestamptz + n * interval '1 minute'
        from generate_series(1, $2::int) n""",
}


@pytest.fixture
async def installation(new_database: NewDatabase, request):
    """A gateway of its own, whose database has a part for January 2024."""
    name = f"months_{abs(hash(request.node.name)) % 10**9}"
    url = await new_database(name)
    async with opened_gateway(url) as town:
        for table in TABLES:
            await town.rt.db.execute("select make_month($1, $2, $3)", table, JANUARY, FEBRUARY)
        yield town


async def puts(town: Town, table: str, rows: int, state: str = "done") -> None:
    """Put rows into January."""
    await town.rt.db.execute(_OF[table], JANUARY, rows, state)


async def archives(town: Town, **how: bool) -> list[archive.ArchivedMonth]:
    return [gone async for gone in archive.archive_months(town.rt, **how)]


async def parts(town: Town) -> set[str]:
    return {row["part"] for row in await town.rt.db.rows("select part from parts()")}


async def test_an_old_month_leaves_for_a_file_and_is_read_again(installation):
    for table, state in (("inbox", "done"), ("outbox", "accepted"), ("ussd_session", "")):
        await puts(installation, table, 700, state)
    gone = await archives(installation)
    assert {one.part: one.rows for one in gone} == {f"{t}_2024_01": 700 for t in TABLES}
    assert not {f"{table}_2024_01" for table in TABLES} & await parts(installation)
    for one in gone:
        assert one.file
        assert one.file.stat().st_mode & 0o777 == 0o600
        assert one.file.parent.stat().st_mode & 0o077 == 0
        checking = ["sha256sum", "-c", f"{one.file.name}.sha256"]
        await asyncio.to_thread(subprocess.run, checking, cwd=one.file.parent, check=True)
        header, *rows = archive_file.read_archive(one.file)
        assert header["table"] == one.part.removesuffix("_2024_01")
        assert sorted(row["worker_id"] for row in rows) == list(range(1, 701))
        if header["table"] == "outbox":
            assert rows[0]["text"] == 'Is it a shop? "yes" \\ no \u00e9'
            assert rows[0]["to_sealed"] == "\\x0a", "numbers stay sealed"
    assert await archives(installation) == []
    assert await archive.due_months(installation.rt) == []


async def test_what_is_not_over_stays(installation):
    await puts(installation, "inbox", 3)
    for n, state in enumerate(("waiting", "failed", "unclear")):
        await installation.rt.db.execute(
            "select leave_event('phone', 'sms', $1, '\\x00', $2, 'why', now())", f"left{n}", state
        )
    await installation.rt.db.execute(
        "update inbox set created_at = $1 where state <> 'done'", JANUARY
    )
    await installation.rt.db.execute("update inbox_key set created_at = $1", JANUARY)
    await puts(installation, "outbox", 2, "accepted")
    await puts(installation, "outbox", 1, "queued")
    await archives(installation)
    assert {row["state"] for row in await inbox.not_done(installation.rt.db)} == {
        "waiting",
        "failed",
    }
    assert await installation.count("outbox", "state = 'queued'") == 1
    assert await installation.count("outbox") == 1
    known = "select array_agg(event_id order by event_id) from inbox_key"
    assert await installation.value(known) == ["left0", "left1"], (
        "what nobody need act on is forgotten"
    )
    await inbox.done(installation.rt.db, "phone", "sms", "left1")
    assert len(await inbox.not_done(installation.rt.db)) == 1


async def test_the_settings_say_when(installation, monkeypatch):
    await puts(installation, "ussd_session", 1, "")
    installation.clock.advance(
        hours=(datetime(2024, 2, 1, tzinfo=UTC) + timedelta(days=89) - installation.clock.now())
        / timedelta(hours=1)
    )
    assert await archive.due_months(installation.rt) == []
    installation.clock.advance(days=2)
    assert await archive.due_months(installation.rt) == ["ussd_session_2024_01"]
    installation.clock.advance(days=90)
    assert set(await archive.due_months(installation.rt)) == {
        f"{table}_2024_01" for table in TABLES
    }
    monkeypatch.setattr(type(installation.rt.settings.retention), "days", dict.fromkeys(TABLES, 0))
    assert await archive.due_months(installation.rt) == [], "0 keeps all"


def test_nothing_is_kept_for_less_than_repetitions_are_known():
    with pytest.raises(ValueError, match="at least 35 days, or 0 to keep all"):
        Retention(messages_days=34)
    assert Retention(sessions_days=0).days["ussd_session"] == 0


async def test_months_can_be_deleted_without_a_file(installation):
    await puts(installation, "outbox", 5, "accepted")
    gone = await archives(installation, files=False)
    assert [one.file for one in gone] == [None] * 3
    assert await installation.count("outbox") == 0
    assert not archive.folder_of(installation.rt).exists()


@pytest.mark.parametrize("point", ["archive.detached", "archive.written"])
async def test_killed_in_the_middle_nothing_is_lost_and_the_next_run_completes(installation, point):
    for table, state in (("inbox", "done"), ("outbox", "accepted"), ("ussd_session", "")):
        await puts(installation, table, 400, state)
    settings = installation.rt.settings
    assert settings.database_url
    assert settings.secret_key
    killed = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "gateway", "archive"],
        env={
            **os.environ,
            "FAILPOINT": point,
            "GATEWAY_DATABASE_URL": settings.database_url.get_secret_value(),
            "GATEWAY_REDIS_URL": "redis://127.0.0.1:1",
            "GATEWAY_SECRET_KEY": settings.secret_key.get_secret_value(),
            "GATEWAY_DATA_DIR": str(settings.data_dir),
        },
        capture_output=True,
        check=False,
        timeout=300,
    )
    assert killed.returncode == -9, killed.stderr.decode()[-2000:]
    assert len(await months.leaving(installation.rt.db)) == 1
    gone = await archives(installation)
    assert {one.part: one.rows for one in gone} == {f"{t}_2024_01": 400 for t in TABLES}
    assert (
        sum(len(list(archive_file.read_archive(one.file))) - 1 for one in gone if one.file) == 1200
    )
    assert not list(archive.folder_of(installation.rt).glob("*.draft"))


async def test_two_runs_at_once_are_refused(installation):
    await puts(installation, "outbox", 5, "accepted")
    first = archive.archive_months(installation.rt)
    await anext(first)
    with pytest.raises(Refused, match="another gateway archive"):
        await archives(installation)
    await first.aclose()
    await archives(installation)


async def test_a_folder_that_takes_nothing_leaves_the_rows_in_the_database(
    installation, monkeypatch
):
    await puts(installation, "outbox", 5, "accepted")
    blocked = installation.rt.settings.data_dir / "blocked"
    blocked.write_text("a file")
    monkeypatch.setattr(archive, "folder_of", lambda _: blocked)
    with pytest.raises(Refused, match="nothing can be written"):
        await archives(installation)
    assert await installation.count("outbox") == 5


async def test_a_busy_database_is_not_held_up(installation):
    """Turns wait behind a lock that is waited for: so it is not waited for long."""
    await puts(installation, "inbox", 5)
    other = await asyncpg.connect(
        plain_dsn(installation.rt.settings.database_url.get_secret_value())
    )
    try:
        async with other.transaction():
            await other.execute("lock table inbox in row exclusive mode")
            with pytest.raises(Failed, match="too busy"):
                await archives(installation)
        assert len(await archives(installation)) == 3
    finally:
        await other.close()


@pytest.mark.parametrize(
    "harm", ["cut", "changed", "foreign", "missing", "changed without checksum"]
)
async def test_a_file_that_is_not_what_was_written_is_refused(installation, harm):
    await puts(installation, "outbox", 50, "accepted")
    path = next(one.file for one in await archives(installation) if one.rows)
    assert path
    checksum = path.with_name(f"{path.name}.sha256")
    whole = path.read_bytes()
    if harm == "cut":
        checksum.unlink()
        path.write_bytes(whole[: len(whole) // 2])
    elif harm == "changed":
        path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    elif harm == "changed without checksum":
        checksum.unlink()
        path.write_bytes(whole[:200] + bytes([whole[200] ^ 1]) + whole[201:])
    elif harm == "foreign":
        path.write_bytes(b"no gzip")
        checksum.unlink()
    else:
        path.unlink()
    with pytest.raises(Refused, match=path.name):
        list(archive_file.read_archive(path))


async def test_the_command_shows_what_belongs_to_a_worker(installation, capsys):
    await puts(installation, "outbox", 50, "accepted")
    path = next(one.file for one in await archives(installation) if one.rows)
    command(read=[path], worker=7)
    shown = capsys.readouterr()
    assert shown.out.count("\n") == 1
    assert '"worker_id":7' in shown.out
    assert "outbox until 2024-02-01, checksum right" in shown.err


async def test_a_workers_page_says_up_to_when_messages_are_archived(installation):
    amina = installation.meets("amina")
    await amina.joins("JOIN")
    before = await find_worker.show(installation.rt, amina.msisdn)
    assert "archived" not in str(before.sections)
    await puts(installation, "outbox", 1, "accepted")
    await archives(installation)
    story = await find_worker.show(installation.rt, amina.msisdn)
    assert (
        "messages before 2024-02-01 are archived"
        in story.sections["Last messages to the worker"][-1]
    )


# --- months ahead ---
async def test_the_ticker_makes_the_next_months(installation):
    assert await months.missing(installation.rt.db)
    await installation.ticks()
    assert await months.missing(installation.rt.db) == []
    await STEPS["keep_months"](installation.rt)


async def test_a_month_to_come_that_was_analysed_empty_is_as_new_again(installation):
    """Else plans are kept that read it from end to end, once it begins."""
    await installation.ticks()
    known = "select array_agg(distinct reltuples) from pg_class where oid = to_regclass($1)"
    # Not the next month: in the last hour of a month its part is left alone.
    part = await installation.value("select part_name('inbox', month_start(2))")
    await installation.rt.db.execute("analyze")
    assert await installation.value(known, part) == [0.0]
    assert ("keep_months",) in await due.due_jobs(installation.rt.db, installation.clock.now())
    await STEPS["keep_months"](installation.rt)
    assert await installation.value(known, part) == [-1.0]
    assert ("keep_months",) not in await due.due_jobs(installation.rt.db, installation.clock.now())


async def test_what_came_while_a_month_was_missing_moves_into_it(installation):
    late = datetime(2031, 5, 7, tzinfo=UTC)
    for table in TABLES:
        await installation.rt.db.execute(
            _OF[table], late, 3, "done" if table == "inbox" else "accepted"
        )
    assert await installation.count("inbox_rest") == 3
    for table in TABLES:
        since, until = datetime(2031, 5, 1, tzinfo=UTC), datetime(2031, 6, 1, tzinfo=UTC)
        await installation.rt.db.execute("select make_month($1, $2, $3)", table, since, until)
        assert await installation.count(f"{table}_2031_05") == 3
        assert await installation.count(f"{table}_rest") == 0


# --- repetitions ---
async def test_an_event_of_last_month_is_known(installation):
    kept = SealedEvent("phone", "receipt", "r1", b"x")
    assert await inbox.keep_many(installation.rt.db, [kept, kept]) == [True, False]
    await installation.rt.db.execute(
        "update inbox set created_at = created_at - interval '1 month'"
    )
    await installation.rt.db.execute(
        "update inbox_key set created_at = created_at - interval '1 month'"
    )
    assert await inbox.keep_many(installation.rt.db, [kept]) == [False]
    await inbox.done(installation.rt.db, "phone", "receipt", "r1")
    assert await installation.count("inbox", "state = 'done'") == 1


async def test_the_same_event_in_two_transactions_is_kept_once(installation):
    """Whichever months they would lie in: the key is unique over all."""
    url = installation.rt.settings.database_url.get_secret_value()
    one, two = await open_database(url), await open_database(url)
    try:
        async with one.transaction() as first:
            assert await first.value(
                "select keep_event('phone', 'sms', 'e', 'x', 'waiting', null, null, null)"
            )
            second = asyncio.create_task(
                two.value(
                    "select keep_event('phone', 'sms', 'e', 'x', 'waiting', null, null, null)"
                )
            )
            await asyncio.sleep(0)
        assert await second is False
    finally:
        await one.close()
        await two.close()
    assert await installation.count("inbox") == 1


async def test_a_session_that_began_last_month_goes_on(installation):
    amina = installation.meets("amina")
    await amina.joins("JOIN")
    await amina.dials()
    await installation.rt.db.execute(
        "update ussd_session set created_at = date_trunc('month', now()) - interval '1 second'"
    )
    before = await installation.count("ussd_session")
    assert (await amina.presses("1")).text
    assert await installation.count("ussd_session") == before


async def test_keys_are_forgotten_after_thirty_days_but_not_of_what_waits_or_is_money(installation):
    db = installation.rt.db
    for n, state in enumerate(("done", "waiting")):
        await db.execute(
            "select keep_event('phone', 'sms', $1, 'x', $2, null, null, null)", f"e{n}", state
        )
    for purpose in ("reply", "money"):
        await db.execute(
            "select put_message('phone', null, 'x', 'y', 'Hi', 1::smallint, 'gsm7', $1, 0::smallint, $1, null, '')",
            purpose,
        )
    await db.execute("update outbox set state = 'accepted'")
    for table in ("inbox", "outbox", "inbox_key", "outbox_key"):
        await db.execute(f"update {table} set created_at = created_at - interval '29 days'")  # noqa: S608
    await STEPS["keep_months"](installation.rt)
    assert await installation.count("inbox_key") == await installation.count("outbox_key") == 2
    for table in ("inbox", "outbox", "inbox_key", "outbox_key"):
        await db.execute(f"update {table} set created_at = created_at - interval '2 days'")  # noqa: S608
    assert ("keep_months",) in await due.due_jobs(db, installation.clock.now())
    await STEPS["keep_months"](installation.rt)
    assert ("keep_months",) not in await due.due_jobs(db, installation.clock.now())
    assert await installation.value("select array_agg(event_id) from inbox_key") == ["e1"]
    assert await installation.value("select array_agg(cause) from outbox_key") == ["money"]


async def test_the_secret_stays_out_of_the_header(installation):
    """The header of a file states its table, its months and its columns."""
    await archives(installation)
    for path in archive.folder_of(installation.rt).glob("*.gz"):
        assert set(next(archive_file.read_archive(path))) == {
            "gateway_archive",
            "table",
            "since",
            "until",
            "columns",
        }
    assert isinstance(installation.rt.settings.secret_key, SecretStr)
