"""The webhook server: an event that was answered with 200 is stored, and takes effect once.

This holds in a rush and while the database is away.
"""

import asyncio
import base64
import hashlib
import hmac
import os
import time
from datetime import UTC, datetime
from urllib.parse import urlencode

import asyncpg
import pytest

from gateway.settings import ChannelSettings, ChannelSide
from gateway.store.turns import inbox
from gateway.store.turns.spool import Spool, SpoolFull
from tests.conftest import opened_gateway
from tests.support.town import eventually

BIG = "+254722000001"


@pytest.fixture(scope="module")
async def busy(new_database, tmp_path_factory):
    """A gateway that stores every SMS first."""
    folder = tmp_path_factory.mktemp("busy")
    async with opened_gateway(await new_database("busy"), walks_at_once=0, data_dir=folder) as town:
        await town.opens()
        yield town


async def joined(town, name):
    """Return a worker who was enrolled by SMS that were stored first."""
    person = town.meets(name)
    await person.sends("JOIN KIBERA")
    await person.sends("YES")
    await town.answers_bells()
    return person


async def test_in_a_rush_fifty_copies_are_stored_once_and_heard_once(busy):
    amina = await joined(busy, "amina")
    await busy.posts_batch("Is it open?", "Is it clean?")
    await amina.sends("WORK")
    await busy.answers_bells()
    before = await busy.count("outbox")
    answers = await asyncio.gather(*(amina.sends("1", event="rush-1") for _ in range(50)))
    assert {answer.status_code for answer in answers} == {200}
    assert await busy.count("inbox", "event_id like 'rush-1@%' and state = 'waiting'") == 1
    assert await amina.values() == [], "not heard yet"
    await busy.answers_bells()
    assert await amina.values() == ["yes"]
    assert await busy.count("outbox") == before + 1
    await amina.sends("1", event="rush-1")
    await busy.answers_bells()
    assert await amina.values() == ["yes"], "hours later it is still the same message"
    await busy.has_right_books()


async def test_what_one_phone_said_is_heard_in_its_order(busy):
    brian = await joined(busy, "brian")
    await busy.posts_batch("Is it near?", "Is it far?", "Is it new?")
    for words in ("WORK", "1", "2", "STOP", "BAL"):
        await brian.sends(words)
    await busy.answers_bells()
    assert await brian.values() == ["yes", "no"]
    assert (await brian.row())["state"] == "stopped"


async def test_a_runner_that_dies_with_claimed_sms_leaves_them_to_the_next(busy):
    chege = busy.meets("chege")
    await chege.sends("JOIN KIBERA")
    busy.jobs.take()
    await busy.rt.db.execute(
        "update inbox set due_at = now() + interval '30 seconds', tries = 1 where state = 'waiting'"
    )
    await busy.ticks()
    assert await busy.count("inbox", "state = 'waiting'") == 1, "the dead runner's lease holds"
    await busy.ticks(seconds=31)
    assert (await chege.row())["state"] == "invited"


async def test_an_event_that_cannot_be_heard_fails_where_operators_see_it(busy):
    """A short code texts the gateway: there is no worker to answer, and nothing to try again."""
    form = {"id": "short-1", "from": "21512", "to": "20880", "text": "You have won"}
    assert (await busy.post("/in/phone/local/sms", form)).status_code == 200
    await busy.answers_bells()
    assert await busy.count("inbox", "event_id like 'short-1@%' and state = 'unclear'") == 1
    await busy.ticks()
    assert await busy.count("inbox", "state = 'waiting'") == 0


# --- the database is away ---


class Outage:
    """The town's database, which can be closed to every connection and opened again."""

    def __init__(self, name, other):
        self.name, self.other = name, other

    async def _say(self, *statements):
        connection = await asyncpg.connect(self.other)
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()

    async def begins(self):
        await self._say(
            f"alter database {self.name} allow_connections false",
            f"select pg_terminate_backend(pid) from pg_stat_activity where datname = '{self.name}'",  # noqa: S608
        )

    async def ends(self):
        await self._say(f"alter database {self.name} allow_connections true")


