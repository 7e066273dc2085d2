"""Messages go out once, by a channel that works, in a fair order, at their price.

An unknown outcome is not guessed.
"""

import asyncio
from datetime import timedelta
from itertools import count

import pytest
from pydantic import SecretStr

from gateway.cli.doctor import running
from gateway.cli.doctor.verdict import CheckLevel
from gateway.cli.messages import channel_lines
from gateway.simulator.carriers.africastalking import CarrierServer
from gateway.simulator.carriers.terms import CarrierTerms
from gateway.simulator.faults import FaultPlan
from gateway.sms.channels import africastalking, kannel
from gateway.sms.port import Delivery, Receipt, SendStatus, Sent
from gateway.sms.prices import PriceList, built_in
from gateway.steps.messages.compose import message
from gateway.steps.messages.deliver import deliver
from gateway.steps.messages.receipts import take_receipt
from gateway.steps.runtime import Channel
from gateway.store.messages import channel_health
from gateway.store.turns import inbox, turns

# What the simulated carrier answers to these numbers, always.
NO_MONEY, BLACKLISTED, NO_ROUTE, DO_NOT_DISTURB = (
    "+254700098405",
    "+254700098406",
    "+254700098407",
    "+2348030098409",
)
NUMBERS = count(1)


@pytest.fixture
async def carrier():
    async with CarrierServer(CarrierTerms(receipts=False)) as server:
        yield server


@pytest.fixture
def roads(town, carrier):
    """The town's channels: `at` goes to the carrier and falls back on the built-in phone."""
    options = {"username": "u", "api_key": "simulator", "sender": "20880", "base_url": carrier.url}
    before = dict(town.rt.channels)
    prices = PriceList(built_in())
    town.rt.channels["at"] = Channel(
        "at", SecretStr("s"), africastalking.make("at", options), None, prices, fallback="phone"
    )
    town.rt.channels["lonely"] = Channel(
        "lonely", SecretStr("s"), africastalking.make("lonely", options), None, prices
    )
    yield town.rt.channels
    town.rt.channels.clear()
    town.rt.channels.update(before)


async def writes(town, text, *, to="+254711000001", channel="at", purpose="question", batch=None):
    """One message in the outbox; its id."""
    made = message(town.rt, channel, None, to, text, purpose, batch=batch)
    row = await town.rt.db.write([turns.put_message(made)])
    return row["put_message"]


async def state(town, message_id):
    return dict(await town.rt.db.row("select * from outbox where id = $1", message_id))


async def breaker(town, channel):
    return await town.value("select breaker from channel_state where channel = $1", channel)


# --- another channel ---


async def test_no_money_at_the_provider_and_everything_goes_by_the_other_channel(
    town, roads, carrier
):
    carrier.balance_minor = 0
    ids = [await writes(town, f"Question {n}", to=f"+2547110000{n:02d}") for n in range(5)]
    await deliver(town.rt, "at")
    assert await breaker(town, "at") == "open"
    await town.ticks(seconds=20)
    assert [(await state(town, i))["channel"] for i in ids] == ["phone"] * 5
    assert [(await state(town, i))["state"] for i in ids] == ["accepted"] * 5
    assert not [m for m in carrier.messages if m.way == "to_phone"]


async def test_a_number_the_provider_cannot_reach_goes_by_the_other_channel(town, roads):
    sent = await writes(town, "Is it open?", to=NO_ROUTE)
    await deliver(town.rt, "at")
    await town.answers_bells()
    found = await state(town, sent)
    assert (found["channel"], found["state"], found["roads"]) == ("phone", "accepted", ["at"])
    assert await breaker(town, "at") == "closed", "one number says nothing about the channel"


async def test_without_another_channel_that_is_final(town, roads):
    sent = await writes(town, "Is it open?", to=NO_ROUTE, channel="lonely")
    await deliver(town.rt, "lonely")
    assert (await state(town, sent))["state"] == "refused"


