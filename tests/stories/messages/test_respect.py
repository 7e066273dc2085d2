"""No worker is written to at night, too often, or while her phone is off.

A message that she sends is always answered.
"""

from zoneinfo import ZoneInfo

import asyncpg
import pytest

from gateway.base.errors import Refused
from gateway.settings import Country
from gateway.sms.port import Delivery, Receipt
from gateway.steps.messages.contact_hours import hush
from gateway.steps.messages.receipts import take_receipt
from gateway.steps.people import register
from gateway.steps.turns.assign import assign


async def prompts(town):
    return await town.count("outbox", "purpose in ('question', 'notice') and state <> 'cancelled'")


async def reported(town, delivery, *, phone_away=False):
    """A delivery report on the newest message that went out."""
    provider_id = await town.value(
        "select provider_id from outbox where provider_id is not null order by id desc limit 1"
    )
    receipt = Receipt(provider_id, delivery, str(delivery), phone_away=phone_away)
    await take_receipt(town.rt, town.rt.channels["phone"], receipt, b"")


# --- at night ---


async def test_no_worker_is_asked_at_night_but_every_worker_is_answered(town, configure):
    amina = await town.enrols("amina")
    configure(quiet_hours=town.night())
    await town.posts_batch("Is it open?", "Is it clean?")
    await town.ticks()
    assert await prompts(town) == 0
    assert "Is it" in await amina.texts("WORK"), "she is awake, and asked for it"
    assert "Saved" in await amina.texts("1")
    await amina.texts("SKIP")
    configure(quiet_hours="")
    await town.posts_batch("Is it near?")
    await town.ticks()
    assert await prompts(town) == 1, "in the morning work goes on"


async def test_her_night_is_the_night_where_she_lives(town, configure):
    amina = await town.enrols("amina")
    congo = town.meets("congo", "+243812345678")
    await congo.texts("JOIN KIBERA")
    await congo.texts("YES")
    now = town.clock.now()
    there = now.astimezone(ZoneInfo("Africa/Kinshasa")).hour
    here = now.astimezone(ZoneInfo("Africa/Nairobi")).hour
    assert here != there
    configure(quiet_hours=f"{here}-{(here + 1) % 24}")
    for currency, client in (("KES", town.client), ("USD", await town.new_client("B", 100, "USD"))):
        await client.posts_batch(f"Is it {currency}?", price="0.50")
    await town.ticks()
    assert not any("Is it" in words for words in await amina.messages())
    assert any("Is it USD?" in words for words in await congo.messages())


async def test_quiet_is_a_word_of_her_own(town, configure):
    amina = await town.enrols("amina")
    start, _, end = town.night().partition("-")
    words = town.rt.books["en"].listed("hours.of_day")
    assert f"From {words[int(start)]} to {words[int(end)]}" in await amina.texts(
        f"QUIET {start}-{end}"
    )
    await town.posts_batch("Is it open?")
    await town.ticks()
    assert await prompts(town) == 0
    configure(quiet_hours=town.night())
    assert "at any hour" in await amina.texts("quiet 0")
    await town.ticks()
    assert await prompts(town) == 1, "her own word wins over the gateway's hours"
    assert "like QUIET 21-7" in await amina.texts("QUIET please")


async def test_an_invitation_waits_for_the_morning(town, configure):
    configure(quiet_hours=town.night())
    amina = town.meets("amina")
    await town["wanjiku"].texts(f"ADD {amina.msisdn} Amina")
    await town.ticks()
    assert await amina.messages() == []
    await town.ticks(hours=3)
    assert "invites you" in (await amina.messages())[0]


async def test_what_a_broken_channel_held_up_until_night_is_not_sent_then(town, configure):
    await town.enrols("amina")
    await town.posts_batch("Is it open?", "Is it clean?")
    town.jobs.take()  # nothing is delivered today
    await assign(town.rt)
    assert await town.count("outbox", "purpose = 'question' and state = 'queued'") == 1
    configure(quiet_hours=town.night())
    await hush(town.rt)
    assert await town.count("outbox", "purpose = 'question' and state = 'queued'") == 0
    assert await town.count("assignment", "state = 'held'") == 0, "somebody else may have it"
    configure(quiet_hours="")
    await town.ticks()
    assert await town.count("outbox", "purpose = 'question' and state = 'accepted'") == 1


# --- how often ---


