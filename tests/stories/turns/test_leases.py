"""A question asked by SMS is its worker's from the moment it arrives.

A question that never arrives is another worker's at once.
"""

from gateway.sms.port import Receipt
from gateway.steps.messages.receipts import take_receipt

LEASE = {"lease_s": 600}


async def pushed(town, *names):
    """Push one question to each worker, and return the message's provider id."""
    people = [await town.enrols(name) for name in names]
    await town.ticks()
    return people


async def receipt(town, person, status):
    """The network reports on the last message to this phone."""
    message = await town.value(
        "select provider_id from outbox where to_index = $1 order by id desc limit 1", person.index
    )
    channel = town.rt.channels["phone"]
    found = channel.sms.parse_receipt({"id": message, "status": status})
    assert isinstance(found, Receipt)
    await take_receipt(town.rt, channel, found, b"")
    await town.answers_bells()


async def held(town, person):
    return await town.count(
        "assignment a join worker w on w.id = a.worker_id",
        "w.msisdn_index = $1 and a.state = 'held'",
        person.index,
    )


async def test_the_lease_starts_when_the_receipt_says_delivered(town):
    (amina,) = await pushed(town, "amina")
    await town.posts_batch("Is it open?", **LEASE)
    await town.ticks()
    town.clock.advance(minutes=14)  # the phone was off for a while
    await receipt(town, amina, "delivered")
    await town.ticks(minutes=9)
    assert await held(town, amina), "nine minutes after it arrived it is still hers"
    await town.rt.db.execute("update worker set reach = 'ussd'")
    await town.ticks(minutes=2)
    assert not await held(town, amina)


async def test_a_second_receipt_does_not_prolong_the_lease(town):
    (amina,) = await pushed(town, "amina")
    await town.posts_batch("Is it open?", **LEASE)
    await town.ticks()
    await receipt(town, amina, "delivered")
    town.clock.advance(minutes=9)
    await receipt(town, amina, "delivered")
    await town.rt.db.execute("update worker set reach = 'ussd'")
    await town.ticks(minutes=2)
    assert not await held(town, amina)


async def test_without_a_receipt_it_starts_some_minutes_after_the_sending(town):
    (amina,) = await pushed(town, "amina")
    await town.posts_batch("Is it open?", **LEASE)
    await town.ticks()
    await town.ticks(minutes=14)
    assert await held(town, amina), "ten minutes of lease and five of grace"
    await town.rt.db.execute("update worker set reach = 'ussd'")
    await town.ticks(minutes=2)
    assert not await held(town, amina)


async def test_a_question_still_waiting_to_be_sent_never_lapses(town):
    (amina,) = await pushed(town, "amina")
    await town.posts_batch("Is it open?", **LEASE)
    await town.rt.db.execute("select 1")
    await town.answers_bells()
    await town.rt.db.execute(
        "update outbox set state = 'queued', due_at = now() + interval '1 day'"
    )
    await town.ticks(hours=5)
    assert await held(town, amina)


async def test_a_question_that_did_not_get_through_goes_to_another_worker_at_once(town):
    amina, brian = await pushed(town, "amina", "brian")
    await town.posts_batch("Is it open?", **LEASE)
    await town.ticks()
    first, second = (amina, brian) if await held(town, amina) else (brian, amina)
    await receipt(town, first, "failed")
    assert not await held(town, first)
    assert await held(town, second), "asked within the same moment, no lease waited for"
    assert "Is it open?" in (await second.messages())[-1]
    await town.ticks(hours=1)
    asked = [text for text in await first.messages() if "Is it open?" in text]
    assert len(asked) == 1, "nothing more is pushed to a phone that cannot be reached"


async def test_a_worker_who_was_not_reached_still_works_when_she_writes_herself(town):
    (amina,) = await pushed(town, "amina")
    await town.posts_batch("Is it open?", **LEASE)
    await town.ticks()
    await receipt(town, amina, "failed")
    assert "Is it open?" in await amina.texts("WORK")
    assert "Saved" in await amina.texts("1")


async def test_an_answer_to_a_question_whose_receipt_said_failed_counts_while_it_is_open(town):
    (amina,) = await pushed(town, "amina")
    await town.posts_batch("Is it open?", **LEASE)
    await town.ticks()
    await receipt(town, amina, "failed")
    assert "Saved" in await amina.texts("1"), "the network was wrong, and she is paid"
    assert await amina.earned_minor() == 300


async def test_a_question_the_provider_refuses_to_send_is_free_again(town, monkeypatch):
    from gateway.sms.channels.phone import PhoneSms
    from gateway.sms.port import SendStatus, Sent

    (amina,) = await pushed(town, "amina")

    async def refuses(self, http, messages):
        return [Sent(m.key, SendStatus.REFUSED, reason="blacklisted") for m in messages]

    monkeypatch.setattr(PhoneSms, "send", refuses)
    await town.posts_batch("Is it open?", **LEASE)
    await town.ticks()
    assert not await held(town, amina)
    assert await town.value("select held from task") == 0