async def test_an_open_breaker_is_tried_with_one_message_and_closes(town, roads, carrier):
    carrier.balance_minor = 0
    ids = [
        await writes(town, f"Question {n}", to=f"+2547110000{n:02d}", channel="lonely")
        for n in range(8)
    ]
    await deliver(town.rt, "lonely")
    assert await breaker(town, "lonely") == "open"
    assert await deliver(town.rt, "lonely") == 0, "left alone"
    carrier.balance_minor = None  # topped up
    town.clock.advance(minutes=2)
    # With one message first; once that is through, the same drain may go on with the others.
    assert await deliver(town.rt, "lonely") in {1, 8}
    await town.answers_bells()
    assert await breaker(town, "lonely") == "closed"
    assert {(await state(town, i))["state"] for i in ids} == {"accepted"}
    assert {(await state(town, i))["tries"] for i in ids} == {1}, "the messages were not to blame"
    texts = [m.text for m in carrier.messages if m.way == "to_phone"]
    assert sorted(texts) == [f"Question {n}" for n in range(8)]


async def test_while_it_is_probed_only_one_message_is_at_risk(town, roads, carrier):
    carrier.balance_minor = 0
    for n in range(8):
        await writes(town, f"Question {n}", to=f"+2547110000{n:02d}", channel="lonely")
    await deliver(town.rt, "lonely")
    town.clock.advance(minutes=2)
    assert await deliver(town.rt, "lonely") == 1
    assert await breaker(town, "lonely") == "open"
    assert await town.value("select opened from channel_state where channel = 'lonely'") == 2


async def test_a_provider_that_is_away_for_half_a_day_loses_no_reply(town, roads, carrier):
    """B1 the other way: three replies wait.

    A probe takes one of them now and then, and none is ever given up for it.
    """
    await carrier._listener.__aexit__(None, None, None)  # the carrier's listener is closed now
    ids = [
        await writes(town, f"Saved {n}", to=f"+2547110000{n:02d}", channel="lonely", purpose="reply")
        for n in range(3)
    ]  # fmt: skip
    for _ in range(72):
        await town.ticks(minutes=10)
    assert [(await state(town, i))["state"] for i in ids] == ["queued"] * 3
    await carrier._listener.__aenter__()
    for _ in range(3):
        await town.ticks(minutes=20)
    assert [(await state(town, i))["state"] for i in ids] == ["accepted"] * 3
    texts = [m.text for m in carrier.messages if m.way == "to_phone"]
    assert sorted(texts) == [f"Saved {n}" for n in range(3)]


# --- the night ---


async def test_a_worker_who_must_not_be_disturbed_gets_it_at_eight_in_the_morning(town, roads):
    sent = await writes(town, "Is it open?", to=DO_NOT_DISTURB)
    await deliver(town.rt, "at")
    found = await state(town, sent)
    assert (found["state"], found["channel"], found["tries"]) == ("queued", "at", 0)
    assert (found["due_at"].hour, found["due_at"].minute) == (7, 0), "08:00 in Lagos is 07:00 UTC"
    assert found["due_at"] > town.clock.now()


# --- tried again, and given up ---


async def test_a_message_is_tried_less_and_less_often_and_then_given_up(town, roads, carrier):
    await carrier._listener.__aexit__(None, None, None)  # the carrier's listener is closed now
    sent = await writes(town, "Is it open?", channel="lonely")
    for tries in range(1, 11):
        await town.rt.db.execute("update channel_state set breaker = 'closed', failures = 0")
        await deliver(town.rt, "lonely")
        found = await state(town, sent)
        assert found["tries"] == tries
        if tries < 10:
            wait_s = (found["due_at"] - town.clock.now()).total_seconds()
            assert wait_s <= 1200
            assert wait_s >= min(15 * 2 ** (tries - 1), 900) * 0.7
            town.clock.advance(seconds=wait_s + 1)
    assert found["state"] == "given_up"
    assert found["cost_micro"] is None
    await carrier._listener.__aenter__()


async def test_an_opt_out_at_the_carrier_is_final_and_honoured(town, roads):
    amina = await town.enrols("amina")
    await town.rt.db.execute(
        "update worker set msisdn_index = $1, msisdn_sealed = $2",
        town.rt.vault.index(BLACKLISTED),
        town.rt.vault.seal(BLACKLISTED),
    )
    sent = await writes(town, "Is it open?", to=BLACKLISTED)
    await deliver(town.rt, "at")
    assert (await state(town, sent))["state"] == "refused"
    assert await town.value("select state from worker where name = 'Amina'") == "stopped"
    assert amina