async def test_at_most_so_many_prompts_an_hour_and_a_day(town, configure):
    configure(prompts_per_hour=2, prompts_per_day=3)
    amina = await town.enrols("amina")  # the invitation was one
    await town.answers_bells()
    await town.posts_batch(*(f"Is {n} open?" for n in range(9)))
    for _ in range(5):
        await town.ticks()
        await amina.texts("SKIP")
        await town.rt.db.execute("update assignment set state = 'expired' where state = 'held'")
        await town.rt.db.execute("update task set held = 0")
    assert await prompts(town) == 1
    town.clock.advance(minutes=61)
    for _ in range(3):
        await town.ticks()
        await town.rt.db.execute("update assignment set state = 'expired' where state = 'held'")
        await town.rt.db.execute("update task set held = 0")
    assert await prompts(town) == 2, "three a day, with the invitation"
    assert "Is" in await amina.texts("WORK"), "she may ask as often as she likes"


# --- a phone that is off ---


@pytest.mark.parametrize(("delivery", "expired"), [(Delivery.AWAY, False), (Delivery.FAILED, True)])
async def test_a_phone_that_is_off_gets_nothing_until_it_shows_itself(town, delivery, expired):
    amina = await town.enrols("amina")
    await town.posts_batch("Is it open?", "Is it clean?")
    await town.ticks()
    await reported(town, delivery, phone_away=expired)
    assert (await amina.row())["away_since"] is not None
    assert "1 phone is off." in await town["wanjiku"].texts("STATUS")
    sent = await prompts(town)
    for _ in range(3):
        await town.ticks(hours=2)
    assert await prompts(town) == sent
    assert await amina.texts("hello"), "she is back, and answered"
    assert (await amina.row())["away_since"] is None
    assert "off" not in await town["wanjiku"].texts("STATUS")
    await town.ticks()
    assert await prompts(town) == sent + 1


async def test_a_message_that_arrives_tells_that_the_phone_is_back(town):
    amina = await town.enrols("amina")
    await town.posts_batch("Is it open?")
    await town.ticks()
    await reported(town, Delivery.AWAY)
    await reported(town, Delivery.DELIVERED)
    assert (await amina.row())["away_since"] is None


async def test_dialling_shows_that_the_phone_is_back(town):
    amina = await town.enrols("amina")
    await town.posts_batch("Is it open?")
    await town.ticks()
    await reported(town, Delivery.AWAY)
    await amina.dials()
    assert (await amina.row())["away_since"] is None


async def test_an_old_report_does_not_send_away_a_worker_who_has_just_written(town):
    amina = await town.enrols("amina")
    await town.posts_batch("Is it open?")
    await town.ticks()
    provider_id = await town.value("select provider_id from outbox where purpose = 'question'")
    await amina.texts("BAL")
    late = Receipt(provider_id, Delivery.AWAY, "away")
    await take_receipt(town.rt, town.rt.channels["phone"], late, b"")
    assert (await amina.row())["away_since"] is None


# --- consent ---


async def test_start_after_no_is_a_first_welcome(town):
    amina = town.meets("amina")
    await town["wanjiku"].texts(f"ADD {amina.msisdn} Amina")
    assert "You have not joined" in await amina.texts("NO")
    assert "You have not joined" in await amina.texts("hm?")
    said = await amina.texts("START")
    assert "Welcome Amina" in said and "back" not in said
    assert (await amina.row())["state"] == "active"
    acts = await town.rt.db.rows("select act from consent order by id")
    assert [row["act"] for row in acts] == ["invited", "stopped", "agreed"]


async def test_a_worker_who_said_no_and_dials_is_asked_as_the_first_time(town):
    amina = town.meets("amina")
    await town["wanjiku"].texts(f"ADD {amina.msisdn} Amina")
    await amina.texts("NO")
    assert "Do you agree?" in await amina.dials()
    assert "Welcome Amina" in await amina.presses("1")


async def test_consent_is_kept_with_way_channel_and_words_and_never_changed(town):
    amina = await town.enrols("amina")
    await amina.texts("Stop!")
    rows = await town.rt.db.rows(
        "select act, via, channel, said from consent where worker_id = $1 order by id",
        await amina.id(),
    )
    assert [tuple(row) for row in rows] == [
        ("invited", "coordinator", "phone", "ADD"),
        ("agreed", "sms", "phone", "YES"),
        ("stopped", "sms", "phone", "Stop!"),
    ]
    for change in ("update consent set said = 'YES'", "delete from consent", "truncate consent"):
        with pytest.raises(asyncpg.RaiseError, match="only ever added to"):
            await town.rt.db.execute(change)


