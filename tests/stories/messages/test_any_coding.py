"""A STOP is heard in every coding of a phone, a network or a provider.

A text that cannot be read is kept as it came.
"""

import base64
import json
from urllib.parse import quote_from_bytes

import pytest
from pydantic import SecretStr

from gateway.cli.turns import inbox as command
from gateway.sms.channels import http, kannel
from gateway.steps.runtime import Channel
from gateway.store.turns import inbox
from tests.system.entries.others import KANNEL

BY_FORM = {"sender": "21512", "url": "http://127.0.0.1:1", "insecure": True, "form": {"to": "{to}"},
           "incoming": {"id": "msgid", "sender": "msisdn", "to": "shortcode", "text": "message"}}  # fmt: skip
BY_JSON = BY_FORM | {
    "incoming": {"id": "message.id", "sender": "message.from", "text": "message.body"}
}
BY_XML = BY_FORM | {"incoming": {"id": "sms.id", "sender": "sms.from", "text": "sms.body"}}


@pytest.fixture
def doors(town):
    rt, before = town.rt, dict(town.rt.channels)
    rt.channels["form"] = Channel("form", SecretStr("s"), http.make("form", BY_FORM), None)
    rt.channels["json"] = Channel("json", SecretStr("s"), http.make("json", BY_JSON), None)
    rt.channels["xml"] = Channel("xml", SecretStr("s"), http.make("xml", BY_XML), None)
    rt.channels["kannel"] = Channel("kannel", SecretStr("s"), kannel.make("kannel", KANNEL), None)
    yield town
    rt.channels.clear()
    rt.channels.update(before)


async def is_stopped(town, phone):
    return (await phone.row())["state"] == "stopped"


def query(phone, text):
    return f"msgid={phone.town.new_id('q')}&msisdn=%2B{phone.msisdn[1:]}&shortcode=21512&message={text}"


STOPS = {
    "UTF-8": "ARRÊT".encode(),
    "Latin-1": b"ARR\xcaT",
    "Windows-1252 with its own ellipsis": b"STOP\x85",
    "UTF-16BE": "STOP".encode("utf-16-be"),
    "UTF-16LE": "STOP".encode("utf-16-le"),
    "UTF-16BE with a mark": b"\xfe\xff" + "STOP".encode("utf-16-be"),
    "UTF-16LE with a mark": b"\xff\xfe" + "STOP".encode("utf-16-le"),
    "UTF-8 with a mark": b"\xef\xbb\xbfSTOP",
    "UTF-16BE in French": "ARRÊT".encode("utf-16-be"),
    "cut inside a character of two bytes": b"STOP \xc3",
    "cut inside a character of three bytes": b"STOP \xe2\x80",
    "cut inside an emoji": b"STOP \xf0\x9f\x98",
    "half of a pair in UTF-16": "STOP ".encode("utf-16-be") + b"\xd8\x3d",
    "half a unit in UTF-16": "STOP ".encode("utf-16-be") + b"\xd8",
    "one byte of Latin-1 after UTF-8": "ARRÊT ".encode() + b"\xe9",
}


@pytest.mark.parametrize("coding", STOPS)
@pytest.mark.parametrize("way", ["query", "form", "raw form"])
async def test_a_stop_in_any_coding_stops(doors, coding, way):
    phone, said = await doors.enrols("amina", "fr"), STOPS[coding]
    written = query(phone, quote_from_bytes(said)).encode()
    if way == "query":
        answer = await doors.http.get(f"/in/form/s/sms?{written.decode()}")
    else:
        if way == "raw form":
            written = query(phone, "").encode() + said.replace(b"&", b"%26").replace(b"+", b"%2B")
        head = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = await doors.http.post("/in/form/s/sms", content=written, headers=head)
    assert answer.status_code == 200
    assert await is_stopped(doors, phone), await inbox.not_done(doors.rt.db)


