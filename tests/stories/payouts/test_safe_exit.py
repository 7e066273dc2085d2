"""A gateway is lost, and a new one pays every worker from the last backup: once, and with proof."""
# pyright: basic

import csv
import io
import re
from datetime import timedelta

import asyncpg
import pytest

from gateway.base.errors import Refused
from gateway.settings import Controls, Reserves
from gateway.simulator.operators.statement import statement
from gateway.steps.payouts.approve import approve_as_second
from gateway.steps.payouts.disburse import order_of
from gateway.steps.payouts.floats.reserves import watch_reserves
from gateway.steps.payouts.winding import owed, plan, prepare, proofs, sources
from gateway.steps.payouts.winding.ask_first import ask_first
from gateway.steps.people import persons
from gateway.store.payouts import payouts, reserves, wind_down

PROOF = re.compile(r"Proof: (\S+)\.")


@pytest.fixture
async def keys(town):
    """Asha and Juma decide about money; their keys."""
    return {name: (await persons.add_person(town.rt, name)).key for name in ("Asha", "Juma")}


@pytest.fixture
async def exported(town):
    """Return a function that exports the statement without the payments of earlier stories."""
    query = "SELECT receipt FROM payment"
    earlier = {receipt for (receipt,) in town.operators.books.db.execute(query)}

    def export():
        rows = list(csv.DictReader(io.StringIO(statement(town.operators.books, moves=True))))
        out = io.StringIO()
        writer = csv.DictWriter(out, rows[0])
        writer.writeheader()
        # Without the earlier lines the balances would not add up, so none is printed.
        writer.writerows(
            {**row, "Balance": ""} for row in rows if row["Receipt No."] not in earlier
        )
        return out.getvalue().encode()

    return export


async def is_restored(town, before=timedelta(0)):
    """The rows are those of a backup, which was made a moment ago, on an empty machine."""
    made_at = town.clock.now() - before
    async with town.rt.db.transaction() as db:
        await db.write([wind_down.begin_part("the backup", made_at)])
        return await ask_first(db, town.rt.vault, town.clock.now())


async def pays_all(town, keys):
    """Asha prepares the list, Juma approves it, and the runners pay."""
    made = await prepare.prepare(town.rt, "Asha", keys["Asha"])
    await approve_as_second(town.rt, made.number, made.code, "Juma", keys["Juma"])
    await town.pays_out()
    return made


async def knows_that_nothing_was_paid(town, keys):
    await sources.nothing_since(town.rt, "mpesa", "it was stopped", "Asha", keys["Asha"])


async def test_every_worker_is_paid_once_and_each_sms_proves_it(town, keys):
    people = await town.earned("amina", "joy")
    await is_restored(town)
    with pytest.raises(Refused, match="not known what the lost gateway paid"):
        await prepare.prepare(town.rt, "Asha", keys["Asha"])
    await knows_that_nothing_was_paid(town, keys)
    dry = await plan.plan(town.rt)
    (way,) = dry.providers
    assert (way.provider, way.workers, way.amount_minor, way.not_ready) == ("mpesa", 2, 6000, "")
    assert not await town.count("payout"), "a dry run makes nothing"

    made = await prepare.prepare(town.rt, "Asha", keys["Asha"])
    assert "2 payouts" in made.sheet()
    again = await prepare.prepare(town.rt, "Asha", keys["Asha"])
    assert await town.count("payout") == 2, "prepared again, nothing is doubled"
    with pytest.raises(Refused, match="another operator"):
        await approve_as_second(town.rt, again.number, again.code, "Asha", keys["Asha"])
    await town.ticks()
    assert town.operator_books()["payouts"] == 0
    await approve_as_second(town.rt, again.number, again.code, "Juma", keys["Juma"])
    await town.pays_out()

    assert town.operator_books() == {"paid_minor": 6000, "payouts": 2, "duplicates": 0}
    for person in people:
        assert await person.balance_minor() == 0
        (told,) = [words for words in await person.messages() if "Proof" in words]
        assert "We are closing. We sent you KES 30 on" in told
        code = PROOF.search(told)[1]
        proved = await proofs.check_proof(town.rt, code.lower().replace("-", ""))
        assert (proved.amount_minor, proved.currency) == (3000, "KES")
        day = proved.day
        vault = town.rt.vault
        assert proofs.check_without_database(vault, code, 3000, "KES", day) == proved
        assert proofs.check_without_database(vault, code, 3100, "KES", day) is None
        forged = code[:-1] + ("2" if code[-1] != "2" else "3")
        assert await proofs.check_proof(town.rt, forged) is None
    with pytest.raises(Refused, match="nothing is left"):
        await prepare.prepare(town.rt, "Asha", keys["Asha"])


