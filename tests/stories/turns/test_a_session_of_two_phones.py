"""A provider gives one session id to two phones.

Each has a session of her own, and sees nothing of the other's.
"""

import asyncio
from urllib.parse import urlencode

import httpx2
import pytest
from pydantic import SecretStr

from gateway.base import plugins
from gateway.steps.runtime import Channel
from gateway.ussd import channels

# How each provider writes a step and the end of a session: {session}, {number}, all inputs or the
# newest.
FORM = {"session": "{session}", "from": "{number}", "text": "{text}"}
STEPS = {
    "africastalking": {"sessionId": "{session}", "phoneNumber": "{number}", "serviceCode": "*384*20#", "text": "{text}"},
    "phone": FORM,
    "http": FORM,
    "http that tells the newest input alone": {
        "session": "{session}", "from": "{number}", "text": "{newest}", "type": "{type}", "n": "{step}",
    },
}  # fmt: skip
END = {"session": "{session}", "from": "{number}", "completed": "{completed}"}
ENDS = {
    "africastalking": {"sessionId": "{session}", "phoneNumber": "{number}", "status": "{status}"},
    "phone": END,
    "http": END,
    "http that tells the newest input alone": END,
}
COMPLETED = {"completed": {"completed": "yes"}}
OPTIONS = {
    "africastalking": {"service_code": "*384*20#"},
    "phone": {},
    "http": {"service_code": "*384*20#", "input": "all", **COMPLETED},
    "http that tells the newest input alone": {
        "service_code": "*384*20#",
        "input": "last",
        "fields": {"step": "n"},
        "begins": {"type": "begin"},
        **COMPLETED,
    },
}
SESSION = "r4"


def test_every_ussd_channel_is_tried_here():
    tried = {way.split()[0] for way in STEPS}
    assert set(plugins.kinds(channels)) == tried, "a new channel: say how it writes a session"


class Line:
    """The wire between one provider and the gateway's own HTTP server."""

    def __init__(self, town, http, way):
        self.town, self.http, self.way = town, http, way

    async def steps(self, person, text, *, session=SESSION, number=None):
        keys = text.split("*") if text else []
        values = {"session": session, "number": number or person.msisdn, "text": text, "step": len(keys),
                  "newest": keys[-1] if keys else "*384*20#", "type": "go on" if keys else "begin"}  # fmt: skip
        answer = await self._post("ussd", STEPS, values)
        assert answer.status_code == 200
        assert "did not work" not in answer.text
        return answer.text

    async def ends(self, person, *, completed, session=SESSION):
        values = {"session": session, "number": person.msisdn,
                  "status": "Success" if completed else "Incomplete", "completed": "yes" if completed else "no"}  # fmt: skip
        assert (await self._post("session-end", ENDS, values)).status_code == 200

    async def _post(self, side, shapes, values):
        form = {name: said.format(**values) for name, said in shapes[self.way].items()}
        head = {"Content-Type": "application/x-www-form-urlencoded"}
        return await self.http.post(f"/in/line/s/{side}", content=urlencode(form), headers=head)


@pytest.fixture(params=STEPS)
async def line(town, request):
    before, way = dict(town.rt.channels), request.param
    ussd = plugins.load(channels, way.split()[0]).make("line", OPTIONS[way])
    town.rt.channels["line"] = Channel("line", SecretStr("s"), None, ussd)
    async with httpx2.AsyncClient(base_url=town.rt.settings.public_url, timeout=300) as http:
        yield Line(town, http, way)
    town.rt.channels.clear()
    town.rt.channels.update(before)


@pytest.fixture
async def two(town):
    """Amina has earned KES 9 and holds a question; Brian has earned nothing."""
    amina, brian = await town.enrols("amina"), await town.enrols("brian")
    await town.posts_batch(*(f"Is shop {n} open?" for n in range(12)))
    for words in ("WORK", "1", "1", "1"):
        await amina.texts(words)
    return amina, brian


async def test_the_next_phone_gets_her_own_start_and_her_own_balance(line, two):
    amina, brian = two
    hers = await line.steps(amina, "")
    assert "KES 9" in hers
    assert "KES 9" in await line.steps(amina, "2")
    await line.ends(amina, completed=True)
    his = await line.steps(brian, "")
    assert his.startswith("CON ")
    assert "KES 9" not in his
    assert "KES 0" in his
    balance = await line.steps(brian, "2")
    assert "KES 0" in balance
    assert "KES 9" not in balance


@pytest.mark.parametrize("ahead", ["2", "1", "2*1", "0", "00", "98", "7*7"])
async def test_keys_of_hers_show_the_next_phone_nothing_of_hers(line, two, ahead):
    """The very transcript that she typed, and what would follow it."""
    amina, brian = two
    keys = ahead.split("*")
    for upto in range(len(keys) + 1):
        await line.steps(amina, "*".join(keys[:upto]))
    for transcript in (ahead, f"{ahead}*1"):
        assert "KES 9" not in await line.steps(brian, transcript)