async def test_a_carriers_word_is_honoured_and_her_own_ends_it(town):
    amina = await town.enrols("amina")
    await town.posts_batch("Is it open?")
    await town.ticks()
    blocked = await town.value("select provider_id from outbox where purpose = 'question'")
    receipt = Receipt(blocked, Delivery.FAILED, "Failed", "UserInBlackList", opted_out=True)
    await take_receipt(town.rt, town.rt.channels["phone"], receipt, b"")
    assert (await amina.row())["state"] == "stopped"
    assert await town.value("select via from consent order by id desc limit 1") == "carrier"
    said = await town["wanjiku"].texts(f"ADD {amina.msisdn} Amina")
    assert "Only the worker can come back" in said
    await amina.texts("JOIN KIBERA")
    await amina.texts("YES")
    assert await town.count("opt_out") == 0


async def test_a_blocked_number_that_never_joined_is_not_invited(town):
    ghost = town.meets("ghost")
    await town.rt.db.execute(
        "insert into opt_out (msisdn_index, channel, source) values ($1, 'phone', 'opt-out hook')",
        ghost.index,
    )
    assert "asked us to stop" in await town["wanjiku"].texts(f"ADD {ghost.msisdn} Ghost")
    assert await ghost.messages() == []


async def test_money_is_told_at_night_and_after_stop(town, configure):
    amina = await town.enrols("amina")
    await town.posts_batch("Is it open?", price="12.00")
    await amina.texts("WORK")
    await amina.texts("1")
    await amina.texts("PAY")
    await amina.texts("STOP")
    configure(quiet_hours=town.night(), prompts_per_hour=1)
    await town.pays_out()
    assert "We sent you KES 12" in (await amina.messages())[-1]


# --- where she lives ---


FAR = "Pacific/Auckland"  # where it is night when Nairobi works, and the other way round


async def test_her_night_is_where_she_lives(town, configure):
    amina, brian = await town.enrols("amina"), await town.enrols("brian")
    done = await town["wanjiku"].texts(f"ZONE {amina.msisdn} Auckland")
    assert "we go by the time of Auckland" in done
    assert (await amina.row())["zone"] == FAR
    configure(quiet_hours=town.night(FAR))
    await town.posts_batch("Is it open?", "Is it clean?")
    await town.ticks()
    assert await town.count("outbox", "purpose = 'question' and to_index = $1", amina.index) == 0
    assert await town.count("outbox", "purpose = 'question' and to_index = $1", brian.index) == 1
    await register.set_zone(town.rt, amina.msisdn, "country")
    await town.ticks()
    assert await town.count("outbox", "purpose = 'question' and to_index = $1", amina.index) == 1


@pytest.mark.parametrize("words", ["ZONE", "ZONE {} Atlantis", "ZONE {}", "ZONE Lubumbashi"])
async def test_a_zone_that_is_none_changes_nothing(town, words):
    amina = await town.enrols("amina")
    assert "the city whose time it is" in await town["wanjiku"].texts(words.format(amina.msisdn))
    assert (await amina.row())["zone"] is None


async def test_only_her_own_coordinator_says_where_she_lives(town):
    stranger = town.meets("stranger")
    assert "not one of your workers" in await town["wanjiku"].texts(
        f"ZONE {stranger.msisdn} Kinshasa"
    )
    amina = await town.enrols("amina")
    assert "the time of" not in (await amina.texts(f"ZONE {amina.msisdn} Kinshasa") or "")
    assert (await amina.row())["zone"] is None


async def test_a_number_that_tells_its_zone_is_believed(town, configure):
    configure(countries={**town.rt.settings.countries, "US": Country(currency="USD")})
    for msisdn, zone in (("+12125550123", None), ("+14155550123", "America/Los_Angeles")):
        person = town.meets(msisdn, msisdn)
        assert await person.texts("JOIN KIBERA")
        await person.texts("YES")
        assert (await person.row())["zone"] == zone, "none of its own where it is the country's"
    with pytest.raises(Refused, match="no time zone"):
        await register.set_zone(town.rt, "+14155550123", "Atlantis")
