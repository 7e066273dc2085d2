"""Kannel, Jasmin, Twilio, phone numbers, pictures, segments: what can be read without a gateway."""

import asyncio
import json
import re
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
from pydantic import SecretStr

from gateway.base import forms
from gateway.base.errors import Refused
from gateway.base.msisdn import normalise
from gateway.cli.messages import kannel_conf
from gateway.gsm import segments
from gateway.settings import ChannelSettings, ChannelSide, Settings
from gateway.sms.channels import http, kannel, twilio
from gateway.sms.channels.twilio.answers import understood
from gateway.sms.port import Delivery, Hint, OutboundSms, SendStatus, Webhook
from tests.system.entries.book import RECORDED, Book

book = Book()
HI = OutboundSms("77", "+254711000001", "hi")

# --- Kannel ---

KANNEL = {"username": "gateway", "password": "p", "sender": "21512", "send_url": "http://127.0.0.1:1/x",
          "receipt_url": "http://gw.example.org/in/k/s/receipt"}  # fmt: skip


def conf():
    channels = {
        "k": ChannelSettings(secret=SecretStr("s"), sms=ChannelSide(kind="kannel", options=KANNEL))
    }
    return kannel_conf.conf(
        Settings(channels=channels, private_addresses=["127.0.0.1:1"]),
        "k",
        folders=kannel_conf.KannelFolders("/s", "/s"),
        admin_port=1,
        box_port=2,
    )


def settings_of(text):
    lines = (line for line in text.splitlines() if " = " in line and not line.startswith("#"))
    return dict(line.split(" = ", 1) for line in lines)


def escapes(get_url):
    """Return which field carries which of Kannel's escapes."""
    return {value: name for name, value in re.findall(r"(\w+)=(%\w)", get_url)}


@book.entry("kannel_live.mo.*")
def hears_what_kannel_heard(_, value):
    """The recorded request had more fields; here it is as our own get-url would have had it."""
    theirs = escapes(value["get_url"])
    said = dict(parse_qsl(urlsplit(value["request"].removeprefix("GET ")).query))
    ours = escapes(settings_of(conf())["get-url"])
    form = {name: said[theirs[escape]] for escape, name in ours.items()}
    sms = kannel.make("k", KANNEL).parse_sms(form)
    assert (sms.sender, sms.text) == ("+254711000001", "YES 123 hello+world & more")
    assert sms.provider_id == "dfd7e2dc-5424-4251-944c-cd2d24b8c0ec"
    assert sms.sent_at.isoformat() == "2026-11-21T16:34:32+00:00"
    assert "global-sender" not in settings_of(conf()), value["note"]


@book.entry("kannel_live.dlr.0", "kannel_live.dlr.1")
def follows_kannels_reports(_, value):
    """The gateway's dlr-url has the same escapes.

    The order of two reports is the outbox's affair (tests/system/entries/doors.py).
    """
    requests = value.get("requests") or [urlsplit(value["request"].removeprefix("GET ")).query]
    for request in requests:
        said = dict(parse_qsl(request, keep_blank_values=True))
        form = {
            "id": "77",
            "status": said["status"],
            "smsc_id": said["fid"],
            "reply": said["reply"],
        }
        report = kannel.make("k", KANNEL).parse_receipt(form)
        assert report.delivery is {"1": Delivery.DELIVERED, "8": Delivery.SENT}[said["status"]]
        assert report.reason == (said["reply"] or None)
    assert kannel.DLR_MASK & value.get("mask", 1 | 8) == value.get("mask", 1 | 8)


@book.entry("kannel_live.dlr.2")
def asks_for_no_number_in_a_report(_, value):
    """%p and %P change places in a dlr-url: ours needs neither, it carries our own id."""
    asked = dict(parse_qsl(kannel.make("k", KANNEL).query(HI)))["dlr-url"]
    assert set(re.findall(r"(?<!%)%(\w)", asked)) == {"d", "F", "A"}
    assert "id=77" in asked
    assert "%p is the handset" in value["note"]


ANSWERS = {
    "valid": SendStatus.ACCEPTED,
    "no SMSC connected": SendStatus.ACCEPTED,
    "bad password": SendStatus.RETRY,
    "to empty": SendStatus.REFUSED,
    "to=abc": SendStatus.REFUSED,
}


