"""Any aggregator by settings: templates out, maps in, and no way to the inside."""

import json
from contextlib import suppress
from pathlib import Path

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from gateway.base import forms
from gateway.base.errors import Refused, SettingsError
from gateway.base.net import outside
from gateway.base.net.addresses import NONE, PermittedAddresses
from gateway.sms.channels import http as generic
from gateway.sms.port import Delivery, OutboundSms, SendStatus

AMINA = "+254711000001"
LOCAL = {"insecure": True}
LOOPBACK = PermittedAddresses.read(["127.0.0.1"])


def channel(**options):
    given = {"sender": "21512", "url": "https://sms.example.org/send"}
    return generic.make("local", given | options)


async def sends(made, *texts, permitted=LOOPBACK):
    async with outside.session(permitted) as http:
        return await made.send(
            http, [OutboundSms(f"k{n}", AMINA, text) for n, text in enumerate(texts)]
        )


async def test_a_get_with_everything_in_the_address(provider):
    provider.answer = lambda _: web.Response(text="OK id=77")
    made = channel(
        url=provider.url
        + "/send?u=me&p={password}&to={msisdn}&from={sender}&text={text}&ref={key}",
        method="GET",
        secrets={"password": "p&ss"},
        accepted="^OK",
        message_id=r"id=(\d+)",
        **LOCAL,
    )
    (sent,) = await sends(made, "1 Ndiyo & 2 La? 50% +é {password}")
    assert (sent.outcome, sent.provider_id) == (SendStatus.ACCEPTED, "77")
    (request,) = provider.requests
    assert request.query == {
        "u": "me",
        "p": "p&ss",
        "to": "254711000001",
        "from": "21512",
        "text": "1 Ndiyo & 2 La? 50% +é {password}",
        "ref": "k0",
    }


async def test_a_form_and_a_json_body_hold_any_text(provider):
    provider.answer = lambda _: web.Response(status=202)
    text = 'a "b"\n& {to} \\ é ሰ'
    form = channel(url=f"{provider.url}/s", form={"to": "{to}", "msg": "{text}"}, **LOCAL)
    body = {"messages": [{"to": "{to}", "body": "{text}", "parts": 4}], "ref": "x-{key}"}
    as_json = channel(
        url=f"{provider.url}/s", json=body, headers={"Authorization": "Bearer {token}"},
        secrets={"token": "s3"}, **LOCAL,
    )  # fmt: skip
    assert (await sends(form, text))[0].provider_id == "k0", "receipts name our key"
    await sends(as_json, text)
    first, second = provider.requests
    assert first.form == {"to": AMINA, "msg": text}
    assert json.loads(second.body) == {
        "messages": [{"to": AMINA, "body": text, "parts": 4}],
        "ref": "x-k0",
    }
    assert second.headers["Authorization"] == "Bearer s3"


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        (200, "OK id=1", SendStatus.ACCEPTED),
        (200, "ERR 21 no credit", SendStatus.RETRY),
        (200, "ERR 13 bad number", SendStatus.REFUSED),
        (200, "what?", SendStatus.UNKNOWN),
        (302, "", SendStatus.RETRY),
        (401, "", SendStatus.RETRY),
        (429, "", SendStatus.RETRY),
        (400, "", SendStatus.REFUSED),
        (408, "", SendStatus.UNKNOWN),
        (500, "OK id=1", SendStatus.UNKNOWN),
    ],
)
def test_answers(status, body, outcome):
    made = channel(accepted="^OK", refused="ERR 13", retry="ERR 21")
    sent = made.understood(OutboundSms("k", AMINA, "hi"), status, body.encode())
    assert sent.outcome is outcome


def test_incoming_from_a_form_and_from_json():
    by_form = channel(incoming={"sender": "msisdn", "text": "message", "id": "msgid"})
    sms = by_form.parse_sms(forms.fields(b"msgid=9&msisdn=254711000001&message=1&to=21512"))
    assert (sms.provider_id, sms.sender, sms.text) == ("9", "254711000001", "1")
    by_json = channel(incoming={"sender": "sms.from", "text": "sms.body", "id": "sms.id"})
    body = json.dumps({"sms": {"id": 12, "from": AMINA, "body": "Ndiyo"}}).encode()
    sms = by_json.parse_sms(forms.fields(body))
    assert (sms.provider_id, sms.sender, sms.to, sms.text) == ("12", AMINA, "21512", "Ndiyo")


JASMIN = json.loads(
    (Path(__file__).parents[1] / "support" / "recorded" / "jasmin.json").read_text()
)


def jasmin():
    """Another gateway's wire format, by settings alone."""
    return channel(
        accepted=r'Success "',
        message_id=r'"([0-9a-f-]{36})"',
        retry="No route found",
        incoming={"text": "content"},
        receipt={"id": "id", "status": "message_status", "reason": "err"},
        statuses={"ESME_ROK": "sent", "DELIVRD": "delivered", "UNDELIV": "failed"},
        thanks="ACK/Jasmin",
    )


