"""Kannel against what a real one sent and answered."""

import json
from pathlib import Path
from urllib.parse import parse_qsl

import aiohttp
import pytest
from aiohttp import web
from pydantic import SecretStr

from gateway.cli.messages import kannel_conf
from gateway.settings import ChannelSettings, ChannelSide, Settings
from gateway.sms.channels import kannel
from gateway.sms.port import OutboundSms, SendStatus

RECORDED = json.loads(
    (Path(__file__).parents[1] / "support" / "recorded" / "kannel.json").read_text()
)
AMINA = "+254711000001"


GIVEN = {
    "username": "gateway",
    "password": "p&ss",
    "sender": "21512",
    "send_url": "http://127.0.0.1:1/x",
}


def channel(url="http://127.0.0.1:1/cgi-bin/sendsms", **options):
    return kannel.make("kannel", GIVEN | {"send_url": url} | options)


async def send(provider, *texts, **options):
    provider.answer = lambda _: web.Response(status=202, text="0: Accepted for delivery")
    async with aiohttp.ClientSession() as http:
        made = channel(f"{provider.url}/cgi-bin/sendsms", **options)
        return await made.send(
            http, [OutboundSms(f"7{i}", AMINA, text) for i, text in enumerate(texts)]
        )


def test_an_incoming_message():
    sms = channel().parse_sms(dict(parse_qsl(RECORDED["incoming"])))
    assert (sms.sender, sms.to, sms.text) == (AMINA, "21512", "YES 123 hello+world & more")
    assert sms.provider_id == "dfd7e2dc-5424-4251-944c-cd2d24b8c0ec"
    assert sms.sent_at.isoformat() == "2026-11-21T16:34:32+00:00"


@pytest.mark.parametrize(("body", "delivery"), RECORDED["receipts"])
def test_receipts_name_our_own_key(body, delivery):
    receipt = channel().parse_receipt(dict(parse_qsl(body)))
    assert (receipt.provider_id, receipt.delivery) == ("77", delivery)


@pytest.mark.parametrize(("status", "body", "outcome"), RECORDED["sendsms"])
def test_every_answer_of_sendsms(status, body, outcome):
    sent = kannel.understood(OutboundSms("77", AMINA, "hi"), status, body.encode())
    assert sent.outcome == outcome


@pytest.mark.parametrize(
    ("text", "coding"),
    [("1 Ndiyo + 2 La? 50% & ;=~é", "0"), ("ሰላም 😀 + 50%", "2"), ("a\nb  c", "0")],
)
async def test_the_text_arrives_as_it_was_written(provider, text, coding):
    (sent,) = await send(provider, text)
    assert sent.outcome == SendStatus.ACCEPTED
    assert sent.provider_id == "70"
    query = provider.requests[0].query
    assert (query["text"], query["to"], query["from"]) == (text, AMINA, "21512")
    assert (query["coding"], query["charset"], query["password"]) == (coding, "UTF-8", "p&ss")
    assert "dlr-url" not in query


async def test_the_receipt_address_carries_our_key_and_kannels_escapes(provider):
    await send(
        provider, "hi", receipt_url="https://gw.example.org/in/k/s%20t/receipt", smsc="safaricom"
    )
    query = provider.requests[0].query
    assert (
        query["dlr-url"]
        == "https://gw.example.org/in/k/s%%20t/receipt?id=70&status=%d&smsc_id=%F&reply=%A"
    )
    assert (query["dlr-mask"], query["smsc"]) == ("31", "safaricom")


async def test_what_kannel_would_cut_or_send_empty_is_refused_here(provider):
    sent = await send(provider, "x" * 613, "x" * 612, "")
    assert [each.outcome for each in sent] == [
        SendStatus.REFUSED,
        SendStatus.ACCEPTED,
        SendStatus.REFUSED,
    ]
    assert len(provider.requests) == 1


def test_the_kannel_conf_we_make_tries_for_longer_than_a_day():
    """B1: stock Kannel tries once.

    With any delay between tries, an application that is away for a day loses nothing.
    """
    k = ChannelSettings(secret=SecretStr("s"), sms=ChannelSide(kind="kannel", options=GIVEN))
    settings = Settings(channels={"k": k}, private_addresses=("127.0.0.1:1",))
    made = kannel_conf.conf(
        settings, "k", folders=kannel_conf.KannelFolders("/s", "/s"), admin_port=1, box_port=2
    )
    said = dict(line.split(" = ", 1) for line in made.splitlines() if " = " in line)
    tries, every_s = int(said["http-request-retry"]), int(said["http-queue-delay"])
    assert tries * every_s >= 86_400
    assert every_s <= 60, "and who is back hears of it within a minute"
