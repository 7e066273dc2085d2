"""WHY: a worker sees what she was paid for, her own payments only, in one SMS or on one screen."""

import pytest

from gateway.gsm.segments import segments


@pytest.fixture
async def amina(town):
    """Amina has earned KES 30 with two answers."""
    (amina,) = await town.earned("amina")
    return amina


async def test_why_tells_what_a_payment_was_for(town, amina):
    assert "Nothing was sent to you yet" in await amina.texts("WHY")
    await amina.texts("PAY")
    ref = await town.value("select ref from payout")
    assert f"{ref}: KES 30 is on its way" in await amina.texts("WHY")
    await town.pays_out()
    receipt = await town.value("select receipt from payout")
    for words in (f"WHY {ref}", f"why {ref.lower()}", "WHY"):
        told = await amina.texts(words)
        assert receipt in told
        assert "2 x KES 15" in told
        assert segments(told) == 1


async def test_no_worker_learns_of_anothers_payment(town, amina):
    await amina.texts("PAY")
    ref = await town.value("select ref from payout")
    brian = await town.enrols("brian")
    assert f"{ref} is none of your payments" in await brian.texts(f"WHY {ref}")
    assert "Nothing was sent to you yet" in await brian.texts("WHY")


async def test_the_last_payment_stands_behind_the_balance_on_ussd(town, amina):
    await amina.texts("PAY")
    await town.pays_out()
    receipt = await town.value("select receipt from payout")
    await amina.dials()
    assert "2 Last payment" in await amina.presses("2")
    assert receipt in await amina.presses("2")
    assert "1 Work" in await amina.presses("00")
    assert receipt in await amina.dials("2", "2"), "also when dialled in one go"


async def test_a_payment_that_came_back_says_so(town):
    chege = town.meets("chege", "+254712092040")  # the simulator knows no customer there
    await chege.texts("JOIN KIBERA")
    await chege.texts("YES")
    await town.posts_batch("Is it open?", price="15.00")
    for words in ("WORK", "1", "PAY"):
        await chege.texts(words)
    await town.pays_out()
    assert "could not be sent" in await chege.texts("WHY")


async def test_a_final_sms_that_never_arrived_is_sent_again_when_she_dials_in(town, amina):
    await amina.texts("PAY")
    await town.pays_out()
    last = "(select max(id) from outbox where purpose = 'money')"
    await town.rt.db.execute(f"update outbox set delivery = 'failed' where id = {last}")  # noqa: S608
    before = len(await amina.messages())
    await amina.dials()
    await town.answers_bells()
    told = await amina.messages()
    assert len(told) == before + 1
    assert told[-1].startswith("We sent you KES 30")
    await amina.dials()
    await town.answers_bells()
    assert len(await amina.messages()) == before + 1, "once, not each time"