# --- B6: an unknown outcome ---


async def lost_answers(town, carrier, *purposes):
    """The carrier takes a message of each purpose, but its answers are lost on the way."""
    carrier.plan = FaultPlan(rates={"sms": {"drop_after": 1.0}})
    ids = [
        await writes(town, f"{purpose}", to=f"+25471100000{n}", purpose=purpose, channel="lonely")
        for n, purpose in enumerate(purposes)
    ]
    await deliver(town.rt, "lonely")
    assert {(await state(town, i))["state"] for i in ids} == {"unknown"}
    carrier.plan = FaultPlan()
    return ids


async def test_a_question_whose_answer_was_lost_goes_again_after_a_minute_money_news_never(
    town, roads, carrier
):
    question, money = await lost_answers(town, carrier, "question", "money")
    await town.ticks(seconds=30)
    assert (await state(town, question))["state"] == "unknown", "a receipt may still come"
    await town.ticks(seconds=40)
    assert (await state(town, question))["state"] == "accepted"
    await town.ticks(hours=5)
    assert (await state(town, money))["state"] == "unknown"
    await town.ticks(hours=20)
    assert (await state(town, money))["state"] == "lost"
    texts = [m.text for m in carrier.messages if m.way == "to_phone"]
    assert sorted(texts) == ["money", "question", "question"]


async def test_a_late_receipt_settles_an_unknown_outcome_and_it_is_not_sent_again(town, roads):
    """Kannel's reports bring our own id back, also when its answer to the send itself was lost."""
    town.rt.channels["k"] = Channel(
        "k", SecretStr("s"), kannel.make("k", KANNEL), None, PriceList(built_in())
    )
    for purpose in ("question", "money"):
        sent = await writes(town, "Hello", purpose=purpose, channel="k")
        await town.rt.db.execute(
            """update outbox set state = 'sending', tries = 1, lease_until = $2, cost_micro = 800000, cost_currency = 'KES'
               where id = $1""",
            sent,
            town.clock.now(),
        )
        if purpose == "money":
            await town.ticks(seconds=1)
            assert (await state(town, sent))["state"] == "unknown"
        else:
            await town.rt.db.execute(
                "update outbox set state = 'unknown', due_at = now() + interval '1 minute' where id = $1",
                sent,
            )
        report = Receipt(str(sent), Delivery.DELIVERED, "1")
        await take_receipt(town.rt, town.rt.channels["k"], report, b"")
        found = await state(town, sent)
        assert (found["state"], found["delivery"]) == ("accepted", "delivered")
        await town.ticks(hours=25)
        assert (await state(town, sent))["tries"] == 1
    assert await town.value("select sum(messages) from message_bill where channel = 'k'") == 2


KANNEL = {"send_url": "http://127.0.0.1:9/x", "username": "u", "password": "p", "sender": "20880"}


class Askable:
    """A channel whose provider can be asked. `there`: what it says it has."""

    name, sender = "ask", "1"

    def __init__(self):
        self.there, self.sends = set(), 0

    async def send(self, http, messages):
        self.sends += len(messages)
        return [Sent(m.key, SendStatus.UNKNOWN, reason="no answer") for m in messages]

    async def ask(self, http, message, since, known):
        if message.text in self.there:
            return Sent(message.key, SendStatus.ACCEPTED, f"sid-{message.key}")
        return Sent(message.key, SendStatus.RETRY)


async def test_where_the_provider_can_be_asked_it_is_and_even_money_news_may_then_go_again(
    town, roads
):
    sms = Askable()
    sms.there = {"arrived"}
    town.rt.channels["ask"] = Channel("ask", SecretStr("s"), sms, None, PriceList(built_in()))
    arrived = await writes(town, "arrived", purpose="money", channel="ask")
    got_lost = await writes(town, "got lost", purpose="money", channel="ask")
    await deliver(town.rt, "ask")
    town.clock.advance(minutes=2)
    await town.rt.db.execute("update channel_state set breaker = 'closed'")
    await town.ticks()
    found = await state(town, arrived)
    assert (found["state"], found["provider_id"]) == ("accepted", f"sid-{arrived}")
    assert sms.sends == 3, "only what had not arrived went again"
    assert (await state(town, got_lost))["tries"] == 2