async def test_with_the_database_away_every_reply_is_kept_and_heard_once_when_it_is_back(
    embedded, new_database, tmp_path
):
    url = await new_database("outage")
    outage = Outage("outage", embedded.postgres_dsn)
    async with opened_gateway(url, data_dir=tmp_path) as town:
        await town.opens()
        people = [await town.enrols(f"p{n}") for n in range(8)]
        await town.posts_batch(*(f"Is shop {n} open?" for n in range(8)))
        for person in people:
            await person.texts("WORK")
        gone = await town.enrols("gone")
        await outage.begins()
        try:
            # Each twice: providers repeat what they are not sure of.
            answers = await asyncio.gather(
                *(person.sends("1", event=f"away-{person.name}") for person in people * 2)
            )
            assert {answer.status_code for answer in answers} == {200}
            kept = b"".join(path.read_bytes() for path in (tmp_path / "spool").iterdir())
            assert kept.count(b"away-p") == 16
            numbers = [person.msisdn.removeprefix("+").encode() for person in people]
            assert not any(n in kept for n in numbers), "no phone number lies on the disk"
            dialled = await town.post(
                "/in/phone/local/ussd", {"session": "s", "from": BIG, "text": ""}
            )
            assert dialled.status_code == 200, "a caller is told, kindly, to dial again"
            assert dialled.text.startswith("END ")
        finally:
            await outage.ends()

        async def back():
            return not list((tmp_path / "spool").glob("*.events"))

        await eventually(back)
        await town.answers_bells()
        assert [await person.values() for person in people] == [["yes"]] * 8
        assert [len(await person.answers()) for person in people] == [1] * 8
        assert (await gone.row())["state"] == "active"
        await town.has_right_books()


async def test_what_was_kept_is_heard_however_long_the_outage_was(new_database, tmp_path):
    """B1 has no clock: no time-out stands between a kept reply and its effect.

    One spoilt file also spoils no other.
    """
    long_ago = time.time() - 30 * 86_400
    async with opened_gateway(await new_database("long_outage"), data_dir=tmp_path) as town:
        await town.opens()
        spool, forms = Spool(tmp_path / "spool"), []
        for n, kept_in in enumerate(("disk", "database")):
            person = town.meets(kept_in)
            body = urlencode(
                {"id": f"old-{n}", "from": person.msisdn, "to": "20880", "text": "JOIN KIBERA"}
            )
            forms.append(inbox.seal_event(town.rt.vault, "phone", "sms", f"old-{n}", body.encode()))
        await inbox.keep_many(town.rt.db, forms[1:])
        await town.rt.db.execute(
            "update inbox set created_at = $1, due_at = $1", datetime.fromtimestamp(long_ago, UTC)
        )
        (tmp_path / "spool").mkdir(exist_ok=True)
        for name, written in (
            ("half", b'["phone", "sms"'),
            ("strange", b'["phone", "sms", "x\\u0000", "00"]\n'),
        ):
            (tmp_path / "spool" / f"{name}.events").write_bytes(written)
        spool.put(forms[:1])
        for path in (tmp_path / "spool").iterdir():
            os.utime(path, (long_ago, long_ago))

        async def heard():
            await town.ticks()
            return await town.count("worker") == 2

        await eventually(heard)
        left = sorted(path.name for path in (tmp_path / "spool").iterdir())
        assert left == ["half.aside", "strange.aside"]


def test_a_spool_that_is_full_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr("gateway.store.turns.spool.FILES_MAX", 0)
    with pytest.raises(SpoolFull):
        Spool(tmp_path).put([])


async def test_when_nothing_can_be_kept_the_provider_is_asked_to_come_again(
    embedded, new_database, tmp_path
):
    url = await new_database("no_room")
    outage = Outage("no_room", embedded.postgres_dsn)
    (tmp_path / "spool").write_text("no folder can be made here")
    async with opened_gateway(url, data_dir=tmp_path) as town:
        amina = town.meets("amina")
        await outage.begins()
        try:
            assert (await amina.sends("HELLO", event="x")).status_code == 503
        finally:
            await outage.ends()

        async def taken():
            return (await amina.sends("HELLO", event="x")).status_code == 200

        await eventually(taken)
        await town.ticks()
        assert await town.count("inbox", "state = 'done'") == await town.count("inbox") == 1


# --- strangers at the door ---

