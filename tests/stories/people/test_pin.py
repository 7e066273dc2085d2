"""A PIN: chosen and typed on USSD only, three tries, a way out through the coordinator.

It is kept nowhere.
"""
# pyright: basic

import asyncio

import pytest

from gateway.steps.people import coordinators
from gateway.workers import pins
from tests.support.town import COORDINATOR

PIN, OTHER = "4826", "9371"


@pytest.fixture
async def amina(town):
    """Amina has earned KES 600 and chosen a PIN."""
    amina = await town.enrols("amina")
    await town.posts_batch("Is it open?", "Is it clean?", price="300.00")
    for words in ("WORK", "1", "1"):
        await amina.texts(words)
    await town.answers_bells()
    await amina.dials()
    assert "Choose a PIN" in await amina.presses("2", "3")
    assert "same PIN again" in await amina.presses(PIN)
    assert "Your PIN is set" in await amina.presses(PIN)
    return amina


async def test_cash_out_on_ussd_asks_for_the_pin(town, amina):
    await amina.dials()
    assert "Type your PIN" in await amina.presses("3", "1")
    assert await town.count("payout") == 0
    assert "not your PIN. Tries left: 2" in await amina.presses(OTHER)
    assert "We are sending KES 600" in await amina.presses(PIN)
    assert await town.value("select wrong from worker_pin") == 0, "a right one forgets the wrong"


async def test_three_wrong_ones_lock_it_and_the_coordinator_opens_it(town, amina):
    await amina.dials()
    screen = await amina.presses("3", "1", OTHER, OTHER, OTHER)
    assert "locked" in screen
    await amina.dials()
    assert "locked" in await amina.presses("3", "1")
    assert await town.count("payout") == 0
    brian = await town.enrols("brian")
    await brian.texts(f"UNLOCK {amina.msisdn}")
    assert await town.count("worker_pin") == 1, "not everybody opens it"
    assert "needs your PIN" in await town["wanjiku"].texts(f"UNLOCK {amina.msisdn}")
    assert await town.count("worker_pin") == 1, "a caller id alone does not open it"
    await coordinators.set_pin(town.rt, COORDINATOR, "6174", by="asha")
    reply = await town["wanjiku"].texts(f"UNLOCK {amina.msisdn} PIN 6174")
    assert "choose a new one" in reply
    assert await town.count("worker_pin") == 0
    await town.answers_bells()
    assert "reset your PIN" in (await amina.messages())[-1], "never behind her back"
    await amina.dials()
    assert "We are sending" in await amina.presses("3", "1")


async def test_a_worker_who_has_a_pin_may_still_text_pay_for_a_small_sum(town, amina):
    assert "please dial *384*20#" in await amina.texts("PAY")
    assert await town.count("payout") == 0
    assert "You asked for KES 500" in await amina.texts("PAY 500")


async def test_a_worker_who_has_no_pin_is_never_asked(town):
    brian = await town.enrols("brian")
    await town.posts_batch("Is it open?", price="900.00")
    for words in ("WORK", "1"):
        await brian.texts(words)
    assert "You asked for KES 900" in await brian.texts("PAY")


async def test_a_weak_or_mistyped_pin_is_not_taken(town):
    brian = await town.enrols("brian")
    await brian.dials()
    assert "hard to guess" in await brian.presses("2", "3", "1234")
    assert "not the same" in await brian.presses(PIN, OTHER)
    assert await town.count("worker_pin") == 0
    assert "Work" in await brian.presses("00")


async def test_changing_it_needs_the_old_one(town, amina):
    await amina.dials()
    assert "current PIN" in await amina.presses("2", "3")
    assert "not your PIN" in await amina.presses(OTHER)
    assert "Choose a PIN" in await amina.presses(PIN)
    assert "Your PIN is set" in await amina.presses(OTHER, OTHER)
    kept = await town.value("select hash from worker_pin")
    assert pins.is_right(OTHER, kept, town.rt.vault.pepper)
    assert not pins.is_right(PIN, kept, town.rt.vault.pepper)


async def test_many_sessions_at_once_have_three_tries_together(town, amina):
    sessions = [town.new_id("session") for _ in range(6)]
    for session in sessions:
        for transcript in ("", "3", "3*1"):
            await amina.steps(transcript, session)
    guesses = [f"3*1*{8260 + n}" for n in range(6)]
    await asyncio.gather(*(amina.steps(g, s) for g, s in zip(guesses, sessions, strict=True)))
    assert await town.value("select wrong from worker_pin") == 3
    assert await town.count("payout") == 0