TWICE = {
    "Windows-1252, as browsers do": lambda word: word.encode().decode("cp1252", "latin1_rest"),
    "Latin-1": lambda word: word.encode().decode("latin-1"),
    "Windows-1252, with a sign for the rest": lambda word: word.encode().decode("cp1252", "replace"),
    "Windows-1252, without the rest": lambda word: word.encode().decode("cp1252", "ignore"),
}  # fmt: skip


@pytest.mark.parametrize("word", ["ARRÊT", "Arrêtez", "አቁም", "አቁሙ"])
@pytest.mark.parametrize("read_as", TWICE)
@pytest.mark.parametrize("way", ["form", "json"])
async def test_a_stop_that_was_encoded_twice_stops(doors, word, read_as, way):
    phone, said = await doors.enrols("amina", "fr"), TWICE[read_as](word)
    if way == "form":
        answer = await doors.http.get(
            f"/in/form/s/sms?{query(phone, quote_from_bytes(said.encode()))}"
        )
    else:
        answer = await doors.http.post("/in/json/s/sms", content=body(phone, said).encode())
    assert answer.status_code == 200
    assert await is_stopped(doors, phone), await inbox.not_done(doors.rt.db)


@pytest.mark.parametrize(
    ("language", "said", "value"),
    [
        ("sw", "Ndiyo 👍", "yes"),
        ("am", "አይ", "no"),
        ("fr", "pas sûr", "unsure"),
        ("ha", "Ba haka ba ƙofa", None),
    ],
)
async def test_an_answer_that_was_encoded_twice_is_the_answer_that_was_typed(
    doors, language, said, value
):
    phone = await doors.enrols("amina", language)
    await doors.posts_batch("Is it open?", **({} if value else {"kind": "transcription"}))
    await phone.texts("WORK")
    await doors.answers_bells()  # The question is sent, so that the answer is not older than it.
    await doors.http.post("/in/json/s/sms", content=body(phone, TWICE["Latin-1"](said)).encode())
    answers = await doors.rt.db.rows("select value from answer")
    assert [row["value"] for row in answers] == [value or said]


@pytest.mark.parametrize(
    ("charset", "said"),
    [
        ("UTF-16BE", "STOP".encode("utf-16-be")),
        ("UTF-16BE", b"STOP"),
        ("utf-16le", "STOP".encode("utf-16-le")),
        ("UCS-2", "STOP".encode("utf-16-be")),
        ("ISO-8859-1", b"ARR\xcaT"),
        ("windows-1252", b"ARR\xcaT"),
        ("UTF-8", "ARRÊT".encode()),
        ("UTF-8", b"ARR\xcaT"),
        ("no-such-charset", b"STOP"),
    ],
)
async def test_kannel_names_the_charset_in_another_field(doors, charset, said):
    phone = await doors.enrols("amina", "fr")
    form = f"id=k1&from=%2B{phone.msisdn[1:]}&to=21512&ts=&text={quote_from_bytes(said)}&charset={charset}"
    assert (await doors.http.get(f"/in/kannel/s/sms?{form}")).status_code == 200
    assert await is_stopped(doors, phone)


def body(phone, text="STOP"):
    return json.dumps({"message": {"id": "j1", "from": phone.msisdn, "body": text}})


ALMOST_JSON = {
    "half an emoji": lambda said: said.replace("STOP", "STOP \\ud83d").encode(),
    "a mark": lambda said: b"\xef\xbb\xbf" + said.encode(),
    "a raw line end": lambda said: said.replace("STOP", "STOP\n").encode(),
    "a tab": lambda said: said.replace("STOP", "STOP\t").encode(),
    "a byte of Latin-1": lambda said: said.replace("STOP", "ARR~T").encode().replace(b"~", b"\xca"),
    "a character cut": lambda said: said.replace("STOP", "STOP ~").encode().replace(b"~", b"\xe2\x80"),
    "UTF-16 with a mark": lambda said: said.encode("utf-16"),
    "UTF-16BE": lambda said: said.encode("utf-16-be"),
    "UTF-16LE": lambda said: said.encode("utf-16-le"),
    "a comma at the end": lambda said: said.replace('"}', '",}').encode(),
    "an escape that is none": lambda said: said.replace("STOP", "STOP \\'").encode(),
    "NUL": lambda said: said.replace("STOP", "STOP\\u0000").encode(),
}  # fmt: skip