async def test_a_number_that_was_quiet_at_the_backup_waits_and_one_that_was_heard_does_not(
    town, keys, configure
):
    """Its SIM may have another holder by now. The weeks since the backup count for no worker."""
    configure(controls=Controls(quiet_days=30, hold_h=48))
    amina, joy = await town.earned("amina", "joy")
    await town.rt.db.execute("alter table answer disable trigger user")
    for person, days in ((amina, 65), (joy, 40)):
        await town.rt.db.execute(
            "update answer set created_at = created_at - make_interval(days => $2) where worker_id = $1",
            await person.id(),
            days,
        )
    await town.rt.db.execute("alter table answer enable trigger user")
    await is_restored(town, before=timedelta(days=20))
    await knows_that_nothing_was_paid(town, keys)
    made = await prepare.prepare(town.rt, "Asha", keys["Asha"])
    await approve_as_second(town.rt, made.number, made.code, "Juma", keys["Juma"])
    for _ in range(4):
        await town.ticks(minutes=1)
        await town.operators.daraja.post.settle()
    assert await joy.balance_minor() == 0
    assert town.operator_books()["payouts"] == 1, "Amina's number was quiet for 45 days"
    assert any("quiet for a long time" in words for words in await amina.messages())
    town.clock.advance(hours=48)
    await town.pays_out()
    assert town.operator_books() == {"paid_minor": 6000, "payouts": 2, "duplicates": 0}


async def test_a_payout_that_the_lost_gateway_sent_after_the_backup_is_asked_about(town, keys):
    (amina,) = await town.earned("amina")
    await amina.texts("PAY")
    town.jobs.take()
    (ref,) = [row["ref"] for row in await town.rt.db.rows("select ref from payout")]
    stored = await payouts.by_ref(town.rt.db, town.rt.vault, ref)
    # The backup was made here. Then the old gateway sent the payout and was lost.
    await town.rt.providers["mpesa"].submit(town.rt.http, order_of(town.rt, stored))
    assert await is_restored(town) == 1
    assert await is_restored(town) == 0, "the second time nothing is left to ask about"
    assert (await plan.plan(town.rt)).asked == [("mpesa", 1)]
    await town.pays_out()
    assert town.operator_books() == {"paid_minor": 3000, "payouts": 1, "duplicates": 0}
    assert any("Proof" in words for words in await amina.messages())


async def test_a_payout_that_was_never_sent_is_sent_once_the_operator_does_not_know_it(town, keys):
    (amina,) = await town.earned("amina")
    await amina.texts("PAY")
    town.jobs.take()
    await is_restored(town)
    await town.ticks()
    assert town.operator_books()["payouts"] == 0, "the operator is asked first"
    await town.pays_out()
    assert town.operator_books() == {"paid_minor": 3000, "payouts": 1, "duplicates": 0}


async def test_what_the_lost_gateway_paid_later_is_found_on_the_statement(town, keys, exported):
    amina, joy = await town.earned("amina", "joy")
    await town.rt.db.execute("update person set created_at = now()")
    # The old gateway pays Amina after the backup, and then is lost with the payout's rows.
    body = {"amount": 2000, "key": "11111111-2222-4333-8444-555555555555"}
    (order,) = [await _order(town, amina, **body)]
    await town.rt.providers["mpesa"].submit(town.rt.http, order)
    await town.operators.daraja.post.settle()
    await is_restored(town)
    said = exported()
    read = await sources.read_statement(town.rt, "mpesa", said, "Asha", keys["Asha"])
    assert (read.booked, read.booked_minor, read.left) == (1, 2000, ())
    assert await amina.balance_minor() == 1000
    again = await sources.read_statement(town.rt, "mpesa", said, "Asha", keys["Asha"])
    assert (again.booked, await amina.balance_minor()) == (0, 1000), "the same file counts once"
    await pays_all(town, keys)
    assert town.operator_books()["paid_minor"] == 2000 + 1000 + 3000
    assert await joy.balance_minor() == await amina.balance_minor() == 0