TOKEN = "6789"
TWILIO = ChannelSettings(
    secret="t",
    sms=ChannelSide(
        kind="twilio",
        options={"account_sid": "AC1", "auth_token": TOKEN, "sender": "+254200000000"},
    ),
)


@pytest.fixture(scope="module")
async def signed(new_database):
    async with opened_gateway(await new_database("signed"), channels={"tw": TWILIO}) as town:
        yield town


def signature(url, form):
    said = url + "".join(k + form[k] for k in sorted(form))
    return base64.b64encode(hmac.digest(TOKEN.encode(), said.encode(), hashlib.sha1)).decode()


async def counted(town, **labels):
    text = (await town.http.get("/metrics")).text
    wanted = ",".join(f'{k}="{v}"' for k, v in labels.items())
    lines = [
        line for line in text.splitlines() if line.startswith(f"gateway_webhooks_total{{{wanted}}}")
    ]
    return float(lines[0].split()[-1]) if lines else 0.0


async def test_a_forged_tampered_or_replayed_webhook_has_no_effect_and_is_counted(signed):
    url = str(signed.http.base_url).rstrip("/") + "/in/tw/t/sms"
    form = {"MessageSid": "SM1", "From": "+254711000001", "To": "+254200000000", "Body": "HELLO"}
    good = {"X-Twilio-Signature": signature(url, form)}
    forged = {
        "unsigned": (form, {}),
        "signed by another": (form, {"X-Twilio-Signature": "QUJD"}),
        "tampered": (form | {"Body": "STOP"}, good),
        "another message": (form | {"MessageSid": "SM2"}, good),
        "a field more": (form | {"OptOutType": "STOP"}, good),
    }
    for data, headers in forged.values():
        assert (await signed.http.post(url, data=data, headers=headers)).status_code == 403
    assert await signed.count("inbox") == 0
    same = {"channel": "tw", "event": "sms"}
    assert await counted(signed, **same, outcome="forged", reason="signature") == len(forged)

    answer = await signed.http.post(url, data=form, headers=good)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/xml; charset=utf-8")
    assert answer.text.endswith("<Response/>"), "Twilio is told to send nothing"
    for _ in range(3):
        assert (await signed.http.post(url, data=form, headers=good)).status_code == 200
    assert await signed.count("inbox") == await signed.count("outbox") == 1
    assert await counted(signed, **same, outcome="taken", reason="") == 1
    assert await counted(signed, **same, outcome="repeated", reason="") == 3

    await signed.http.post(url.replace("/t/", "/guess/"), data=form, headers=good)
    assert await counted(signed, **same, outcome="forged", reason="secret") == 1
    await signed.http.post(url.replace("/tw/", "/any/"), data=form, headers=good)
    assert (
        await counted(signed, channel="unknown", event="sms", outcome="forged", reason="channel")
        == 1
    )
    nonsense = {"Hello": "World"}
    headers = {"X-Twilio-Signature": signature(url, nonsense)}
    assert (await signed.http.post(url, data=nonsense, headers=headers)).status_code == 200
    assert await counted(signed, **same, outcome="kept", reason="") == 1


@pytest.mark.parametrize("sent", ["don%27t", "don't", "don%27t%20call%20a%40b%3A%20no%21"])
@pytest.mark.parametrize("signed_bare", [True, False], ids=["signed bare", "signed as sent"])
async def test_a_get_of_twilio_is_taken_however_the_apostrophe_was_signed(
    signed, sent, signed_bare
):
    """Twilio was seen to sign the bare characters while the request carries them escaped."""
    sid = signed.new_id("SM")
    url = f"{str(signed.http.base_url).rstrip('/')}/in/tw/t/sms?MessageSid={sid}&From=%2B254711000001&To=%2B254200000000&Body="
    bare = sent.replace("%27", "'").replace("%40", "@").replace("%3A", ":").replace("%21", "!")
    good = {"X-Twilio-Signature": signature(url + (bare if signed_bare else sent), {})}
    before = await signed.count("inbox")
    assert (await signed.http.get(url + sent, headers=good)).status_code == 200
    assert await signed.count("inbox") == before + 1
    tampered = await signed.http.get(url + sent.replace("don", "won"), headers=good)
    assert tampered.status_code == 403
    assert (await signed.http.get(url + sent)).status_code == 403
    assert await signed.count("inbox") == before + 1