def test_what_a_real_jasmin_sent_and_answered():
    sms = jasmin().parse_sms(forms.fields(JASMIN["incoming"].encode()))
    assert (sms.sender, sms.to, sms.text) == ("254711000000", "21512", "YES 123")
    receipts = [jasmin().parse_receipt(forms.fields(r.encode())) for r in JASMIN["receipts"]]
    assert [r.delivery for r in receipts] == [Delivery.SENT, Delivery.DELIVERED]
    assert len({r.provider_id for r in receipts}) == 1
    assert jasmin().thanks.body == b"ACK/Jasmin"
    for status, body, outcome in JASMIN["answers"]:
        sent = jasmin().understood(OutboundSms("k", AMINA, "hi"), status, body.encode())
        assert sent.outcome == outcome, body
        assert (sent.provider_id is not None) is (outcome == "accepted")


def test_without_an_id_a_message_has_its_second():
    """The test of its repetition is tests/stories/turns/test_the_same_sms.py."""
    sms = channel().parse_sms({"from": AMINA, "text": "1", "date": "2026-11-21 10:00:00.25"})
    assert (sms.provider_id, sms.sent_at.isoformat()) == ("", "2026-11-21T10:00:00.250000+00:00")
    assert sms.stamp.exact


def test_the_zone_of_dates_that_name_none_is_a_setting():
    form = {"from": AMINA, "text": "1", "date": "2026-11-21 10:00:00"}
    assert not channel().parse_sms(form).stamp.zoned
    kenyan = channel(incoming={"zone": "Africa/Nairobi"}).parse_sms(form)
    assert kenyan.stamp.zoned
    assert kenyan.sent_at.isoformat() == "2026-11-21T07:00:00+00:00"
    with pytest.raises(SettingsError, match="no time zone 'Nairobi'"):
        channel(incoming={"zone": "Nairobi"})


def test_receipts_and_opt_outs_by_the_map():
    made = channel(
        receipt={"id": "ref", "status": "st"}, statuses={"DELIVRD": "delivered", "EXPIRED": "failed"},
        opt_out="msisdn",
    )  # fmt: skip
    receipt = made.parse_receipt({"ref": "k1", "st": "delivrd"})
    assert (receipt.provider_id, receipt.delivery) == ("k1", Delivery.DELIVERED)
    assert made.parse_receipt({"ref": "k1", "st": "NEW"}).delivery is None
    assert made.parse_opt_out({"msisdn": AMINA}).msisdn == AMINA
    with pytest.raises(Refused, match="opt_out"):
        channel().parse_opt_out({"from": AMINA})


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"url": "http://sms.example.org/"}, "https"),
        ({"url": "https://{to}.example.org/"}, "url"),
        ({"url": "https://me@sms.example.org/"}, "url"),
        ({"private_networks": ["10.0.0.0/8"]}, "private_addresses"),
        ({"url": "https://sms.example.org/?x={nobody}"}, "nobody"),
        ({"json": {"a": ["{nobody}"]}}, "nobody"),
        ({"form": {"a": "b"}, "json": {"a": "b"}}, "exclude"),
        ({"message_id": "id=.*"}, "group"),
        ({"accepted": "("}, "accepted"),
        ({"statuses": {"OK": "eaten"}}, "statuses"),
    ],
)
def test_settings_that_cannot_work_say_so(wrong, said):
    with pytest.raises(SettingsError, match=said):
        channel(**wrong)


async def test_a_name_that_leads_inside_is_not_called(provider):
    """The address counts that the name has when the gateway connects."""
    port = provider.url.rpartition(":")[2]
    inside = channel(url=f"https://localhost:{port}/send")
    (sent,) = await sends(inside, "hi", permitted=NONE)
    assert sent.outcome is SendStatus.RETRY
    assert "private_addresses" in sent.reason
    assert provider.requests == []


async def test_a_redirect_is_not_followed(provider):
    provider.answer = lambda _: web.Response(status=302, headers={"Location": f"{provider.url}/x"})
    (sent,) = await sends(channel(url=f"{provider.url}/s", **LOCAL), "hi")
    assert sent.outcome is SendStatus.RETRY
    assert len(provider.requests) == 1


@given(st.binary(max_size=200))
def test_any_body_is_read_as_fields(raw):
    """Or the body says what it is, and is not that: then with a reason."""
    found = list[tuple[str, str]]()
    with suppress(Refused):
        found = forms.pairs(raw)
    for name, value in found:
        assert isinstance(name, str)
        assert isinstance(value, str)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
        max_leaves=10,
    )
)  # fmt: skip
def test_any_json_is_read_as_fields(value):
    forms.fields(json.dumps(value).encode())


def test_json_of_any_depth_is_cut_off():
    deep = b'{"a":' * 500 + b"1" + b"}" * 500
    assert forms.fields(deep) == {}
    assert forms.fields(b'{"a":{"b":{"c":1}}}') == {"a.b.c": "1"}
    with pytest.raises(Refused, match="not JSON"):  # what has no end
        forms.fields(b'{"a":' * 50_000)