async def test_two_phones_use_one_id_at_the_same_time(line, two):
    amina, brian = two
    open_now = await asyncio.gather(line.steps(amina, ""), line.steps(brian, ""))
    assert "KES 9" in open_now[0]
    assert "KES 0" in open_now[1]
    held = await line.town.count("answer")
    for transcript in ("1", "1*1", "1*1*1"):
        await asyncio.gather(line.steps(amina, transcript), line.steps(brian, transcript))
    assert await line.town.count("answer") > held
    assert len(await brian.answers()) == 2, "one for each 1 that followed his question"
    assert await brian.balance_minor() == 600
    assert await amina.balance_minor() > 900


async def test_a_session_that_is_over_on_one_phone_goes_on_on_the_other(line, two):
    amina, brian = two
    await line.steps(amina, "")
    await line.steps(brian, "")
    await line.steps(amina, "2")
    await line.ends(amina, completed=True)
    assert "shop" in await line.steps(brian, "1")
    assert await line.town.count("ussd_session", "completed") == 1
    assert await line.town.count("ussd_session") == 2


async def test_a_worker_who_drops_out_gets_her_own_question_after_her(line, two):
    """The end of the other phone's session does not close this one.

    It sends this session's question to no phone.
    """
    amina, brian = two
    await line.steps(amina, "")
    await line.steps(amina, "1")
    await line.steps(brian, "")
    sent = await line.town.count("outbox")
    await line.ends(brian, completed=False)
    assert await line.town.count("outbox") == sent
    assert await line.town.count("ussd_session", "completed is null") == 1
    await line.ends(amina, completed=False)
    assert (
        await line.town.count("outbox", "purpose = 'question' and to_index = $1", amina.index) == 1
    )
    assert (
        await line.town.count("outbox", "purpose = 'question' and to_index = $1", brian.index) == 0
    )


async def test_one_number_written_in_two_ways_is_one_phone(line, two):
    amina, _ = two
    await line.steps(amina, "")
    shown = await line.steps(amina, "2")
    bare = amina.msisdn.removeprefix("+")
    assert await line.steps(amina, "2", number=bare) == shown
    assert await line.steps(amina, "2", number=f"0{bare[3:]}") == shown
    assert await line.town.count("ussd_session") == 1


async def test_a_stranger_joins_by_the_id_that_a_worker_had(line, two):
    amina, _ = two
    await line.steps(amina, "")
    await line.steps(amina, "1")
    chidi = line.town.meets("chidi")
    first = await line.steps(chidi, "")
    assert "KES" not in first
    for transcript in ("1", "1*1", "1*1*KIBERA", "1*1*KIBERA*1"):
        await line.steps(chidi, transcript)
    assert (await chidi.row())["state"] == "active"
    assert len(await amina.answers()) == 3


async def test_a_session_id_of_one_channel_is_no_session_of_another(line, two):
    amina, _ = two
    await line.steps(amina, "")
    await line.steps(amina, "2")
    assert "1 " in (await amina.steps("", session=SESSION)).text
    assert await line.town.count("ussd_session") == 2


async def _is_long_over(town, minutes):
    await town.rt.db.execute(
        "update ussd_session set last_at = last_at - make_interval(mins => $1)", minutes
    )


@pytest.mark.parametrize("told", [True, False])
async def test_the_same_phone_is_given_its_old_session_id_again(line, two, told):
    """A provider counts its sessions in small numbers: hers is new, and so are her keys."""
    amina, _ = two
    for transcript in ("", "1", "1*1"):
        await line.steps(amina, transcript)
    assert len(await amina.answers()) == 4
    if told:
        await line.ends(amina, completed=False)
    await _is_long_over(line.town, 2 if told else 61)
    assert "KES 12" in await line.steps(amina, "")
    assert "shop" in await line.steps(amina, "1")
    assert "KES 15" in await line.steps(amina, "1*1")
    assert len(await amina.answers()) == 5
    before = await line.steps(amina, "1*1")
    assert "KES 15" in before, "a copy of a step of this session is a copy"
    assert len(await amina.answers()) == 5
    await line.ends(amina, completed=True)
    await _is_long_over(line.town, 2)
    assert "KES 15" in await line.steps(amina, "")
    await line.steps(amina, "1")
    await line.steps(amina, "1*1")
    assert len(await amina.answers()) == 6


async def test_many_copies_of_such_a_start_begin_one_session(line, two):
    amina, _ = two
    await line.steps(amina, "")
    await line.steps(amina, "2")
    await line.ends(amina, completed=True)
    await _is_long_over(line.town, 2)
    screens = await asyncio.gather(*(line.steps(amina, "") for _ in range(12)))
    assert len(set(screens)) == 1
    assert await line.town.value("select nth from ussd_session") == 1


@pytest.mark.parametrize("minutes", [0, 30])
async def test_a_start_that_comes_again_in_its_session_is_no_new_one(line, two, minutes):
    """Some networks send the start twice, and requests overtake each other."""
    amina, _ = two
    first = await line.steps(amina, "")
    await line.steps(amina, "1")
    await line.steps(amina, "1*1")
    await _is_long_over(line.town, minutes)
    assert await line.steps(amina, "") == first
    assert await line.town.value("select nth from ussd_session") == 0
    assert "Saved" in await line.steps(amina, "1*1")
    assert len(await amina.answers()) == 4
