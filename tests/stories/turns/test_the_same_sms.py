"""The distinction between one SMS and two.

They differ by channel, sender, id and text, by the provider's time, or by a few seconds.
"""

import asyncio
import json
from datetime import UTC, datetime, timedelta, timezone
from urllib.parse import urlencode

import httpx2
import pytest
from pydantic import SecretStr

from gateway.cli.turns import inbox as command
from gateway.sms.channels import africastalking, http, kannel, phone
from gateway.steps.runtime import Channel
from gateway.steps.turns.arrival.sms_identity import identity
from gateway.store.turns import inbox
from tests.stories.turns.test_the_same_webhook_again import counts
from tests.system.entries.others import KANNEL

NOWHERE = {"sender": "21512", "url": "http://127.0.0.1:1", "insecure": True, "form": {"to": "{to}"}}
AT = {"username": "u", "api_key": "k", "sender": "21512", "base_url": "http://127.0.0.1:1"}
CHANNELS = {
    "africastalking": africastalking.make("africastalking", AT),
    "http": http.make("http", NOWHERE),
    "kannel": kannel.make("kannel", KANNEL),
    "handset": phone.make("handset", {}),
}
# The field of the provider's time, where a channel has one.
DATES = {"africastalking": "date", "http": "date", "kannel": "ts"}
# No provider's time of this story is older than a question in it.
NOON = (datetime.now(UTC) + timedelta(hours=1)).replace(second=17, microsecond=0)


class Provider:
    """One provider's calls to the gateway's own HTTP server."""

    def __init__(self, town, client, name):
        self.town, self.client, self.name = town, client, name

    async def brings(self, person, text, number="", at=None, *, then=True, **more):
        """One SMS; how many replies were written to the phone.

        `then`: they are handed over, so that the next SMS may answer them.
        """
        form = self._form(person, text, number, at) | more
        before = await self.town.count("outbox", "to_index = $1", person.index)
        head = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = await self.client.post(
            f"/in/{self.name}/s/sms", content=urlencode(form), headers=head
        )
        assert answer.status_code == 200, answer.text
        written = await self.town.count("outbox", "to_index = $1", person.index) - before
        if then:
            await is_handed_over(self.town)
        return written

    async def is_stored(self, person, text, number="", at=None):
        """Store an SMS first, as the webhook server does, and let a runner hear it.

        The database stammers meanwhile.
        """
        form, rt = self._form(person, text, number, at), self.town.rt
        event_id = identity(rt, CHANNELS[self.name].parse_sms(form)).event_id
        raw = urlencode(form).encode()
        await inbox.keep_many(rt.db, [inbox.seal_event(rt.vault, self.name, "sms", event_id, raw)])

    def _form(self, person, text, number, at):
        form = {"from": person.msisdn, "to": "21512", "text": text}
        if number:
            form["id"] = number
        if at is not None:
            form[DATES[self.name]] = str(int(at.timestamp()))
        return form


@pytest.fixture
async def client(town):
    before = dict(town.rt.channels)
    for name, side in CHANNELS.items():
        town.rt.channels[name] = Channel(name, SecretStr("s"), side, None)
    async with httpx2.AsyncClient(base_url=town.rt.settings.public_url, timeout=300) as made:
        yield made
    town.rt.channels.clear()
    town.rt.channels.update(before)


@pytest.fixture(params=CHANNELS)
async def provider(town, client, request):
    return Provider(town, client, request.param)


@pytest.fixture(params=DATES)
async def dated(town, client, request):
    """A provider that says when it heard a message."""
    return Provider(town, client, request.param)


@pytest.fixture
async def lines(town, client):
    """An aggregator that gives messages neither an id nor a time."""
    return Provider(town, client, "http")


@pytest.fixture
async def amina(town):
    """Amina has been asked the first of many questions."""
    person = await town.enrols("amina")
    await town.posts_batch(*(f"Is shop {n} open?" for n in range(9)))
    await person.texts("WORK")
    await is_handed_over(town)
    return person


async def is_handed_over(town):
    """Everything that was written is on its way to the phones."""
    await town.rt.db.execute(
        "update outbox set state = 'accepted', sent_at = now() where state = 'queued'"
    )


async def remarks(town):
    left, remarked, _ = await command._read(town.rt, 50)
    assert left == []
    return [row["error"] for row in remarked]


# --- the provider's id ---