async def test_a_payment_above_the_balance_is_borne_by_the_gateway_and_one_of_nobody_waits(
    town, keys, exported
):
    (amina,) = await town.earned("amina")
    stranger = town.meets("stranger")
    for person, amount, key in ((amina, 5000, "a"), (stranger, 1500, "b")):
        order = await _order(
            town, person, amount=amount, key=f"{key * 8}-2222-4333-8444-555555555555"
        )
        await town.rt.providers["mpesa"].submit(town.rt.http, order)
    await town.operators.daraja.post.settle()
    await is_restored(town)
    said = exported()
    read = await sources.read_statement(town.rt, "mpesa", said, "Asha", keys["Asha"])
    assert (read.booked, len(read.left)) == (1, 1)
    assert await amina.balance_minor() == 0
    bears = "select sum(amount)::bigint from transfer where code = 71"
    assert await town.value(bears) == 2000
    (left,) = read.left
    with pytest.raises(Refused, match="no worker 999"):
        await sources.assign(town.rt, "mpesa", left.receipt, 999, "Asha", keys["Asha"])
    await sources.assign(town.rt, "mpesa", left.receipt, await amina.id(), "Asha", keys["Asha"])
    assert await wind_down.unbooked(town.rt.db) == []
    assert (await plan.readiness(town.rt))("mpesa") == ""


async def test_a_statement_that_begins_after_the_backup_is_refused(town, keys):
    (amina,) = await town.earned("amina")
    await town.rt.providers["mpesa"].submit(town.rt.http, await _order(town, amina, amount=1000))
    await town.operators.daraja.post.settle()
    await is_restored(town, before=timedelta(hours=3))
    only_later = statement(town.operators.books)
    with pytest.raises(Refused, match="export it from the day before the backup"):
        await sources.read_statement(town.rt, "mpesa", only_later.encode(), "Asha", keys["Asha"])


async def test_new_work_is_refused_and_money_words_work(town, keys):
    amina, joy = await town.earned("amina", "joy")
    invited = town.meets("invited")
    await town["wanjiku"].texts(f"ADD {invited.msisdn} Invited en")
    waiting = await town.posts_batch("Is it far?")
    await joy.texts("STOP")
    draft = await town.client.drafts()
    await is_restored(town)
    stranger = town.meets("stranger")
    closing = "We are closing and take no new workers"
    for person, words in (
        (stranger, "JOIN"),
        (invited, "YES"),
        (joy, "START"),
        (town["wanjiku"], "ADD 0712999888 Neema en"),
    ):
        assert closing in await person.texts(words), words
    assert "We are closing: no new work" in await amina.texts("WORK")
    assert closing in await stranger.dials("1")
    assert closing in await joy.dials("1")
    assert not await town.count("worker", "state = 'active' and name = 'Invited'")
    assert "KES 30" in await amina.texts("BAL")
    assert "KES 30" in await amina.texts("PAY")
    started = await town.client.asks("POST", f"/batches/{draft.id}/start")
    assert (started.status_code, "winds down" in started.text) == (409, True)
    resumed = await town.client.asks("POST", f"/batches/{waiting.id}/start")
    assert resumed.status_code == 409
    created = await town.client.asks(
        "POST",
        "/batches",
        json={"name": "x", "kind": "verification", "instructions": "?", "price": "1"},
    )
    assert created.status_code == 409, created.text
    with pytest.raises(asyncpg.PostgresError, match="takes no new work"):
        await town.rt.db.execute("update batch set state = 'running' where id = $1", waiting.id)
    await town.pays_out()