# --- B5: receipts never go backwards ---


@pytest.mark.parametrize(
    ("order", "ends"),
    [
        (["delivered", "sent"], "delivered"),
        (["failed", "buffered", "sent"], "failed"),
        (["away", "sent", "delivered", "failed"], "delivered"),
        (["sent", "buffered", "away", "failed", "delivered"], "delivered"),
    ],
)
async def test_receipts_in_any_order_end_the_same(town, roads, order, ends):
    sent = await writes(town, "Hello", channel="phone")
    await deliver(town.rt, "phone")
    best = -1
    for status in order:
        await town.post("/in/phone/local/receipt", {"id": str(sent), "status": status})
        now = list(Delivery).index(Delivery((await state(town, sent))["delivery"]))
        assert now >= best, "never backwards"
        best = now
    assert (await state(town, sent))["delivery"] == ends


async def test_reports_that_come_at_once_end_the_same(town, roads):
    sent = await writes(town, "Hello", channel="phone")
    await deliver(town.rt, "phone")
    statuses = [str(each) for each in Delivery] * 8
    await asyncio.gather(
        *(
            town.post("/in/phone/local/receipt", {"id": str(sent), "status": status})
            for status in statuses
        )
    )
    assert (await state(town, sent))["delivery"] == "delivered"


# --- in a fair order ---


async def test_replies_overtake_broadcasts_and_clients_take_turns(town, roads, carrier):
    """A client with two large batches does not keep another one with a small batch waiting."""
    other = await town.new_client("Other", 100_00)
    large, larger = await town.client.drafts(), await town.client.drafts()
    small = await other.drafts()
    for n in range(30):
        for name, batch in (("large", large), ("larger", larger)):
            await writes(
                town, f"{name} {n}", to=number(), batch=await town.rt.batches.get(batch.id)
            )
    for n in range(4):
        await writes(town, f"small {n}", to=number(), batch=await town.rt.batches.get(small.id))
    await writes(town, "reply", to=number(), purpose="reply")
    claim = await claimed(town, 13)
    assert claim[0] == "reply"
    broadcast = [text.split()[0] for text in claim[1:]]
    assert broadcast.count("small") == 4, "half of the turns, as long as it has something"
    assert broadcast[:8].count("small") == 4
    assert abs(broadcast.count("large") - broadcast.count("larger")) <= 1


async def test_turns_are_counted_in_segments(town, roads):
    other = await town.new_client("Other", 100_00)
    long, short = await town.client.drafts(), await other.drafts()
    for n in range(20):
        text = f"long {n} " + "x" * 250  # two segments
        await writes(town, text, to=number(), batch=await town.rt.batches.get(long.id))
        await writes(town, f"short {n}", to=number(), batch=await town.rt.batches.get(short.id))
    names = [text.split()[0] for text in await claimed(town, 12)]
    assert (names.count("long"), names.count("short")) == (4, 8)


def number():
    return f"+25472{next(NUMBERS):07d}"


async def claimed(town, limit):
    from datetime import timedelta

    from gateway.store.messages import outbox

    now = town.clock.now()
    found = await outbox.claim_messages(town.rt.db, "at", now, now + timedelta(seconds=60), limit)
    return [m.text for m in found.messages]


# --- its price ---


async def test_what_a_message_cost_is_booked_once_and_shown_with_its_batch(town, roads, carrier):
    batch = await town.client.drafts()
    kept = await town.rt.batches.get(batch.id)
    sent = await writes(town, "x" * 200, batch=kept)
    await writes(town, "Is it?", to=BLACKLISTED, batch=kept)
    await deliver(town.rt, "at")
    found = await state(town, sent)
    assert (found["cost_micro"], found["cost_currency"]) == (1_600_000, "KES"), "two segments"
    assert (found["country"], found["network"]) == ("KE", "safaricom")
    bill = await town.rt.db.rows("select * from message_bill where batch_id = $1", batch.id)
    assert [(b["messages"], b["segments"], b["micro"]) for b in bill] == [(1, 2, 1_600_000)]