async def test_two_phones_under_one_id_are_both_answered(provider, town):
    """Two handsets count by themselves, or a modem was replaced (case 10)."""
    asha, bela = town.meets("asha"), town.meets("bela")
    for person in (asha, bela):
        assert await provider.brings(person, "JOIN KIBERA", "1") == 1
    before = await counts(town)
    for person in (asha, bela):
        assert await provider.brings(person, "JOIN KIBERA", "1") == 0, "the same again"
    assert await counts(town) == before
    assert await remarks(town) == []


async def test_ids_are_exact_at_any_length(client, town):
    """JSON numbers of 23 digits that differ in the last one."""
    asha = town.meets("asha")
    for number in (
        "12345678901234567890121",
        "12345678901234567890122",
        "1" * 400,
        "1" * 399 + "2",
    ):
        body = f'{{"id": {number}, "from": "{asha.msisdn}", "to": "21512", "text": "HELP"}}'
        for copy in (1, 0):
            before = await town.count("outbox")
            assert (await client.post("/in/http/s/sms", content=body)).status_code == 200
            assert await town.count("outbox") - before == copy, number
    assert await inbox.not_done(town.rt.db) == []


@pytest.mark.parametrize("written", ["1.2345678901234568e+22", '"1.2345678901234568E+22"', "1e22", '"%I"', '"0"', "null", "true", '""'])  # fmt: skip
async def test_an_id_that_tells_nothing_apart_is_no_id(client, amina, town, written):
    """The last digits are gone, or it never was one: every message would be the same."""
    for _ in range(3):
        body = f'{{"id": {written}, "from": "{amina.msisdn}", "to": "21512", "text": "1"}}'
        assert (await client.post("/in/http/s/sms", content=body)).status_code == 200
        await is_handed_over(town)
    assert len(await amina.answers()) == 3


async def test_another_text_under_a_known_id_is_heard_and_shown(provider, amina, town):
    assert await provider.brings(amina, "1", "77") == 1
    assert await provider.brings(amina, "2", "77") == 1
    assert await amina.values() == ["yes", "no"]
    (remark,) = await remarks(town)
    assert "another text of this phone came under the same id" in remark
    for text in ("1", "2", " 2 "):
        assert await provider.brings(amina, text, "77") == 0, "each of them once"
    assert len(await remarks(town)) == 1


async def test_one_id_on_two_channels_is_two_messages(client, amina, town):
    first, second = Provider(town, client, "http"), Provider(town, client, "kannel")
    assert await first.brings(amina, "1", "77") == 1
    assert await second.brings(amina, "1", "77") == 1
    assert await amina.values() == ["yes", "yes"]
    assert await remarks(town) == []


async def test_ids_that_differ_in_zeros_or_case_are_other_ids(provider, amina, town):
    for number in ("7", "07", "007", "a7", "A7", "7.0"):
        assert await provider.brings(amina, "1", number) == 1, number
    assert len(await amina.answers()) == 6
    assert await provider.brings(amina, "1", " 007 ") == 0, "blanks around an id say nothing"


async def test_three_texts_under_one_id_are_all_heard_and_shown(provider, amina, town):
    for text in ("1", "2", "BAL"):
        assert await provider.brings(amina, text, "77") == 1, text
    assert await amina.values() == ["yes", "no"]
    assert len(await remarks(town)) == 2, "the second and the third"


async def test_a_copy_in_another_encoding_is_a_copy(client, amina, town):
    """A network sends ARRÊT in UTF-8 first, and encoded twice when it tries again."""
    first = Provider(town, client, "http")
    await amina.texts("LANG fr")
    assert await first.brings(amina, "ARRÊT", "77") == 1
    assert (await amina.row())["state"] == "stopped"
    await amina.texts("START")
    assert await first.brings(amina, "ARR\xc3\u0160T", "77") == 0
    assert (await amina.row())["state"] == "active"


async def test_a_remark_is_taken_off_the_list(provider, amina, town):
    await provider.brings(amina, "1", "77")
    await provider.brings(amina, "2", "77")
    (row,) = await inbox.remarked(town.rt.db)
    await inbox.done(town.rt.db, row["channel"], row["kind"], row["event_id"])
    assert await remarks(town) == []
    assert len(await amina.answers()) == 2


async def test_two_texts_under_one_id_at_the_same_moment_are_two(provider, amina, town):
    await asyncio.gather(
        *(provider.brings(amina, text, "77") for text in ("1", "HELP") for _ in range(5))
    )
    await town.ticks(minutes=1)  # what a busy machine stored first
    assert len(await amina.answers()) == 1
    assert await town.count("inbox", "event_id like '77@%' and state = 'done'") == 2


