"""Data that was sealed with another secret key waits for that key.

An operator who looks sees it; everything else goes on.
"""

from datetime import timedelta

import pytest
from pydantic import SecretStr

from gateway.base.vault import Vault, new_master_secret
from gateway.cli.doctor.running import _secret
from gateway.cli.doctor.verdict import CheckLevel
from gateway.cli.turns import inbox as command
from gateway.sms.channels import twilio
from gateway.steps.messages.compose import message
from gateway.steps.runtime import Channel
from gateway.store import health
from gateway.store.messages import outbox
from gateway.store.payouts import tokens
from gateway.store.turns import inbox, turns

OTHER = Vault(new_master_secret())
FAR = "+254712009900"


def webhook(msisdn: str, text: str, event: str = "far-1") -> bytes:
    return f"id={event}&from=%2B{msisdn[1:]}&to=21512&text={text}".encode()


@pytest.fixture
def with_key(town):
    """Let an operator run the gateway with another key for a moment."""
    own = town.rt.vault

    def change(vault: Vault) -> None:
        object.__setattr__(town.rt, "vault", vault)

    yield change
    change(own)


async def test_an_event_of_another_key_is_set_aside_and_the_others_are_heard(town, with_key):
    rt = town.rt
    amina, far = town.meets("amina"), webhook(FAR, "JOIN KIBERA")
    await inbox.keep_many(
        rt.db,
        [
            inbox.seal_event(OTHER, "phone", "sms", "far-1", far),
            inbox.seal_event(OTHER, "phone", "opt-out", "far-2", b"rubbish"),
            inbox.seal_event(rt.vault, "phone", "sms", "near-1", webhook(amina.msisdn, "JOIN KIBERA", "near-1")),
        ],
    )  # fmt: skip
    await town.ticks()
    assert "Do you agree?" in (await amina.messages())[-1]
    waiting = {row["event_id"]: row for row in await inbox.not_done(rt.db)}
    assert {event: row["state"] for event, row in waiting.items()} == {"far-1": "failed", "far-2": "failed"}  # fmt: skip
    assert "another GATEWAY_SECRET_KEY" in waiting["far-1"]["error"]

    (_, why), *_ = (await command._replay(rt, waiting["far-1"]["id"]))[1]
    assert "another GATEWAY_SECRET_KEY" in why
    with_key(OTHER)
    assert await command._replay(rt, waiting["far-1"]["id"]) == (1, [])
    assert await town.count("worker", "msisdn_index = $1", OTHER.index(FAR)) == 1
    assert await town.count("inbox", "state <> 'done'") == 1


async def test_a_message_of_another_key_waits_for_it_and_the_others_go(town):
    rt = town.rt
    amina = await town.enrols("amina")
    sealed = rt.vault.seal(FAR)
    theirs = message(rt, "phone", None, FAR, "Hello", "reply")
    await rt.db.write([turns.put_message(theirs)])
    await rt.db.execute("update outbox set to_sealed = $1 where text = 'Hello'", OTHER.seal(FAR))
    await amina.texts("BAL")
    await town.answers_bells()
    assert "KES" in (await amina.messages())[-1]
    waits = "text = 'Hello' and state = 'queued' and tries = 0 and reason = $1"
    assert await town.count("outbox", waits, outbox.OTHER_KEY) == 1
    assert await outbox.waiting_for_key(rt.db) == 1
    assert await town.value("select breaker = 'closed' from channel_state where channel = 'phone'")

    await town.ticks(minutes=11)  # looked at again, and not lost by that
    assert await town.count("outbox", waits, outbox.OTHER_KEY) == 1
    await rt.db.execute("update outbox set to_sealed = $1 where text = 'Hello'", sealed)
    await town.ticks(minutes=11)
    assert await town.count("outbox", "text = 'Hello' and state = 'accepted'") == 1


async def test_a_channel_that_is_tried_with_one_message_is_tried_with_one_that_can_be_read(town):
    rt = town.rt
    amina = await town.enrols("amina")
    for to in (FAR, amina.msisdn):
        hello = message(rt, "phone", None, to, f"Hello {to}", "reply")
        await rt.db.write([turns.put_message(hello)])
    await rt.db.execute("update outbox set to_sealed = $1 where text = $2", OTHER.seal(FAR), f"Hello {FAR}")  # fmt: skip
    await rt.db.execute("update channel_state set breaker = 'open', until = now() where channel = 'phone'")  # fmt: skip
    await town.ticks()
    assert (await amina.messages())[-1] == f"Hello {amina.msisdn}"
    assert await town.value("select breaker from channel_state where channel = 'phone'") == "closed"