@book.entry("kannel_live.sendsms.*")
def understands_sendsms(_, value):
    """Kannel is never asked for a message that it would cut, send empty, or send to two."""
    made = kannel.make("k", KANNEL | {"max_messages": 3})
    asked = value["q"]
    if asked.startswith("700"):
        assert "3 can be sent" in made.capacity.lack("x" * 700)
    elif asked == "no text":
        (sent,) = asyncio.run(made.send(None, [OutboundSms("77", "+254711000001", "")]))
        assert (sent.outcome, "empty" in sent.reason) == (SendStatus.REFUSED, True)
    elif asked == "two recipients":
        assert dict(parse_qsl(made.query(HI)))["to"] == HI.to
    else:
        sent = kannel.understood(HI, value["status"], value["body"].encode())
        assert sent.outcome is ANSWERS[asked]
        assert (sent.hint is Hint.PAUSE) is (value["status"] == 403)


@book.entry("kannel_live.mo_loss.*")
def loses_no_reply(_, __):
    assert int(settings_of(conf())["http-request-retry"]) >= 1000


# --- Jasmin, by settings of the http channel alone ---


def jasmin():
    options = {
        "sender": "21512", "url": "https://jasmin.example/send", "accepted": r'Success "',
        "message_id": r'"([0-9a-f-]{36})"', "retry": "No route found", "incoming": {"text": "content"},
        "receipt": {"id": "id", "status": "message_status", "reason": "err"},
        "statuses": {"ESME_ROK": "sent", "DELIVRD": "delivered"}, "thanks": "ACK/Jasmin",
    }  # fmt: skip
    return http.make("jasmin", options)


@book.entry("jasmin_live.mo")
def hears_jasmin(_, value):
    sms = jasmin().parse_sms(forms.fields(urlsplit(value.removeprefix("GET ")).query.encode()))
    assert (sms.sender, sms.to, sms.text) == ("254711000000", "21512", "YES 123")


@book.entry("jasmin_live.mo_note")
def thanks_jasmin(_, value):
    assert jasmin().thanks.body.decode() in value


@book.entry("jasmin_live.dlr.*")
def follows_jasmins_reports(_, value):
    report = jasmin().parse_receipt(forms.fields(value.removeprefix("POST /dlr ").encode()))
    assert report.provider_id == "73386504-d0f3-473f-abe5-a3db00a1af4f"
    assert report.delivery is (Delivery.SENT if "level=1" in value else Delivery.DELIVERED)


@book.entry("jasmin_live.send_ok")
def is_taken_by_jasmin(_, value):
    status, body = value.split(" ", 1)
    sent = jasmin().understood(HI, int(status), body.encode())
    assert (sent.outcome, sent.provider_id) == (SendStatus.ACCEPTED, "07033084-5cfd-4812-90a4-e4d24ffb6e3d")  # fmt: skip


@book.entry("jasmin_live.send_errors.*")
def understands_jasmins_errors(key, value):
    meant = {
        "403": SendStatus.RETRY,
        "412": SendStatus.RETRY,
        "400": SendStatus.REFUSED,
        "500": SendStatus.UNKNOWN,
    }
    assert jasmin().understood(HI, int(key), value.encode()).outcome is meant[key]


# --- Twilio ---


def tw(**options):
    given = {"account_sid": "AC1", "auth_token": "6789", "sender": "+254200000000"}
    return twilio.make("tw", given | options)


@book.entry("twilio.status.*")
def knows_the_status(key, value):
    meant = {"queued": Delivery.SENT, "sent": Delivery.SENT, "delivered": Delivery.DELIVERED,
             "failed": Delivery.FAILED, "inbound": None}  # fmt: skip
    report = tw().parse_receipt({"MessageSid": "SM1", "MessageStatus": key})
    assert (report.delivery, report.raw_status) == (meant[value], key)


# The outbox knows three ends: again, never this way (another route may do), and never at all with
# the number stopped.
AGAIN = (
    "pause channel",
    "retry with backoff, not processed",
    "retry later",
    "retry",
    "slow down",
    "defer to next day",
)
NEVER = (
    "final",
    "final: bad number",
    "final: config",
    "final/other channel",
    "final: bug",
    "final: content",
    "final + opt-out",
)
# Only ever told in a report: then the message is over, and the phone's or the network's state is
# what is left of it.
REPORTED = {"30003": Delivery.AWAY, "30008": Delivery.FAILED}


@book.entry("twilio.errors.*")
def knows_the_error(key, value):
    said, meaning = value
    form = {"MessageSid": "SM1", "MessageStatus": "undelivered", "ErrorCode": key}
    report = tw().parse_receipt(form)
    assert (report.delivery, report.reason) == (REPORTED.get(key, Delivery.FAILED), f"Twilio error {key}")  # fmt: skip
    assert report.opted_out is ("opted out" in said)
    status = 429 if "429" in said or key == "63018" else 401 if key == "20003" else 400
    body = json.dumps({"code": int(key), "message": "...", "status": status}).encode()
    sent = understood(HI, status, body)
    assert sent.opted_out is ("opted out" in said)
    if key in REPORTED:
        assert sent.outcome is SendStatus.REFUSED
    else:
        assert meaning in (AGAIN if sent.outcome is SendStatus.RETRY else NEVER), sent