async def test_two_texts_under_one_id_that_were_stored_first_are_two(provider, amina, town):
    for text in ("1", "HELP", "1"):
        await provider.is_stored(amina, text, "77")
    await town.ticks()
    assert await amina.values() == ["yes"]
    answered = "event_id like '77@%' and state = 'done' and reply <> ''"
    assert await town.count("inbox", answered) == 2
    assert len(await remarks(town)) == 1


async def test_what_came_before_an_upgrade_is_known_after_it(provider, amina, town):
    """Until now an SMS was known by its id alone; providers repeat for hours."""
    worker = await amina.id()
    await town.rt.db.execute(
        """with k as (insert into inbox_key (channel, kind, event_id, worker_id, done)
             values ($1, 'sms', '77', $2, true) returning id)
           insert into inbox (id, channel, kind, event_id, worker_id, state, done_at)
             select id, $1, 'sms', '77', $2, 'done', now() from k""",
        provider.name,
        worker,
    )
    for _ in range(2):
        assert await provider.brings(amina, "1", "77") == 0
    assert await amina.answers() == []
    brian = town.meets("brian")
    assert await provider.brings(brian, "HELP", "77") == 1, "another phone"
    await town.rt.db.execute("update inbox_key set created_at = now() - interval '3 days'")
    assert await provider.brings(amina, "2", "77") == 1, "the id is used again"
    assert len(await remarks(town)) == 1


async def test_what_waited_before_an_upgrade_is_heard_once(provider, amina, town):
    form = {"id": "77", "from": amina.msisdn, "to": "21512", "text": "1"}
    await inbox.keep_event(
        town.rt.db, town.rt.vault, provider.name, "sms", "77", urlencode(form).encode()
    )
    await town.ticks(minutes=1)
    assert await amina.values() == ["yes"]
    assert await provider.brings(amina, "1", "77") == 0
    assert await inbox.not_done(town.rt.db) == []


# --- the provider's time ---


async def test_the_same_sms_under_two_ids_counts_once(dated, amina, town):
    assert await dated.brings(amina, "1", "a1", NOON) == 1
    for number in ("a2", "a3", "a2"):
        assert await dated.brings(amina, "1", number, NOON) == 0
    assert await amina.values() == ["yes"]
    shown = await remarks(town)
    assert len(shown) == 2, "each copy is shown once"
    assert all("under another id" in remark for remark in shown)


async def test_one_moment_in_two_notations_is_one_moment(client, amina, town):
    there = Provider(town, client, "http")
    noon, east = NOON, NOON.astimezone(timezone(timedelta(hours=3)))
    written = (noon.isoformat(), east.isoformat(), noon.isoformat().replace("+00:00", "Z"))
    heard = [await there.brings(amina, "1", f"a{n}", date=at) for n, at in enumerate(written)]
    assert heard == [1, 0, 0]
    assert await amina.values() == ["yes"]


async def test_twenty_copies_under_twenty_ids_at_once_count_once(dated, amina, town):
    await asyncio.gather(*(dated.brings(amina, "1", f"a{n}", NOON) for n in range(20)))
    await town.ticks(minutes=1)  # what a busy machine stored first
    assert await amina.values() == ["yes"]
    assert (
        await town.count(
            "outbox", "to_index = $1 and purpose = 'reply' and text like 'Saved%'", amina.index
        )
        == 1
    )
    assert await town.count("inbox", "channel = $1 and state <> 'done'", dated.name) == 0


async def test_copies_under_two_ids_that_were_stored_first_count_once(dated, amina, town):
    for number in ("a1", "a2"):
        await dated.is_stored(amina, "1", number, NOON)
    await town.ticks()
    assert await amina.values() == ["yes"]
    assert len(await remarks(town)) == 1


async def test_another_second_another_phone_and_another_text_are_other_messages(dated, amina, town):
    brian = await town.enrols("brian")
    assert await dated.brings(amina, "1", "a1", NOON) == 1
    assert await dated.brings(brian, "1", "a2", NOON) == 1
    assert await dated.brings(amina, "2", "a3", NOON) == 1
    assert await dated.brings(amina, "1", "a4", NOON.replace(second=18)) == 1
    assert await amina.values() == ["yes", "no", "yes"]
    assert await remarks(town) == []


async def test_the_same_id_under_another_time_is_the_same_message(dated, amina):
    """Some providers stamp each try anew."""
    assert await dated.brings(amina, "1", "a1", NOON) == 1
    assert await dated.brings(amina, "1", "a1", NOON.replace(second=18)) == 0
    assert await amina.values() == ["yes"]


