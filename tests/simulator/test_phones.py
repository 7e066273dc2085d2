"""Amina's phone: what she types reaches the gateway, what it answers reaches her."""

import asyncio

import pytest
from starlette.responses import PlainTextResponse, Response

from gateway.simulator.carriers.terms import CarrierTerms
from gateway.simulator.faults import parse_plan


@pytest.fixture
def amina(carrier):
    return carrier.phone("+254711000001")


async def test_her_sms_arrives_as_the_provider_posts_it(amina, gateway):
    sms = await amina.text("21512", "JOIN KIBERA")
    (post,) = gateway.at("/in/at/s3cret/sms")
    assert (post.form["from"], post.form["to"], post.form["text"]) == (
        "+254711000001",
        "21512",
        "JOIN KIBERA",
    )
    assert (post.form["id"], sms.status, sms.attempts) == (sms.ref, 200, 1)


async def test_an_sms_is_repeated_with_the_same_id_until_it_is_taken(amina, gateway):
    failing = iter([500, 503])
    gateway.reply = lambda _: Response(status_code=next(failing, 200))
    sms = await amina.text("21512", "1")
    assert (sms.status, sms.attempts, sms.delivered) == (200, 3, True)
    assert len({one.form["id"] for one in gateway.at("/sms")}) == 1


async def test_an_sms_that_no_webhook_takes_is_written_down_as_lost(amina, carrier, gateway):
    gateway.reply = lambda _: Response(status_code=400)
    sms = await amina.text("21512", "1")
    assert not sms.delivered
    assert sms.attempts > 5
    assert carrier.tally().undelivered_in == 1


async def test_the_network_may_deliver_twice(amina, carrier, gateway):
    carrier.plan = parse_plan({"rates": {"inbound": {"duplicate": 1}}})
    await amina.text("21512", "1")
    await carrier.settle()
    first, second = gateway.at("/sms")
    assert first.raw == second.raw


async def test_a_session_joins_its_inputs_and_ends(amina, carrier, gateway):
    screens = iter(["CON Is it true? 1 Yes 2 No", "CON Next", "END Asante"])
    gateway.reply = lambda one: PlainTextResponse(
        next(screens) if one.path.endswith("/ussd") else ""
    )
    session = await amina.dial("*384*123#")
    assert session.screen.text == "Is it true? 1 Yes 2 No"
    assert (await session.press("1")).open
    assert (await session.press("2")).text == "Asante"
    with pytest.raises(RuntimeError, match="is over"):
        await session.press("1")
    await carrier.settle()
    hops = [one.form for one in gateway.at("/in/ussd/s3cret/ussd")]
    assert [hop["text"] for hop in hops] == ["", "1", "1*2"]
    assert hops[0] == {
        "sessionId": session.ref,
        "phoneNumber": "+254711000001",
        "networkCode": "63902",
        "serviceCode": "*384*123#",
        "text": "",
    }
    (end,) = gateway.at("/session-end")
    told = (end.form["status"], end.form["input"], end.form["lastAppResponse"], end.form["hopsCount"])  # fmt: skip
    assert told == ("Success", "1*2", "END Asante", "3")


async def test_hanging_up_is_an_incomplete_session_told_once(amina, carrier, gateway):
    session = await amina.dial("*384*123#")
    await session.hang_up()
    await session.hang_up()
    await carrier.settle()
    (end,) = gateway.at("/session-end")
    assert end.form["status"] == "Incomplete"


async def test_a_long_code_is_typed_ahead(amina, carrier, gateway):
    carrier.terms = CarrierTerms(service_codes=frozenset({"*384*123#"}))
    session = await amina.dial("*384*123*5*12#")
    await session.press("1")
    forms = [(one.form["serviceCode"], one.form["text"]) for one in gateway.at("/ussd")]
    assert forms == [("*384*123#", "5*12"), ("*384*123#", "5*12*1")]
    with pytest.raises(ValueError, match="no service on"):
        await amina.dial("*999#")


async def test_a_step_may_come_again_stale_or_twice(amina, carrier, gateway):
    session = await amina.dial("*384*123#")
    await session.press("1")
    await session.repeat()
    await session.say("2")
    carrier.plan = parse_plan({"rates": {"ussd": {"duplicate": 1}}})
    await session.press("3")
    texts = [one.form["text"] for one in gateway.at("/ussd")]
    assert texts == ["", "1", "1", "2", "1*3", "1*3"]
    assert carrier.violations == []


async def test_two_answers_to_one_step_are_a_violation(amina, carrier, gateway):
    count = iter(range(9))
    gateway.reply = lambda _: PlainTextResponse(f"CON {next(count)}")
    carrier.plan = parse_plan({"rates": {"ussd": {"duplicate": 1}}})
    await amina.dial("*384*123#")
    assert [each.rule for each in carrier.violations] == ["two screens for one step"]


@pytest.mark.parametrize(
    ("answer", "rule"),
    [
        (PlainTextResponse(" CON Hello"), "does not begin with CON or END"),
        (PlainTextResponse("Hello"), "does not begin with CON or END"),
        (PlainTextResponse(""), "does not begin with CON or END"),
        (PlainTextResponse("CON Hello", status_code=500), "HTTP 500"),
        (PlainTextResponse("CON " + "a" * 183), "longer than one screen"),
        (PlainTextResponse("CON  "), "an empty screen"),
    ],
)
async def test_a_broken_screen_is_written_down(amina, carrier, gateway, answer, rule):
    gateway.reply = lambda _: answer
    session = await amina.dial("*384*123#")
    assert [each.rule for each in carrier.violations] == [rule]
    dies = rule not in ("longer than one screen", "an empty screen")
    assert session.screen.open is not dies


async def test_a_gateway_that_is_away_ends_the_session(amina, carrier):
    carrier.hooks = type(carrier.hooks)(ussd="http://127.0.0.1:1/ussd")
    session = await amina.dial("*384*123#")
    assert not session.screen.open
    assert carrier.violations[0].rule.startswith("ClientConnectorError")


async def test_hop_metadata_is_echoed(amina, carrier, gateway):
    gateway.reply = lambda _: PlainTextResponse("CON x", headers={"at-ussd-hop-metadata": "menu"})
    session = await amina.dial("*384*123#")
    await session.press("1")
    await session.hang_up()
    await carrier.settle()
    assert [one.metadata for one in gateway.at("/ussd")] == ["", "menu"]
    assert gateway.at("/session-end")[0].form["hopsMetadata"] == "menu|menu"


async def test_she_reads_messages_in_order_and_may_wait_for_one(amina, carrier):
    reading = asyncio.create_task(amina.next_sms(2))
    await asyncio.sleep(0)
    for text in ("one", "two"):
        carrier._accept("+254711000001", "21512", text)
    assert (await reading).text == "one"
    assert (await amina.next_sms()).text == "two"
    with pytest.raises(TimeoutError):
        await amina.next_sms(0.01)
    carrier._accept("+254711000001", "21512", "three")
    assert (await amina.next_sms()).text == "three"  # not lost to the reader who gave up


async def test_the_diary_counts_both_directions(amina, carrier):
    await amina.text("21512", "mũndũ " * 20)
    carrier._accept("+254711000001", "21512", "a" * 161)
    await (await amina.dial("*384*123#")).press("1")
    assert len(amina.diary) == 4
    sums = carrier.tally()
    assert (sums.sms_in, sums.segments_in, sums.sms_out, sums.segments_out) == (1, 2, 1, 2)
    assert (sums.ussd_sessions, sums.ussd_steps, sums.cost_minor) == (1, 2, 160)
    assert all(entry.at > 1.7e9 for entry in amina.diary)