async def test_a_lost_answer_and_an_early_report_of_another_key_hold_up_no_message(town):
    rt = town.rt
    there = twilio.make(
        "twilio", {"account_sid": "AC1", "auth_token": "t", "sender": "+254200000000", "base_url": "http://127.0.0.1:1"}
    )  # fmt: skip
    rt.channels["twilio"] = Channel("twilio", SecretStr("s"), there, None)
    try:
        for to in (FAR, "+254712000098"):
            hello = message(rt, "twilio", None, to, f"Hello {to}", "reply")
            await rt.db.write([turns.put_message(hello)])
        hour_ago = rt.clock.now() - timedelta(hours=1)
        await rt.db.execute(
            "update outbox set state = 'unknown', sent_at = $1, due_at = $1 where channel = 'twilio'",
            hour_ago,
        )
        await rt.db.execute("update outbox set to_sealed = $1 where text = $2", OTHER.seal(FAR), f"Hello {FAR}")  # fmt: skip
        early = inbox.seal_event(
            OTHER, "phone", "receipt", "p-9:delivered", b"id=p-9&status=delivered"
        )
        bad = inbox.seal_event(rt.vault, "phone", "receipt", "p-8:", b"nonsense=1")
        mine = inbox.seal_event(rt.vault, "phone", "receipt", "p-7:delivered", b"id=p-7&status=delivered")  # fmt: skip
        await inbox.keep_many(rt.db, [early, bad, mine])
        here = message(rt, "phone", None, FAR, "Sent", "reply")
        await rt.db.write([turns.put_message(here)])
        await rt.db.execute("update outbox set state = 'accepted', provider_id = 'p-7', sent_at = now() where text = 'Sent'")  # fmt: skip
        await town.ticks()
    finally:
        del rt.channels["twilio"]
    later = "state = 'unknown' and due_at > $1 and channel = 'twilio'"
    assert await town.count("outbox", later, rt.clock.now()) == 2
    assert await town.count("outbox", f"{later} and reason = $2", rt.clock.now(), outbox.OTHER_KEY) == 1  # fmt: skip
    assert await town.count("outbox", "text = 'Sent' and delivery = 'delivered'") == 1
    assert await town.count("inbox", "kind = 'receipt' and state = 'failed'") == 2


async def test_reports_of_foreign_messages_keep_no_other_report_waiting(town):
    """An account that another application uses too: its reports come to us as well."""
    rt = town.rt
    foreign = [
        inbox.seal_event(rt.vault, "phone", "receipt", f"x-{n}:delivered", f"id=x-{n}&status=delivered".encode())
        for n in range(200)
    ]  # fmt: skip
    mine = inbox.seal_event(
        rt.vault, "phone", "receipt", "p-7:delivered", b"id=p-7&status=delivered"
    )
    await inbox.keep_many(rt.db, foreign)
    await inbox.keep_many(rt.db, [mine])
    await rt.db.execute("update inbox set due_at = due_at - interval '1 second' where event_id like 'x-%'")  # fmt: skip
    await rt.db.write([turns.put_message(message(rt, "phone", None, FAR, "Sent", "reply"))])
    await rt.db.execute("update outbox set state = 'accepted', provider_id = 'p-7', sent_at = now()")  # fmt: skip
    await town.ticks()
    await town.ticks()
    assert await town.count("outbox", "text = 'Sent' and delivery = 'delivered'") == 1


async def test_a_payout_to_a_number_of_another_key_waits_and_the_others_are_paid(town):
    rt = town.rt
    amina, brian = await town.earned("amina", "brian")
    for person in (amina, brian):
        await person.texts("PAY")
    theirs = await town.value("select id from payout limit 1")
    kept = await town.value("select to_sealed from payout where id = $1", theirs)
    await rt.db.execute("update payout set to_sealed = $2 where id = $1", theirs, OTHER.seal(FAR))
    for _ in range(30):
        await town.ticks(seconds=30)
        await town.operators.daraja.post.settle()
    waits = "id = $1 and state = 'queued' and first_sent_at is null"
    assert await town.count("payout", waits, theirs) == 1
    assert await town.count("payout", "state = 'paid'") == 1
    (told,) = await _secret(rt)
    assert told.verdict is CheckLevel.FAIL
    assert "1 open payouts" in told.said

    await rt.db.execute("update payout set to_sealed = $2 where id = $1", theirs, kept)
    await town.ticks(minutes=11)
    await town.pays_out()
    assert await town.count("payout", "state = 'paid'") == 2
    (told,) = await _secret(rt)
    assert told.verdict is CheckLevel.OK
    assert await health.sealed(rt.db)


async def test_a_worker_whose_number_cannot_be_read_is_passed_over(town):
    rt = town.rt
    amina, brian = await town.enrols("amina"), await town.enrols("brian")
    theirs = await brian.id()
    await rt.db.execute("update worker set msisdn_sealed = $2 where id = $1", theirs, OTHER.seal(FAR))  # fmt: skip
    await town.posts_batch("Is it open?", policy="fixed:2")
    await town.ticks()
    assert "Is it open?" in (await amina.messages())[-1]
    assert not await town.count("assignment", "worker_id = $1", theirs)


async def test_an_operators_token_of_another_key_is_none(town):
    rt = town.rt
    theirs = tokens.StoredTokens(rt.db, OTHER, rt.clock)
    await theirs.put("mpesa", "secret", 3600)
    mine = tokens.StoredTokens(rt.db, rt.vault, rt.clock)
    assert await mine.get("mpesa") is None
    await mine.put("mpesa", "fresh", 3600)
    assert await mine.get("mpesa") == "fresh"
