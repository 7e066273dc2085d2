"""A worker dials through aggregators that only the settings know.

The settings are those of the operators' page.
"""

import asyncio
import re
import tomllib
from pathlib import Path

import asyncpg
import pytest
from pydantic import SecretStr

from gateway.settings import ChannelSettings, ChannelSide
from gateway.simulator.carriers.ussd_formats import FORMATS
from gateway.simulator.carriers.ussd_http import UssdHttp
from gateway.steps.turns import events, ussd_deadline
from gateway.store.db import plain_dsn
from tests.conftest import opened_gateway

PAGE = Path(__file__).parents[3] / "docs" / "operators" / "http.md"
EXAMPLES = {
    found[1]: tomllib.loads(found[2])
    for found in re.finditer(r"```toml\n# ussd: (\w+)\n(.*?)```", PAGE.read_text(), re.DOTALL)
}
NUMBERS = {kind: f"+25471200{n:04}" for n, kind in enumerate(sorted(EXAMPLES), 201)}
BLOCKED = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
SINGLE = [kind for kind in sorted(EXAMPLES) if EXAMPLES[kind]["input"] == "last"]


@pytest.fixture(scope="module")
async def dialled(new_database):
    channels = {
        kind: ChannelSettings(secret="t", ussd=ChannelSide(kind="http", options=options))
        for kind, options in EXAMPLES.items()
    }
    phone = ChannelSettings(secret="local", sms=ChannelSide(kind="phone", options={}))
    async with opened_gateway(
        await new_database("ussdhttp"), channels={**channels, "phone": phone}, sms_channel="phone"
    ) as town:
        yield town


@pytest.fixture
async def aggregator(dialled, kind):
    url = f"{dialled.rt.settings.public_url}/in/{kind}/t/ussd"
    async with UssdHttp(kind, url) as carrier:
        yield carrier


async def sessions(town, kind):
    return await town.rt.db.rows(
        "select transcript, view, ended, completed from ussd_session where channel = $1 order by last_at",
        kind,
    )


def code(kind):
    return EXAMPLES[kind]["service_code"]


def test_every_simulated_aggregator_stands_on_the_page():
    assert set(EXAMPLES) == set(FORMATS)


@pytest.mark.parametrize("kind", sorted(EXAMPLES))
async def test_she_joins_and_the_keys_are_counted_once(dialled, aggregator, kind):
    session = await aggregator.dial(NUMBERS[kind], code(kind))
    first = session.screen
    assert first.open and not first.fault
    shown = await session.press("1", "1")
    assert not shown.fault
    assert shown.text != first.text
    (row,) = (await sessions(dialled, kind))[-1:]
    assert row["transcript"] == "1*1"


@pytest.mark.parametrize("kind", sorted(EXAMPLES))
async def test_keys_behind_the_code_are_pressed(dialled, aggregator, kind):
    by_hand = await aggregator.dial(NUMBERS[kind], code(kind))
    await by_hand.press("1")
    ahead = await aggregator.dial(NUMBERS[kind], code(kind), "1")
    assert ahead.screen.text == by_hand.screen.text
    again = await aggregator.dial(NUMBERS[kind], code(kind), "1")
    await again.press("1")
    assert (await sessions(dialled, kind))[-1]["transcript"] == "1*1"


@pytest.mark.parametrize("kind", ["hubtel"])
async def test_a_numbered_call_that_comes_again_has_no_second_effect(dialled, aggregator, kind):
    session = await aggregator.dial(NUMBERS[kind], code(kind))
    for key in ("1", "1"):
        shown = await session.press(key)
        for _ in range(2):
            assert (await session.repeat()).text == shown.text
    assert (await sessions(dialled, kind))[-1]["transcript"] == "1*1"


@pytest.mark.parametrize("kind", SINGLE)
async def test_the_same_key_twice_is_two_keys(dialled, aggregator, kind):
    session = await aggregator.dial(NUMBERS[kind], code(kind))
    await session.press("9")
    await session.press("9")
    assert (await sessions(dialled, kind))[-1]["transcript"] == "9*9"


@pytest.mark.parametrize("kind", ["hubtel", "uzo", "hollatags"])
async def test_an_end_told_among_the_steps_ends_the_session(dialled, aggregator, kind):
    session = await aggregator.dial(NUMBERS[kind], code(kind))
    assert await session.hang_up() == 200
    assert (await sessions(dialled, kind))[-1]["completed"] is False
    assert await dialled.count("inbox", f"channel = '{kind}' and state = 'failed'") == 0


@pytest.mark.parametrize("kind", ["arkesel"])
async def test_a_step_that_was_kept_and_then_went_on_has_one_effect(dialled, aggregator, kind):
    """The provider does not number the step.

    The kept step and the one that was still running are known to be the same.
    """
    session = await aggregator.dial(NUMBERS[kind], code(kind))
    await session.press("1")
    raw = dialled.rt.vault.open(
        (await dialled.rt.db.row(
            "select body_sealed from inbox where channel = $1 order by id desc limit 1", kind
        ))["body_sealed"]
    ).encode()  # fmt: skip
    before = (await sessions(dialled, kind))[-1]
    for _ in range(2):
        await events.process_event(dialled.rt, dialled.rt.channels[kind], "ussd", raw)
    assert (await sessions(dialled, kind))[-1] == before