@book.entry("twilio.signature.*")
def holds_the_signature(_, value):
    assert value["validates"] is True
    for algorithm in ("sha1", "sha256"):
        headers = {
            "x-twilio-signature": value[f"signature_{algorithm}"],
            "x-twilio-webhooks-signature-settings": f"key=1,algorithm=HMAC_{algorithm.upper()}",
        }
        made, said = tw(auth_token=value["auth_token"]), list(value["params"].items())
        assert made.authentic(Webhook(value["url"], headers, said, b""))
        assert not made.authentic(Webhook(value["url"], headers, [*said, ("More", "1")], b""))


# --- phone numbers ---


@book.entry("phone_numbers.*")
def reads_the_number(_, value):
    region = value["region"] or "KE"
    if value["expect"].startswith("+"):
        assert normalise(value["raw"], region) == value["expect"]
    elif value["raw"].startswith("00"):  # what phonenumbers makes of it, and what it is
        assert normalise(value["raw"], region) == "+254712345678"
    else:
        with pytest.raises(Refused, match="not a phone number"):
            normalise(value["raw"], region)


# --- pictures: we send none; what a phone that does would send must do no harm
# (tests/system/entries/doors.py) ------------------


def picture(text="Duka"):
    """A picture message as the recording lays it out, and its parts as (header, data)."""
    bitmap = bytes([0x00, 72, 28, 0x01]) + bytes(72 * 28 // 8)
    items = ((0x00, text.encode("latin-1")), (0x02, bitmap))
    payload = b"\x30" + b"".join(bytes([kind]) + len(v).to_bytes(2, "big") + v for kind, v in items)
    room = RECORDED["picture_sms"]["part_payload_bytes"]
    cut = [payload[at : at + room] for at in range(0, len(payload), room)]
    header = "0B 00 03 2A {:02X} {:02X} 05 04 15 8A 15 8A"
    return payload, [(bytes.fromhex(header.format(len(cut), n + 1)), p) for n, p in enumerate(cut)]


@book.entry("picture_sms.payload_bytes", "picture_sms.parts", "picture_sms.part_payload_bytes")
def weighs_a_picture(key, value):
    payload, parts = picture()
    assert {
        "payload_bytes": len(payload),
        "parts": len(parts),
        "part_payload_bytes": segments._OCTETS - len(parts[0][0]),
    }[key] == value


@book.entry("picture_sms.udh_port", "picture_sms.udh_each", "picture_sms.layout")
def heads_a_picture(key, value):
    payload, parts = picture()
    if key == "layout":
        assert payload[0] == 0x30 and f"0x{payload[0]:02x}" in value
        assert payload[-256:][:4] == bytes.fromhex("00481C01") and "00 48 1C 01 = 72x28" in value
    elif key == "udh_port":
        assert bytes.fromhex(value.split()[0])[1:] == parts[0][0][-6:]
    else:
        for header, data in parts:
            named = header.hex(" ").upper().split()
            assert all(said in (seen, "rr", "nn") or said == "03" for said, seen in zip(value.split(), named, strict=True))  # fmt: skip
            assert header[0] == len(header) - 1
            assert len(header) + len(data) <= segments._OCTETS


# --- segments ---

PLAIN_SWAHILI = "Je, duka hili liko Kibera? 1 Ndio"


@book.entry("segments.*")
def counts_segments(_, value):
    written = value["text_expr"]
    text = PLAIN_SWAHILI if written == "literal" else "".join(_pieces(written))
    counted = segments.count_segments(text)
    said = (value["encoding"], value["units"], value["segments"])
    assert (counted.encoding, counted.units, counted.segments) == said
    assert len(segments.split_parts(text)) == value["segments"]


def _pieces(written):
    """`'a'*159+'€'`, read without running it."""
    found = re.fullmatch(r"(?:\+?'[^']+'(?:\*\d+)?)+", written)
    assert found, written
    for piece, times in re.findall(r"'([^']+)'(?:\*(\d+))?", written):
        yield piece * int(times or 1)


# --- where it was read ---


@book.entry("kannel_live.source", "jasmin_live.source", "picture_sms.source")
def says_where_it_was_read(_, value):
    readme = Path(__file__).parents[2] / "support" / "recorded" / "README.md"
    assert value and "messaging.json" in readme.read_text()