@pytest.mark.parametrize("fault", ALMOST_JSON)
async def test_json_that_is_almost_valid_is_read(doors, fault):
    phone = await doors.enrols("amina", "fr")
    head = {"Content-Type": "application/json"}
    content = ALMOST_JSON[fault](body(phone))
    assert (await doors.http.post("/in/json/s/sms", content=content, headers=head)).is_success
    assert await is_stopped(doors, phone), await inbox.not_done(doors.rt.db)


async def test_json_in_the_charset_of_its_content_type(doors):
    phone = await doors.enrols("amina", "fr")
    content = json.dumps(
        {"message": {"id": "j", "from": phone.msisdn, "body": "ARRÊT"}}, ensure_ascii=False
    )
    head = {"Content-Type": "application/json; charset=iso-8859-1"}
    await doors.http.post("/in/json/s/sms", content=content.encode("latin-1"), headers=head)
    assert await is_stopped(doors, phone)


@pytest.mark.parametrize("coding", ["utf-8", "iso-8859-1"])
async def test_a_multipart_form_is_read(doors, coding):
    phone = await doors.enrols("amina", "fr")
    fields = {"msgid": "m1", "msisdn": phone.msisdn, "shortcode": "21512", "message": "ARRÊT"}
    parts = "".join(
        f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    )
    head = {"Content-Type": "multipart/form-data; boundary=x"}
    content = f"{parts}--x--\r\n".encode(coding)
    assert (await doors.http.post("/in/form/s/sms", content=content, headers=head)).is_success
    assert await is_stopped(doors, phone)


@pytest.mark.parametrize("coding", ["utf-8", "iso-8859-1", "utf-16"])
async def test_an_xml_body_is_read(doors, coding):
    phone = await doors.enrols("amina", "fr")
    said = f'<?xml version="1.0" encoding="{coding}"?><call xmlns="urn:x"><sms id="x1"><from>{phone.msisdn}</from><body>ARRÊT</body></sms></call>'
    head = {"Content-Type": "text/xml"}
    content = said.encode(coding)
    assert (await doors.http.post("/in/xml/s/sms", content=content, headers=head)).is_success
    assert await is_stopped(doors, phone), await inbox.not_done(doors.rt.db)


async def test_xml_that_could_grow_is_not_read(doors):
    said = '<!DOCTYPE a [<!ENTITY b "bb">]><a>&b;</a>'
    assert (await doors.http.post("/in/xml/s/sms", content=said)).status_code == 200
    (kept,) = await inbox.not_done(doors.rt.db)
    assert "document type" in kept["error"]


@pytest.mark.parametrize(
    ("kind", "content", "why"),
    [
        ("application/json", b'{"message": {"body": "ST', "not JSON"),
        ("multipart/form-data; boundary=x", b"msisdn=1", "not the multipart form"),
        ("text/xml", b"<sms><from>", "not XML"),
    ],
)
async def test_what_cannot_be_read_is_kept_as_it_came_with_its_reason(doors, kind, content, why):
    head = {"Content-Type": kind}
    for side in ("sms", "receipt"):
        answer = await doors.http.post(f"/in/json/s/{side}", content=content, headers=head)
        assert answer.status_code == 200
    kept = await inbox.not_done(doors.rt.db)
    assert len(kept) == 2
    assert all(why in row["error"] for row in kept)
    assert all(row["state"] == "failed" for row in kept)


CUT = b'{"message": {"id": "j1", "from": "+254711000001", "body": "STOP'
COMMENTED = b'{"message": {"id": "j1", /* of the phone */ "from": "+254711000001", "body": "a=b"}}'
BEGUN = b'// from the phone\n{"message": {"id": "j1", "from": "+254711000001", "body": "a=b"}}'
HASHED = b'# from the phone\n{"message": {"id": "j1"}}'
UNQUOTED = b"{message: {id: 7, body: a=b"