async def test_who_cannot_be_reached_is_listed_and_stays_owed(town, keys):
    people = await town.earned("amina", "joy", "lost", "poor")
    lost, poor = people[2], people[3]
    await town.rt.db.execute(
        "update worker set number_lost_at = now() where id = $1", await lost.id()
    )
    await is_restored(town)
    await knows_that_nothing_was_paid(town, keys)
    # The operator refuses Poor's number, each time.
    await town.rt.db.execute(
        "update worker set msisdn_sealed = $2 where id = $1",
        await poor.id(),
        town.rt.vault.seal("+254712092040"),
    )
    await pays_all(town, keys)
    with pytest.raises(Refused, match="nothing is left"):
        await prepare.prepare(town.rt, "Asha", keys["Asha"])
    reasons = [why for _, why in (await plan.plan(town.rt)).unreachable]
    assert any("tried again after" in why for why in reasons)
    town.clock.advance(hours=3)
    await pays_all(town, keys)
    with pytest.raises(Refused, match="nothing is left"):
        await prepare.prepare(town.rt, "Asha", keys["Asha"])
    rows = [row async for row in owed.owed_rows(town.rt, numbers=True)]
    reasons = {row[1]: row[-1] for row in rows}
    assert reasons["Poor"].startswith("the provider refused her number 2 times")
    assert reasons["Lost"].startswith("her number belongs to another person")
    assert await lost.balance_minor() == 3000, "what is owed stays in the ledger"
    assert {row[3] for row in rows} == {"30.00"}
    assert set(reasons) == {"Lost", "Poor"}


async def test_many_first_payouts_at_once_are_no_reason_to_wait(town, keys):
    settings = town.rt.settings.model_copy(update={"controls": Controls(first_payouts_per_day=1)})
    object.__setattr__(town.rt, "settings", settings)
    await town.earned("amina", "joy", "neema")
    await is_restored(town)
    await knows_that_nothing_was_paid(town, keys)
    await pays_all(town, keys)
    assert town.operator_books()["payouts"] == 3


async def test_an_alarm_rises_within_a_minute_while_less_stands_ready_than_is_owed(town, configure):
    configure(controls=Controls(tell=("+254722000009",)), reserves=Reserves(bank={"KES": 40}))
    await town.earned("amina", "joy")  # KES 60 are owed, and 40 are at the bank.
    await town.ticks(seconds=31)
    (check,) = await reserves.last_checks(town.rt.db)
    assert (check.owed_minor, check.cover_minor) == (6000, 4000)
    assert check.short_since is not None
    holder = town.meets("holder", "+254722000009")
    (told,) = await alarms(holder)
    assert "workers are owed KES 60, float and reserves are KES 40. KES 20 is missing" in told
    await town.ticks(minutes=5)
    assert len(await alarms(holder)) == 1, "a lasting shortage is told once a day"
    metrics = (await town.http.get("/metrics")).text
    assert 'gateway_cover_short{currency="KES"} 1.0' in metrics
    configure(reserves=Reserves(bank={"KES": 60}))
    assert await watch_reserves(town.rt) == 0
    await town.answers_bells()
    assert "again" in (await alarms(holder))[-1]


async def test_the_watch_reads_no_history_twice_and_agrees_with_the_books(town):
    (amina,) = await town.earned("amina")
    await town.ticks(seconds=31)
    await amina.texts("PAY")
    await town.pays_out()
    await town.ticks(minutes=3)  # seals, and compares
    await town.ticks(minutes=1)
    for row in await town.rt.db.rows("select account_id, balance, upto from account_sum"):
        right = await town.value(
            """select coalesce(sum(case when credit = $1 then amount else -amount end), 0)::bigint
               from transfer where $1 in (credit, debit) and seq <= $2""",
            row["account_id"],
            row["upto"],
        )
        assert row["balance"] == right
    (check,) = await reserves.last_checks(town.rt.db)
    assert check.owed_minor == 0


async def _order(town, person, *, amount=1000, key="99999999-2222-4333-8444-555555555555"):
    """An order as the old gateway sent it after the backup, of which no row is left."""
    from gateway.payments.port import Order

    hook = f"{town.rt.settings.public_url}/hooks/p/lost"
    return Order(key, person.msisdn, amount, "KES", hook, hook, hook)


async def alarms(person):
    return [words for words in await person.messages() if "float and reserves" in words]