async def test_a_pin_is_kept_nowhere(town, amina, capfd):
    """The places are sessions, inbox, replies, consent, metrics and the log.

    It also holds for a PIN that was dialled ahead or mistyped.
    """
    await amina.dials()
    await amina.presses("3", "1", OTHER, PIN)
    await amina.dials("2", "3", PIN)
    await amina.steps("2*3*" + PIN + "*1")
    repeated = await amina.steps("2*3*" + PIN + "*1")
    assert repeated.text
    found = []
    for table in await town.rt.db.rows(
        "select relname as name from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace"
    ):
        rows = await town.rt.db.rows(f"select to_jsonb(x)::text as t from {table['name']} x")  # noqa: S608
        found += [(table["name"], row["t"]) for row in rows if _holds(row["t"])]
    assert found == []
    for row in await town.rt.db.rows("select body_sealed from inbox where body_sealed is not null"):
        body = town.rt.vault.open(row["body_sealed"])
        assert f"*{PIN}" not in body.replace("%2A", "*")
        assert f"*{OTHER}" not in body.replace("%2A", "*")
    metrics = (await town.http.get("/metrics")).text
    assert not _holds(metrics)
    logged = capfd.readouterr()
    assert not _holds(logged.out + logged.err)


async def test_a_pin_that_nothing_asks_for_is_kept_nowhere_either(town, amina):
    """The worker types it at a moment when nothing asks for a PIN.

    It is typed while the PIN is locked, on the first screen, too late, with blanks, or dialled
    ahead.
    """
    await amina.dials()
    assert "locked" in await amina.presses("3", "1", OTHER, OTHER, OTHER)
    await amina.dials()
    await amina.presses("3", "1", PIN)  # the screen says it is locked; she types it all the same
    await amina.presses("00", PIN, "2", PIN, f" {PIN} ", f"{PIN[:2]} {PIN[2:]}")
    for ahead in (f"3*1*{PIN}", f"2*3*{PIN}*1", PIN, f"9*{PIN}*{PIN}"):
        await amina.steps(ahead, town.new_id("ahead"))
    stranger = town.meets("stranger")
    await stranger.dials()
    await stranger.presses(PIN, "1", PIN)
    assert await kept_of(town, PIN) == []


async def test_masked_keys_do_not_lose_a_session_its_place(town, amina):
    await amina.dials()
    await amina.presses("2", PIN)
    assert "current PIN" in await amina.presses("3")
    assert "Choose a PIN" in await amina.presses(PIN)


async def test_an_answer_of_four_digits_is_an_answer(town):
    brian = await town.enrols("brian")
    await town.posts_batch("How many people live here?", kind="transcription", pack="auto")
    await brian.dials()
    await brian.presses("1")
    await brian.presses("1200")
    assert await town.value("select value from answer") == "1200"


async def kept_of(town, secret):
    """Return every row and every sealed body in which the digits stand as a key of their own.

    Every table is read.
    """
    found = []
    for table in await town.rt.db.rows(
        "select relname as name from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace"
    ):
        rows = await town.rt.db.rows(f"select to_jsonb(x)::text as t from {table['name']} x")  # noqa: S608
        found += [
            (table["name"], row["t"])
            for row in rows
            if f'*{secret}"' in row["t"] or f"*{secret}*" in row["t"] or f'"{secret}' in row["t"]
        ]
    for row in await town.rt.db.rows("select body_sealed from inbox where body_sealed is not null"):
        body = town.rt.vault.open(row["body_sealed"]).replace("%2A", "*")
        if f"*{secret}" in body or f"={secret}" in body or f"{secret[:2]}+{secret[2:]}" in body:
            found.append(("inbox body", body))
    return found


def _holds(text: str) -> bool:
    """Return whether the digits stand as a key of their own; they may stand in a longer number."""
    return any(f"{a}{pin}{b}" in text for pin in (PIN, OTHER) for a in '*" ' for b in '*" ')


async def test_a_step_that_breaks_leaves_no_pin_in_the_log_or_the_inbox(
    town, amina, capfd, monkeypatch
):
    from gateway.steps.people import pin_input

    async def breaks(*_: object) -> None:
        raise RuntimeError("a fault of ours")

    await amina.dials()
    await amina.presses("3", "1")
    monkeypatch.setattr(pin_input, "judge_typed_pin", breaks)
    await amina.steps(f"3*1*{PIN}")
    logged = capfd.readouterr()
    assert "a fault of ours" in logged.out + logged.err
    assert PIN not in logged.out + logged.err
    kept = await town.value("select body_sealed from inbox where state = 'failed'")
    assert PIN not in town.rt.vault.open(kept)
