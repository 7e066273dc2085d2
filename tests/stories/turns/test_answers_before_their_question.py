"""An answer that was sent before its question could have reached the phone counts for nothing.

Its worker is told so.
"""

from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import httpx2
import pytest
from pydantic import SecretStr

from gateway.sms.channels import http
from gateway.sms.clocks import ProviderClocks
from gateway.steps.runtime import Channel
from gateway.steps.turns.arrival.sms_identity import identity
from gateway.store.turns import inbox

OPTIONS = {"sender": "21512", "url": "http://127.0.0.1:1", "insecure": True, "form": {"to": "{to}"}}
TOO_EARLY = "You sent this before the question below came, so it does not count."
EAST_AFRICA = timedelta(hours=3)


class Air:
    """An aggregator that says when it heard a message, and takes ours when the story says so."""

    def __init__(self, town, client):
        self.town, self.client = town, client

    async def brings(self, person, text, date="", number=None):
        """One SMS; the reply, None where there is none."""
        before = await self.town.value("select coalesce(max(id), 0) from outbox")
        form = {
            "id": number or self.town.new_id("air"),
            "from": person.msisdn,
            "text": text,
            "date": date,
        }
        head = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = await self.client.post("/in/air/s/sms", content=urlencode(form), headers=head)
        assert answer.status_code == 200
        rows = await self.town.rt.db.rows(
            "select text from outbox where to_index = $1 and id > $2", person.index, before
        )
        assert len(rows) <= 1
        return rows[0]["text"] if rows else None

    async def hands_over(self, seconds_ago=0):
        """Hand everything that was written to the provider.

        It was written and went there `seconds_ago`.
        """
        at = datetime.now(UTC) - timedelta(seconds=seconds_ago)
        queued = "update outbox set state = 'accepted', sent_at = $1, created_at = $1 where state = 'queued'"
        await self.town.rt.db.execute(queued, at)
        held = "update assignment set asked_at = $1 where state = 'held'"
        await self.town.rt.db.execute(held, at)


def ago(seconds, *, zone=timedelta(), behind=timedelta()):
    """Return the time that a provider writes whose clock is `behind`.

    It is in a time zone that the provider does not name.
    """
    return f"{datetime.now(UTC) - timedelta(seconds=seconds) + zone - behind:%Y-%m-%d %H:%M:%S}"


@pytest.fixture
async def air(town):
    rt, before = town.rt, dict(town.rt.channels)
    rt.channels["air"] = Channel("air", SecretStr("s"), http.make("air", OPTIONS), None)
    object.__setattr__(rt, "clocks", ProviderClocks())
    async with httpx2.AsyncClient(base_url=rt.settings.public_url, timeout=300) as client:
        yield Air(town, client)
    rt.channels.clear()
    rt.channels.update(before)


@pytest.fixture
async def amina(town, air):
    """Amina works by SMS; her first question was handed over a minute ago."""
    person = await town.enrols("amina")
    await town.posts_batch(*(f"Is shop {n} open?" for n in range(9)))
    assert "shop" in await air.brings(person, "WORK")
    await air.hands_over(60)
    return person


async def test_an_sms_that_is_older_than_its_question_counts_for_nothing(air, amina):
    """It lay at the network for minutes; she sent it about something else."""
    told = await air.brings(amina, "1", ago(90))
    assert told.startswith(TOO_EARLY)
    assert "shop" in told
    assert await amina.answers() == []
    await air.hands_over()
    assert "Saved" in await air.brings(amina, "1", ago(0))
    assert await amina.values() == ["yes"]


async def test_an_sms_that_is_younger_than_its_question_counts(air, amina):
    assert "Saved" in await air.brings(amina, "1", ago(40))
    assert await amina.values() == ["yes"]


async def test_what_comes_before_the_question_was_handed_over_counts_for_nothing(air, amina):
    """She texts 1 twice; the second one comes while the next question is still here.

    No time is needed to know.
    """
    assert "Saved" in await air.brings(amina, "1")
    assert (await air.brings(amina, "1")).startswith(TOO_EARLY)
    assert await air.brings(amina, "1") is None, "she is told once, and the question is on its way"
    assert await amina.values() == ["yes"]
    await air.hands_over()
    assert "Saved" in await air.brings(amina, "2")
    assert await amina.values() == ["yes", "no"]


async def test_a_question_whose_sending_is_under_way_may_have_reached_her(air, amina, town):
    await air.brings(amina, "1")
    await town.rt.db.execute(
        "update outbox set state = 'sending', lease_until = now() where state = 'queued'"
    )
    assert "Saved" in await air.brings(amina, "1")
    assert len(await amina.answers()) == 2


async def test_a_provider_that_answers_slowly_is_no_reason_to_refuse(air, amina, town):
    """The phone had the question, and its worker had answered.

    Only then did the provider respond that it took the message.
    """
    await air.brings(amina, "1")
    await air.hands_over(20)
    await town.rt.db.execute(
        "update outbox set sent_at = now() where sent_at > now() - interval '25 seconds'"
    )
    assert "Saved" in await air.brings(amina, "1", ago(8))


async def test_what_was_stored_before_the_question_was_asked_counts_for_nothing(air, amina, town):
    """The database stammered, and both SMS were stored.

    The second is heard after the next question went out.
    """
    rt, raws = town.rt, []
    for number in ("s1", "s2"):
        form = {"id": number, "from": amina.msisdn, "text": "1"}
        event_id = identity(rt, rt.channels["air"].sms.parse_sms(form)).event_id
        raws.append(inbox.seal_event(rt.vault, "air", "sms", event_id, urlencode(form).encode()))
    await inbox.keep_many(rt.db, raws)
    await rt.db.execute(
        """with k as (update inbox_key set created_at = now() - interval '1 second' where not done)
           update inbox set created_at = now() - interval '1 second' where state = 'waiting'"""
    )
    later = "update inbox set due_at = now() + interval '1 hour' where event_id like 's2@%'"
    await rt.db.execute(later)
    await town.ticks()
    assert await amina.values() == ["yes"]
    await air.hands_over()
    await town.ticks(hours=2)
    assert await amina.values() == ["yes"]
    assert await town.count("outbox", "text like $1", f"{TOO_EARLY}%") == 1


