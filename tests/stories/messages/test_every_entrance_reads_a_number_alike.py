"""One number, written in many ways, is the same worker at every entrance.

A text that is no number is no worker at any entrance.
"""

from contextlib import suppress
from urllib.parse import urlencode

import orjson
import pytest
from pydantic import SecretStr

from gateway.base.errors import Refused
from gateway.sms.channels import africastalking, http, kannel
from gateway.steps.people import register
from gateway.steps.runtime import Channel
from tests.base.numbers.written import READ, REFUSED, SAME
from tests.support.town import FORM, PARTNER

JOIN = ("1", "1", PARTNER, "1")  # the keys of a stranger who joins by USSD
AT = {"username": "u", "api_key": "k", "sender": "21512", "base_url": "http://127.0.0.1:1"}
KANNEL = {"username": "g", "password": "p", "sender": "21512", "send_url": "http://127.0.0.1:1/x"}
HTTP = {
    "sender": "21512",
    "url": "http://127.0.0.1:1/x",
    "insecure": True,

    "form": {"to": "{to}", "text": "{text}"},
    "incoming": {"id": "message.id", "sender": "message.from", "to": "message.to", "text": "message.body"},
}  # fmt: skip


@pytest.fixture
def entrances(town):
    """Ways in, each a function of the written number."""
    rt = town.rt
    rt.channels["at"] = Channel("at", SecretStr("s"), africastalking.make("at", AT), None)
    rt.channels["kannel"] = Channel("kannel", SecretStr("s"), kannel.make("kannel", KANNEL), None)
    rt.channels["json"] = Channel("json", SecretStr("s"), http.make("json", HTTP), None)

    async def posts(path, form):
        return await town.http.post(f"/in/{path}", content=urlencode(form), headers=FORM)

    async def by_sms_of_at(number):
        return await posts("at/s/sms", {"id": town.new_id("m"), "from": number, "to": "21512", "text": "JOIN KIBERA", "date": "2026-11-30 10:00:00"})  # fmt: skip

    async def by_kannel(number):
        return await posts("kannel/s/sms", {"id": town.new_id("m"), "from": number, "to": "21512", "text": "JOIN KIBERA", "ts": "1"})  # fmt: skip

    async def by_json(number):
        message = {"id": town.new_id("m"), "from": number, "to": "21512", "body": "JOIN KIBERA"}
        return await town.http.post("/in/json/s/sms", content=orjson.dumps({"message": message}))

    async def by_ussd(number):
        session = town.new_id("s")
        for keys in range(len(JOIN) + 1):
            text = "*".join(JOIN[:keys])
            await posts("phone/local/ussd", {"session": session, "from": number, "text": text})

    async def by_command(number):
        with suppress(Refused):
            await register.expect_worker(rt, number, "phone", PARTNER)

    async def by_add(number):
        await town["wanjiku"].texts(f"ADD {number} Amina sw")

    yield {
        "africastalking": by_sms_of_at,
        "kannel": by_kannel,
        "json": by_json,
        "ussd": by_ussd,
        "gateway worker expect": by_command,
        "ADD": by_add,
    }
    for name in ("at", "kannel", "json"):
        rt.channels.pop(name)


async def known(town):
    """The numbers of all workers, in the open."""
    rows = await town.rt.db.rows("select msisdn_sealed from worker")
    return {town.rt.vault.open(row["msisdn_sealed"]) for row in rows}


def sendable(number):
    """Return what of a number can be sent.

    Webhooks drop NUL and blanks at the ends; a body longer than a field is refused before it is
    read.
    """
    return 0 < len(number.strip()) <= 200


@pytest.mark.parametrize(
    "entrance", ["africastalking", "kannel", "json", "ussd", "gateway worker expect", "ADD"]
)
async def test_her_number_is_hers_however_it_is_written(town, entrances, entrance):
    for number in READ:
        await entrances[entrance](number)
        assert await known(town) <= {SAME}, number
    assert await known(town) == {SAME}


@pytest.mark.parametrize(
    "entrance", ["africastalking", "kannel", "json", "ussd", "gateway worker expect", "ADD"]
)
async def test_a_text_that_is_no_number_is_no_worker_at_any_entrance(town, entrances, entrance):
    for number in filter(sendable, REFUSED):
        await entrances[entrance](number)
        assert await known(town) == set(), number


async def test_a_number_that_json_made_a_float_is_hers(town, entrances):
    for body in (
        b'{"message":{"id":"f1","from":254711000031.0,"to":"21512","body":"JOIN KIBERA"}}',
        b'{"message":{"id":"f2","from":2.54711000031e11,"to":"21512","body":"JOIN KIBERA"}}',
        b'{"message":{"id":"f3","from":254711000031,"to":"21512","body":"JOIN KIBERA"}}',
    ):
        answer = await town.http.post("/in/json/s/sms", content=body)
        assert answer.status_code == 200, answer.text
    assert await known(town) == {SAME}
    rounded = b'{"message":{"id":"f4","from":2.54722E+11,"to":"21512","body":"JOIN KIBERA"}}'
    await town.http.post("/in/json/s/sms", content=rounded)
    assert await known(town) == {SAME}


async def test_a_coordinator_is_told_when_a_pasted_number_was_read(town):
    reply = await town["wanjiku"].texts("ADD \u202a+254711000003\u202c, Juma")
    assert "+2547..03" in reply
    for said in ("071100000 Cate", "07110000 Ben", "07110000099 Dan"):
        assert "is not a phone number" in await town["wanjiku"].texts(f"ADD {said}")
    assert "is not a phone number" in await town["wanjiku"].texts("ADD 0711000031 ext 5 Ann")
    assert await known(town) == {"+254711000003"}