async def test_where_the_provider_names_no_price_the_list_does(town, roads):
    town.rt.channels["phone"] = Channel(
        "phone", SecretStr("local"), roads["phone"].sms, roads["phone"].ussd, PriceList(built_in())
    )
    sent = await writes(town, "Hello", channel="phone")
    await deliver(town.rt, "phone")
    assert (await state(town, sent))["cost_micro"] == 800_000
    nowhere = await writes(town, "Hello", to="+255754123456", channel="phone")
    await deliver(town.rt, "phone")
    assert (await state(town, nowhere))["cost_micro"] is None, "nothing is guessed"


# --- at its pace ---


async def test_a_channel_with_a_limit_is_held_by_one_runner_and_sends_everything_once(
    town, roads, carrier
):
    at = roads["at"]
    roads["slow"] = Channel("slow", SecretStr("s"), at.sms, None, at.prices, per_second=400)
    for n in range(60):
        await writes(town, f"Question {n}", to=number(), channel="slow")
    await asyncio.gather(*(deliver(town.rt, "slow") for _ in range(3)))
    texts = [m.text for m in carrier.messages if m.way == "to_phone"]
    assert sorted(texts) == sorted(f"Question {n}" for n in range(60))
    held = await town.rt.db.row("select * from channel_state where channel = 'slow'")
    assert held["holder"] is None
    assert 0 < sum(segments for _, segments in held["pace"]) <= 60, "the next one goes on from here"


# --- seen before and after ---


async def test_a_quote_tells_what_the_messages_will_cost_from_the_real_texts(town, roads):
    await town.rt.db.execute("update worker set sms_channel = 'at'")
    amina = await town.enrols("amina")
    await town.rt.db.execute("update worker set sms_channel = 'at'")
    batch = await town.client.drafts(policy="fixed:2")
    texts = ["Is it open?", "Is the long road behind the market open? " * 5]
    listed = [{"id": f"t{n}", "text": text} for n, text in enumerate(texts)]
    await town.client.asks("POST", f"/batches/{batch.id}/tasks", json=listed)
    quote = (await town.client.asks("GET", f"/batches/{batch.id}/quote")).json()["messages"]
    # Two answers a task: two questions of one segment, and two of two.
    assert quote["segments_least"] == 6
    assert quote["segments_most"] >= quote["segments_expected"] >= 6
    (cost,) = quote["costs"]
    assert (cost["currency"], cost["least_minor"]) == ("KES", 480)
    most = quote["segments_most"]
    assert 80 * (most - 1) < cost["most_minor"] <= 80 * most, (
        "segments are rounded up, and the money apart"
    )
    assert quote["unpriced"] == []
    assert amina


async def messages_quoted(town, **given):
    batch = await town.client.drafts(policy="fixed:2", **given)
    listed = [{"id": f"t{n}", "text": f"Is shop {n} open on Sundays?"} for n in range(30)]
    await town.client.asks("POST", f"/batches/{batch.id}/tasks", json=listed)
    return (await town.client.asks("GET", f"/batches/{batch.id}/quote")).json()["messages"]