async def test_the_same_early_sms_again_changes_nothing(air, amina):
    date = ago(90)
    assert await air.brings(amina, "1", date, "a1")
    assert await air.brings(amina, "1", date, "a1") is None
    assert await air.brings(amina, "1", date, "a2") is None, "under another id"
    assert await amina.answers() == []


async def test_a_worker_is_told_once_for_a_question_whatever_the_clocks_say(air, amina, town):
    """A clock ten minutes behind must not take her work away."""
    late = timedelta(minutes=10)
    assert (await air.brings(amina, "1", ago(0, behind=late) + "Z")).startswith(TOO_EARLY)
    await air.hands_over()
    assert await air.brings(amina, "1", ago(0, behind=late) + "Z") is None, (
        "too soon to be typed because of that"
    )
    town.clock.advance(seconds=20)
    assert "Saved" in await air.brings(amina, "2", ago(0, behind=late) + "Z")
    assert await amina.values() == ["no"]


async def test_a_clock_that_is_always_behind_is_seen_through(air, amina, town):
    late = timedelta(minutes=10)
    for n in range(5):
        person = town.meets(f"p{n}")
        await air.brings(person, "HELP", ago(n, behind=late) + "Z")
    await air.hands_over(60)
    assert "Saved" in await air.brings(amina, "1", ago(30, behind=late) + "Z")
    await air.hands_over(60)
    assert (await air.brings(amina, "1", ago(100, behind=late) + "Z")).startswith(TOO_EARLY)


@pytest.mark.parametrize(
    "zone", [timedelta(), EAST_AFRICA, timedelta(hours=-5), timedelta(hours=5, minutes=45)]
)
async def test_a_time_that_names_no_zone_is_read_in_any(air, amina, zone):
    assert "Saved" in await air.brings(amina, "1", ago(20, zone=zone))
    await air.hands_over(60)
    assert (await air.brings(amina, "1", ago(90, zone=zone))).startswith(TOO_EARLY)
    await air.hands_over(60)
    assert len(await amina.answers()) == 1


@pytest.mark.parametrize("zone", [timedelta(), EAST_AFRICA, timedelta(hours=-5)])
async def test_an_old_sms_is_old_in_any_zone_once_the_zone_is_known(air, amina, town, zone):
    """Her first word by this provider came at once, which tells the zone of its times."""
    await air.brings(amina, "BAL", ago(1, zone=zone))
    await air.hands_over(120)
    assert (await air.brings(amina, "1", ago(3000, zone=zone))).startswith(TOO_EARLY)
    assert await amina.answers() == []


async def test_on_a_channel_that_fails_no_one_can_say_what_has_reached_her(air, amina, town):
    """Messages wait while it is tried again, and some of them have gone out."""
    await air.brings(amina, "1")
    await town.rt.db.execute(
        """insert into channel_state (channel, breaker) values ('air', 'open')
           on conflict (channel) do update set breaker = 'open'"""
    )
    assert "Saved" in await air.brings(amina, "1")


async def test_a_time_to_the_minute_tells_nothing(air, amina):
    assert "Saved" in await air.brings(amina, "1", ago(90)[:-3])


async def test_pay_beside_an_early_answer_is_done(air, town):
    (amina,) = await town.earned("amina")
    await town.posts_batch("Is it new?")
    assert "Is it new?" in await air.brings(amina, "WORK")
    await air.hands_over(60)
    told = await air.brings(amina, "1 PAY", ago(90))
    assert TOO_EARLY in told
    assert "KES 30" in told
    assert len(await amina.answers()) == 2
    assert await town.count("payout") == 1


async def test_several_questions_in_one_sms_are_no_different(air, town):
    amina = await town.enrols("amina")
    await town.posts_batch(*(f"Is {n} red?" for n in range(6)), pack="auto")
    asked = await air.brings(amina, "WORK")
    assert "Is 1 red?" in asked
    await air.hands_over(60)
    assert TOO_EARLY in await air.brings(amina, "1A 2B", ago(90))
    assert await amina.answers() == []
    await air.hands_over()
    assert "Saved" in await air.brings(amina, "1A 2B", ago(0))
    assert len(await amina.answers()) == 2


@pytest.mark.parametrize("words", ["STOP", "BAL", "HELP", "SKIP", "gibberish"])
async def test_commands_are_heard_however_old_they_are(air, amina, words):
    told = await air.brings(amina, words, ago(90))
    assert told
    assert TOO_EARLY not in told


async def test_a_typed_answer_that_is_early_counts_for_nothing(air, town):
    amina = await town.enrols("amina")
    await town.posts_batch("What is it?", kind="transcription")
    await air.brings(amina, "WORK")
    await air.hands_over(60)
    assert TOO_EARLY in await air.brings(amina, "A red house", ago(90))
    assert await amina.answers() == []


@pytest.mark.parametrize("language", ["sw", "fr", "ha", "am"])
async def test_every_language_says_so(air, town, language):
    person = await town.enrols("zuri", language)
    await town.posts_batch("Is it open?")
    await air.brings(person, "WORK")
    await air.hands_over(60)
    told = await air.brings(person, "1", ago(90))
    assert told.startswith(town.rt.books[language].say("answer.early"))
    assert "Is it open?" in told
