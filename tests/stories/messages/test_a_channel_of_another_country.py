"""An aggregator of another country writes its numbers as they are written there.

They are those of that country's workers.
"""

import json
from urllib.parse import urlencode

import pytest
from pydantic import ValidationError

from gateway.base.errors import SettingsError
from gateway.settings import ChannelSettings, ChannelSide, Settings
from tests.conftest import opened_gateway
from tests.support.town import FORM

NATIONAL = "0772 123 456"  # a number of Kenya, of Uganda, and of others
UGANDAN, KENYAN = "+256772123456", "+254772123456"
SMS = ChannelSide(kind="http", options={"sender": "8181", "url": "https://sms.example.org/send", "opt_out": "gone"})  # fmt: skip
USSD = ChannelSide(kind="http", options={"service_code": "*8181#", "input": "last", "begins": {"new": "1"}})  # fmt: skip


@pytest.fixture(scope="module")
async def two_countries(new_database):
    channels = {
        name: ChannelSettings(secret="t", sms=SMS, ussd=USSD, region=region)
        for name, region in (("ug", "UG"), ("ke", None))
    }
    async with opened_gateway(
        await new_database("twocountries"), channels=channels, sms_channel="ke"
    ) as town:
        yield town


async def knows(town, number, table="inbox", column="msisdn_index"):
    return await town.count(table, f"{column} = '\\x{town.rt.vault.index(number).hex()}'")


async def calls(town, path, **form):
    answer = await town.http.post(path, content=urlencode(form), headers=FORM)
    assert answer.status_code == 200
    return answer


@pytest.mark.parametrize(("channel", "number"), [("ug", UGANDAN), ("ke", KENYAN)])
async def test_an_sms_is_answered_in_its_own_country(two_countries, channel, number):
    sent = {"id": f"{channel}1", "from": NATIONAL, "to": "8181", "text": "HELP"}
    await calls(two_countries, f"/in/{channel}/t/sms", **sent)
    assert await knows(two_countries, number, "outbox", "to_index") == 1


@pytest.mark.parametrize(("channel", "number"), [("ug", UGANDAN), ("ke", KENYAN)])
async def test_a_session_is_that_of_the_countrys_phone(two_countries, channel, number):
    step = {"session": "s1", "from": NATIONAL, "new": "1", "text": "*8181#"}
    await calls(two_countries, f"/in/{channel}/t/ussd", **step)
    assert await knows(two_countries, number, "ussd_session") == 1
    await calls(two_countries, f"/in/{channel}/t/session-end", session="s1", **{"from": NATIONAL})
    rows = await two_countries.rt.db.rows(
        "select completed from ussd_session where channel = $1 and msisdn_index = $2",
        channel,
        two_countries.rt.vault.index(number),
    )
    assert [row["completed"] for row in rows] == [False]


@pytest.mark.parametrize(("channel", "number"), [("ug", UGANDAN), ("ke", KENYAN)])
async def test_a_worker_who_opts_out_is_of_that_country(two_countries, channel, number):
    await calls(two_countries, f"/in/{channel}/t/opt-out", gone=NATIONAL)
    assert await knows(two_countries, number, "opt_out") == 1


async def test_a_number_with_a_country_code_is_what_it_says_on_any_channel(two_countries):
    body = json.dumps({"id": "k9", "from": "+254733000999", "to": "8181", "text": "HELP"}).encode()
    answer = await two_countries.http.post("/in/ug/t/sms", content=body)
    assert answer.status_code == 200
    assert await knows(two_countries, "+254733000999", "outbox", "to_index") == 1


def test_a_region_is_one_of_the_countries_served():
    with pytest.raises((SettingsError, ValidationError), match=r"channels.x.region: 'GH' is not in `countries`"):  # fmt: skip
        Settings(channels={"x": ChannelSettings(secret="t", sms=SMS, region="GH")})