@pytest.mark.parametrize("kind", ["hubtel"])
async def test_a_call_without_its_number_gets_the_providers_kind_of_screen_and_is_kept(dialled, aggregator, kind):  # fmt: skip
    session = await aggregator.dial("not a number", code(kind))
    assert not session.screen.fault, "even an apology is written as the provider reads it"
    assert not session.screen.open
    assert (
        await dialled.count("inbox", "channel = 'hubtel' and state in ('failed', 'unclear')") == 1
    )


@pytest.mark.parametrize("kind", ["crossgate", "arkesel"])
async def test_a_get_is_taken_only_where_the_settings_say_so(dialled, kind):
    url = f"/in/{kind}/t/ussd?session_id=1&msisdn=254712000299&sessionID=1&ussd_string="
    answer = await dialled.http.get(url)
    assert answer.status_code == (200 if kind == "crossgate" else 405)


@pytest.mark.parametrize("kind", ["arkesel"])
async def test_what_may_be_a_pin_is_left_out_of_a_step_that_is_kept(dialled, aggregator, kind):
    session = await aggregator.dial("not a number", code(kind))
    session.dialogue.typed.append("4821")
    await session.send()
    kept = await dialled.rt.db.rows(
        "select body_sealed from inbox where channel = $1 and state <> 'done'", kind
    )
    bodies = [dialled.rt.vault.open(row["body_sealed"]) for row in kept]
    assert any("####" in body for body in bodies)
    assert not any("4821" in body for body in bodies)
    assert all(session.dialogue.session in body for body in bodies)


@pytest.mark.parametrize("kind", SINGLE)
async def test_one_session_id_of_two_phones_is_two_sessions(dialled, aggregator, kind):
    one = await aggregator.dial(NUMBERS[kind], code(kind))
    other = await aggregator.dial("+254712000250", code(kind))
    other.dialogue.session = one.dialogue.session
    other.dialogue.hops = 0
    await other.send()
    await one.press("1")
    shown = await other.press("2")
    assert not shown.fault
    rows = await sessions(dialled, kind)
    assert sorted(row["transcript"] for row in rows[-2:]) == ["1", "2"]


XML = {
    "service_code": "*120*8#",
    "input": "last",
    "fields": {"session": "sessionid", "text": "msg"},
    "begins": {"type": "^1$"},
    "ends": {"type": "^[34]$"},
    "reply": {
        "content_type": "text/xml",
        "continues": 2,
        "ends": 3,
        "body": "<ussd><type>{state}</type><msg>{text}</msg></ussd>",
    },
}
"""TruRoute's calls to a WASP, as SMS.COM.NA's API specification (chapter 4) shows them; its answer
is made up.
"""


async def test_a_provider_may_speak_xml(dialled):
    from gateway.steps.runtime import Channel
    from gateway.ussd.channels import http

    def call(kind, text):
        return f"<ussd><msisdn>254712000301</msisdn><sessionid>9</sessionid><type>{kind}</type><msg>{text}</msg></ussd>"

    dialled.rt.channels["xml"] = Channel("xml", SecretStr("t"), None, http.make("xml", XML))
    for kind, text in ((1, "*120*8#"), (2, "1")):
        answer = await dialled.http.post("/in/xml/t/ussd", content=call(kind, text).encode())
        assert answer.headers["content-type"].startswith("text/xml")
        assert answer.text.startswith("<ussd><type>2</type><msg>")
        assert answer.text.endswith("</msg></ussd>")
    assert (await sessions(dialled, "xml"))[-1]["transcript"] == "1"
    answer = await dialled.http.post("/in/xml/t/ussd", content=call(4, "").encode())
    assert (answer.status_code, answer.content) == (200, b"")
    assert (await sessions(dialled, "xml"))[-1]["completed"] is False


async def test_a_body_that_cannot_be_read_gets_a_screen_and_is_kept(dialled):
    before = await dialled.count("inbox", "channel = 'moolre' and state = 'failed'")
    answer = await dialled.http.post("/in/moolre/t/ussd", content=b'{"sessionid": "1", ')
    assert answer.json()["reply"] is False
    assert answer.json()["message"]
    assert await dialled.count("inbox", "channel = 'moolre' and state = 'failed'") == before + 1


@pytest.mark.parametrize("kind", ["arkesel"])
async def test_a_copy_that_comes_while_the_first_is_under_way_adds_no_key(dialled, aggregator, kind):  # fmt: skip
    """The provider numbers nothing.

    Both calls read the same transcript, and only one can extend it.
    """
    session = await aggregator.dial(NUMBERS[kind], code(kind))
    dsn = plain_dsn(dialled.rt.settings.database_url.get_secret_value())
    holder, looker = await asyncpg.connect(dsn), await asyncpg.connect(dsn)
    try:
        async with holder.transaction():
            await holder.execute("select 1 from ussd_session where channel = $1 for update", kind)
            session.dialogue.typed.append("9")
            first = asyncio.create_task(session.send())
            second = asyncio.create_task(aggregator.carry(aggregator.format.step(session.dialogue)))
            async with asyncio.timeout(300):
                while await looker.fetchval(BLOCKED) < 2:
                    await asyncio.wait({first, second}, timeout=0.02)
    finally:
        await holder.close()
        await looker.close()
    await asyncio.gather(first, second)
    await ussd_deadline.settle()  # on a busy machine the screens may come first
    assert (await sessions(dialled, kind))[-1]["transcript"] == "9"
