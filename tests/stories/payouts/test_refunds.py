"""Refunds: a worker gets back what she paid for an SMS, once, and not without a limit."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from gateway.base.ids import AccountId, WorkerId
from gateway.settings import Tariff
from gateway.settings.fair_pay import FairPay
from gateway.sms.prices import PriceList
from gateway.steps.payouts.fair_pay.refunds import PaidSms, refund_sms
from gateway.steps.runtime import Channel, Runtime

PRICES = {"KE": Tariff(currency="KES", segment=Decimal("0.80"), reply=Decimal("1.00"))}


@pytest.fixture
def priced(rt: Runtime, monkeypatch: pytest.MonkeyPatch) -> Channel:
    """The settings say that an SMS to the gateway costs a worker KES 1."""
    channel = replace(rt.channels["phone"], prices=PriceList(PRICES))
    monkeypatch.setitem(rt.channels, "phone", channel)
    return channel


async def sms_of(person, event: str, came_at: datetime | None = None) -> PaidSms:
    row = await person.row()
    return PaidSms(
        "phone",
        event,
        WorkerId(row["id"]),
        AccountId(row["account_id"]),
        row["currency"],
        person.msisdn,
        came_at or datetime(2026, 11, 30, 12, tzinfo=UTC),
    )


async def test_an_sms_is_refunded_once(town, rt, priced):
    amina = await town.enrols("amina")
    sms = await sms_of(amina, "one")
    assert await refund_sms(rt, rt.db, sms)
    assert not await refund_sms(rt, rt.db, sms)
    assert await amina.balance_minor() == 100
    assert await town.value("select sum(messages) from sms_refund") == 1


async def test_there_is_a_limit_per_day(town, rt, priced, configure):
    configure(fair_pay=FairPay(refunds_per_day=2))
    amina = await town.enrols("amina")
    day = datetime(2026, 11, 30, 12, tzinfo=UTC)
    refunded = [await refund_sms(rt, rt.db, await sms_of(amina, f"n{n}", day)) for n in range(4)]
    assert refunded == [True, True, False, False]
    assert await refund_sms(rt, rt.db, await sms_of(amina, "next", day + timedelta(days=1)))


async def test_nothing_is_refunded_without_a_price_or_where_it_is_switched_off(
    town, rt, monkeypatch
):
    amina = await town.enrols("amina")
    assert not await refund_sms(rt, rt.db, await sms_of(amina, "one"))
    free = replace(rt.channels["phone"], prices=PriceList(PRICES), refund=False)
    monkeypatch.setitem(rt.channels, "phone", free)
    assert not await refund_sms(rt, rt.db, await sms_of(amina, "one"))
    assert await amina.balance_minor() == 0


async def test_every_answered_sms_is_refunded_in_the_background(town, rt, priced):
    """The answer turn has no part of it; the ticker does it some minutes later."""
    amina = await town.enrols("amina")
    await town.ticks()
    await town.posts_batch("Is it open?", price="3.00")
    replies = [await amina.texts("WORK")]
    await town.answers_bells()
    replies.append(await amina.texts("1"))
    earned = await amina.earned_minor()
    assert earned == 300
    assert await amina.balance_minor() == earned, "not in her turn"
    await town.ticks(minutes=10)
    assert await amina.balance_minor() == earned + 100 * len(replies)
    assert "given back" in await amina.texts("BAL")
    await town.ticks(minutes=10)
    assert await amina.balance_minor() == earned + 100 * (len(replies) + 1), "BAL too, and once"
    await town.ticks(minutes=10)
    assert await town.count("transfer", "code = 50") == len(replies) + 1


async def test_a_copy_an_unanswered_sms_and_a_key_are_not_refunded(town, rt, priced):
    amina = await town.enrols("amina")
    stranger = town.meets("stranger")
    await town.ticks()
    await amina.texts("BAL", event="same")
    await amina.sends("BAL", event="same")
    await stranger.texts("hello")
    await amina.dials("2")
    await town.ticks(minutes=10)
    assert await town.count("transfer", "code = 50") == 1