@pytest.mark.parametrize("content", [CUT, COMMENTED, BEGUN, HASHED, UNQUOTED])
@pytest.mark.parametrize(
    "kind", ["application/json", "text/plain", "", "application/x-www-form-urlencoded"]
)
@pytest.mark.parametrize("side", ["sms", "receipt"])
async def test_json_that_is_cut_or_commented_is_kept_with_its_reason(doors, content, kind, side):
    head = {"Content-Type": kind} if kind else {}
    answer = await doors.http.post(f"/in/json/s/{side}", content=content, headers=head)
    assert answer.status_code == 200
    (kept,) = await inbox.not_done(doors.rt.db)
    assert (kept["state"], kept["kind"]) == ("failed", side)
    assert "not JSON" in kept["error"], "the reason names the fault, not a field that nobody sent"
    row = await inbox.stored_event(doors.rt.db, kept["id"])
    assert command._body(doors.rt, row) == content
    done, failed = await command._replay(doors.rt, None)
    assert (done, [number for number, _ in failed]) == (0, [kept["id"]])
    assert "not JSON" in failed[0][1]


@pytest.mark.parametrize("content", [CUT, COMMENTED, BEGUN])
@pytest.mark.parametrize("name", ["form", "xml", "kannel", "phone"])
async def test_every_channel_keeps_what_is_no_json(doors, content, name):
    secret = doors.rt.channels[name].secret.get_secret_value()
    head = {"Content-Type": "application/json"}
    for side in ("sms", "receipt"):
        answer = await doors.http.post(f"/in/{name}/{secret}/{side}", content=content, headers=head)
        assert answer.status_code == 200
    kept = await inbox.not_done(doors.rt.db)
    assert sorted(row["kind"] for row in kept) == ["receipt", "sms"]
    assert all("not JSON" in row["error"] for row in kept)


async def test_bytes_and_content_type_of_a_call_are_kept_for_a_later_replay(doors):
    """The settings named another field; once they are right, the very bytes are read again."""
    phone = await doors.enrols("amina", "fr")
    wrong = BY_FORM | {"incoming": BY_FORM["incoming"] | {"sender": "nothing"}}
    doors.rt.channels["form"] = Channel("form", SecretStr("s"), http.make("form", wrong), None)
    said = query(phone, "ARR%CAT")
    await doors.http.get(f"/in/form/s/sms?{said}")
    parts = (
        f'--y\r\nContent-Disposition: form-data; name="msisdn"\r\n\r\n{phone.msisdn}\r\n--y--\r\n'
    )
    head = {"Content-Type": "multipart/form-data; boundary=y"}
    await doors.http.post("/in/form/s/sms", content=parts, headers=head)
    first, second = sorted(r["id"] for r in await inbox.not_done(doors.rt.db))
    rows = [await inbox.stored_event(doors.rt.db, number) for number in (first, second)]
    assert command._body(doors.rt, rows[0]) == said.encode()
    doors.rt.channels["form"] = Channel("form", SecretStr("s"), http.make("form", BY_FORM), None)
    done, failed = await command._replay(doors.rt, None)
    assert (done, failed) == (2, [])
    assert await is_stopped(doors, phone)


async def test_an_opt_out_and_a_receipt_are_read_alike(doors):
    options = BY_FORM | {"opt_out": "message.from"}
    doors.rt.channels["json"] = Channel("json", SecretStr("s"), http.make("json", options), None)
    phone = await doors.enrols("amina", "fr")
    content = body(phone).replace("STOP", "\\ud83d\n").encode()
    assert (await doors.http.post("/in/json/s/opt-out", content=content)).is_success
    assert await doors.count("opt_out", "msisdn_index = $1", phone.index) == 1


def test_the_courier_case_of_base64_that_was_cut():
    from gateway.sms.channels.twilio.adapter import _plain

    said = "Bannon Explains The World ...\n\u2018The Camp of the Saints"
    whole = base64.b64encode(said.encode() + "\u2019".encode()[:2]).decode()
    assert _plain(whole) == said
    for cut in range(60, len(whole)):
        assert _plain(whole[:cut].rstrip("=")).startswith("Bannon Explains The World ...")