async def test_a_quote_counts_several_questions_in_one_sms_and_none_for_dialling_workers(
    town, roads
):
    for name in ("amina", "brian"):
        await town.enrols(name)
    one_by_one = await messages_quoted(town, pack="off")
    assert one_by_one["segments_least"] == 60
    assert one_by_one["segments_expected"] == 62, "three in a hundred are asked again"
    packed = await messages_quoted(town, pack="auto")
    assert packed["segments_least"] < packed["segments_expected"] < 30
    assert packed["segments_most"] >= 60, "at worst nothing is packed"
    await town["brian"].dials()
    half = await messages_quoted(town, pack="auto")
    assert half["segments_expected"] == -(-packed["segments_expected"] // 2)
    assert half["segments_most"] == packed["segments_most"], "at worst nobody dials"


async def test_a_batch_shows_what_its_messages_cost_so_far(town, roads, carrier):
    amina = await town.enrols("amina")
    await town.rt.db.execute("update worker set sms_channel = 'at'")
    batch = await town.posts_batch("Is it open?", "Is it clean?")
    await town.ticks()
    (cost,) = (await batch.shows())["money"]["messages"]
    assert cost == {"currency": "KES", "messages": 1, "segments": 1, "cost_minor": 80.0}
    assert amina


async def test_the_health_of_each_channel_stands_in_the_metrics(town, roads, carrier):
    await writes(town, "Hello", channel="phone")
    await deliver(town.rt, "phone")
    carrier.balance_minor = 0
    await writes(town, "Is it open?", channel="lonely")
    await deliver(town.rt, "lonely")
    said = (await town.http.get("/metrics")).text
    assert 'gateway_channel_breaker_open{channel="lonely"} 1.0' in said
    assert 'gateway_channel_breaker_open{channel="phone"} 0.0' in said
    assert 'gateway_channel_messages{channel="lonely",state="queued"} 1.0' in said
    assert 'gateway_channel_last_success_timestamp_seconds{channel="phone"}' in said
    assert (
        'gateway_sms_segments_total{channel="phone",country="KE",network="safaricom"} 1.0' in said
    )


async def test_a_channels_health_is_told_whole(town, roads, carrier):
    """The health names waiting and unknown messages, and errors of the last hour.

    It also names when something last came and went.
    """
    carrier.plan = FaultPlan(rates={"sms": {"drop_after": 1.0}})
    await writes(town, "Is it open?", channel="lonely")
    await deliver(town.rt, "lonely")
    carrier.plan = FaultPlan()
    for to in ("+254711000002", BLACKLISTED, "+254711000003"):
        await writes(town, "Hello", to=to, channel="lonely")
    await deliver(town.rt, "lonely")
    await writes(town, "This waits", channel="lonely")
    await inbox.keep_failed(town.rt.db, town.rt.vault, "lonely", "sms", "x", b"?", "odd")
    now = town.clock.now()
    found = {one.channel: one for one in await channel_health.channels(town.rt.db, roads, now)}
    assert set(found) == set(roads)
    one = found["lonely"]
    assert (one.queued, one.unknown, one.told, one.failed, one.events_failed) == (1, 1, 4, 2, 1)
    assert one.error_rate == 0.5
    assert one.last_in is not None and one.last_out is not None
    said = "\n".join(channel_lines.lines(one, now))
    assert "1 queued, 0 under way, 1 unknown" in said
    assert "errors 50% (2 of 4 in the last hour)" in said
    assert "last in 0 s ago" in said
    assert "breaker closed" in said
    later = await channel_health.channels(town.rt.db, roads, now + timedelta(hours=2))
    assert [one.told for one in later] == [0] * len(roads)
    metrics = (await town.http.get("/metrics")).text
    assert 'gateway_channel_error_ratio{channel="phone"}' in metrics
    assert found["phone"].error_rate is None


async def test_a_channel_that_begins_to_fail_does_not_say_that_it_works(town, roads, carrier):
    await carrier._listener.__aexit__(None, None, None)
    for n in range(2):
        await writes(town, "Hello", to=f"+2547110000{n:02d}", channel="lonely")
    await deliver(town.rt, "lonely")
    now = town.clock.now()
    (one,) = [x for x in await channel_health.channels(town.rt.db, (), now) if x.channel == "lonely"]  # fmt: skip
    said = "\n".join(channel_lines.lines(one, now))
    assert "it failed 2 times in a row: no connection" in said
    assert "2 queued, 0 under way, 0 unknown; the first due in" in said
    await carrier._listener.__aenter__()


async def test_a_channel_that_mostly_fails_is_a_warning(town, roads):
    for n in range(6):
        await writes(town, "Hello", to=f"+2547000984{n}6", channel="lonely")
    await town.rt.db.execute("update outbox set state = 'given_up', sent_at = now()")
    (finding,) = [f for f in await running._channel_health(town.rt) if f.what == "channel lonely"]
    assert finding.verdict is CheckLevel.WARN
    assert "100% (6 of 6 in the last hour)" in finding.said


async def test_a_providers_words_are_kept_without_the_number_in_them(town, roads):
    sent = await writes(town, "Is it open?", channel="at")
    await town.rt.db.execute(
        "update outbox set state = 'accepted', provider_id = 'p-1' where id = $1", sent
    )
    report = Receipt("p-1", Delivery.FAILED, "Failed", "+254711000001 is barred")
    await take_receipt(town.rt, town.rt.channels["at"], report, b"")
    assert (await state(town, sent))["reason"] == "..01 is barred"
