"""The conversation says what a turn needs.

An answer looks nothing up, and a moved menu line still does.
"""

import asyncio
import sys
from pathlib import Path

import pytest

import gateway
from gateway.conversation import parsed_sms
from gateway.conversation.views import money, work
from gateway.sms.port import InboundSms
from gateway.steps.turns.hear import process_sms

_ROOT = str(Path(gateway.__file__).parent)
FILES_MAX = 40


@pytest.fixture
async def amina(town):
    """Return a worker at work by SMS; everything that a process keeps is kept by now."""
    amina = await town.enrols("amina")
    await town.posts_batch(*(f"Is shop {n} open?" for n in range(6)))
    await amina.texts("WORK")
    await town.answers_bells()
    await amina.texts("1")
    await town.answers_bells()
    return amina


async def test_an_sms_is_parsed_once(town, amina):
    parsed = 0
    code = parsed_sms.parse_text.__code__

    def count(frame, event, _):
        nonlocal parsed
        parsed += event == "call" and frame.f_code is code

    for words in ("1", "BAL", "WHY", "SKILL", "APPEAL", "JOIN", "WORK", "2 PAY", "MOVE", "hm hm"):
        parsed = 0
        sys.setprofile(count)
        try:
            await amina.sends(words)
        finally:
            sys.setprofile(None)
        assert (words, parsed) == (words, 1)
        await town.answers_bells()


async def test_an_answer_enters_few_files_and_none_about_money_out(town, amina):
    entered = set[str]()

    turn = asyncio.current_task()

    def note(frame, event, _):
        # The servers of the same process run beside the turn, and are no part of it.
        if asyncio.current_task() is not turn:
            return
        if event == "call" and frame.f_code.co_filename.startswith(_ROOT):
            entered.add(frame.f_code.co_filename.removeprefix(_ROOT))

    channel = town.rt.channels["phone"]
    sms = InboundSms("an-answer", amina.msisdn, "20880", "1", None)
    sys.setprofile(note)
    try:
        assert await process_sms(town.rt, channel, sms, b"id=an-answer")
    finally:
        sys.setprofile(None)
    assert len(await amina.answers()) == 2
    assert not [f for f in entered if "payouts" in f or f.endswith(("cash_out.py", "load.py"))]
    assert len(entered) <= FILES_MAX, "\n".join(sorted(entered))


async def test_a_moved_menu_line_loads_what_it_shows(town, amina, monkeypatch):
    await amina.texts("1")
    monkeypatch.setattr(money, "_BALANCE", ("skill", "move", "last_payment", "cash", "pin"))
    monkeypatch.setattr(work, "_HOME", ("help", "stop", "balance", "work", "language", "cash"))
    straight = (await amina.dials("3", "1")).text
    await amina.dials()
    stepwise = (await amina.presses("3", "1")).text
    assert straight == stepwise
    assert "You have given 2 answers." in stepwise
    await amina.dials()
    assert "Nothing was sent to you yet" in (await amina.presses("3", "3")).text


async def test_no_work_is_explained_from_a_moved_line(town, monkeypatch):
    brian = await town.enrols("brian")
    batch = await town.posts_batch("Is it open?")
    await batch.changes("pause")
    monkeypatch.setattr(work, "_HOME", ("help", "work", "balance", "cash", "language", "stop"))
    await brian.dials()
    assert "The work is paused just now." in (await brian.presses("2")).text