async def test_without_an_id_the_second_is_the_id(dated, amina):
    for _ in range(2):
        await dated.brings(amina, "1", at=NOON)
    await dated.brings(amina, "1", at=NOON.replace(second=18))
    assert await amina.values() == ["yes", "yes"]


@pytest.mark.parametrize("written", ["2026-11-30", "2026-11-30 12:04", "2026-11-30 00:00:00", "20261130", "today"])  # fmt: skip
async def test_a_time_that_names_no_second_makes_no_copies(lines, amina, town, written):
    """Two answers within a minute are two, under two ids and under none."""
    for number in ("a1", "a2", "", ""):
        await lines.brings(amina, "1", number, date=written)
        await is_handed_over(town)
    assert len(await amina.answers()) == 4


# --- neither ---


async def test_equal_texts_at_once_are_copies(lines, amina, town):
    await asyncio.gather(*(lines.brings(amina, "1", then=False) for _ in range(8)))
    await town.ticks(minutes=1)  # what a busy machine stored first
    assert await amina.values() == ["yes"]
    assert set(await remarks(town)) == {"a copy of a message a moment before or after it"}


async def test_a_copy_that_overtakes_leaves_one_of_them(lines, amina, town):
    """Two processes take a copy each; the one that came a moment later is kept first."""
    town.clock.advance(seconds=1)
    await lines.brings(amina, "1", then=False)
    town.clock.advance(seconds=-1)
    await lines.brings(amina, "1", then=False)
    assert await amina.values() == ["yes"]


async def test_equal_texts_after_four_seconds_are_two_messages(lines, amina, town):
    assert await lines.brings(amina, "BAL", then=False) == 1
    town.clock.advance(seconds=1)
    assert await lines.brings(amina, "BAL", then=False) == 0, "a copy"
    town.clock.advance(seconds=4)
    assert await lines.brings(amina, "BAL", then=False) == 1


async def test_a_copy_of_a_copy_is_no_copy(lines, amina, town):
    for replies in (1, 0, 1, 0):  # two seconds apart: the third is four seconds after the first
        assert await lines.brings(amina, "BAL", then=False) == replies
        town.clock.advance(seconds=2)


async def test_after_a_reply_was_sent_an_equal_text_answers_it(lines, amina, town):
    for _ in range(3):
        await lines.brings(amina, "1")
        await is_handed_over(town)
    assert await amina.values() == ["yes"] * 3
    assert await remarks(town) == []


async def test_other_texts_and_other_phones_are_never_copies(lines, amina, town):
    brian = await town.enrols("brian")
    await brian.texts("WORK")
    await is_handed_over(town)
    await asyncio.gather(*(lines.brings(p, "1", then=False) for p in (amina, brian)))
    await is_handed_over(town)
    await lines.brings(amina, "2")
    assert await amina.values() == ["yes", "no"]
    assert await brian.values() == ["yes"]


async def test_of_those_that_were_stored_first_the_time_of_arrival_tells(lines, amina, town):
    """The SMS are stored one after the other and heard in one go.

    Two within a second are one, five seconds later is another.
    """
    before = await town.count("outbox", "to_index = $1", amina.index)
    for pause in (1, 5, 0):
        await lines.is_stored(amina, "BAL")
        town.clock.advance(seconds=pause)
    await town.ticks()
    assert await town.count("outbox", "to_index = $1", amina.index) - before == 2
    assert await remarks(town) == ["a copy of a message a moment before or after it"]


async def test_one_that_was_kept_by_a_process_that_died_is_heard(lines, amina, town):
    """The process died between keeping the message and hearing it."""
    await lines.is_stored(amina, "1")
    await town.ticks(minutes=1)
    assert await amina.values() == ["yes"]
    assert await inbox.not_done(town.rt.db) == []


async def test_one_without_id_that_failed_is_replayed_once(lines, amina, town, monkeypatch):
    async def broken(*_):
        raise KeyError("a bug")

    with monkeypatch.context() as bug:
        bug.setattr("gateway.api.webhooks.intake.process_sms", broken)
        await lines.brings(amina, "1")
    assert await command._replay(town.rt, None) == (1, [])
    assert await amina.values() == ["yes"]
    assert await command._replay(town.rt, None) == (0, [])


async def test_a_body_in_json_and_one_as_a_form_are_the_same_message(client, amina, town):
    said = {"id": "j1", "from": amina.msisdn, "to": "21512", "text": "1"}
    await client.post("/in/http/s/sms", content=json.dumps(said))
    await client.post("/in/http/s/sms", content=urlencode(said))
    await client.get(f"/in/http/s/sms?{urlencode(said)}")
    assert await amina.values() == ["yes"]
