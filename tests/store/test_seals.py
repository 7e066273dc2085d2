"""History that was sealed cannot be rewritten unseen, and no role may rewrite it at all."""

# ruff: noqa: S608  # tables are named by this file
import asyncio

import asyncpg
import pytest

from gateway.app import STEPS
from gateway.store.ledger import seals, transfers
from gateway.store.ledger.transfers import post_all


@pytest.fixture
async def sealed(town):
    """Amina earned three times; all of it is sealed."""
    amina = await town.enrols("amina")
    await town.posts_batch("Is it open?", "Is it clean?", "Is it far?", price="5.00")
    for words in ("WORK", "1", "2", "1"):
        await amina.texts(words)
    await STEPS["seal"](town.rt)
    assert (await seals.verify(town.rt.db)).faults == ()
    return town


def tampering(statement: str) -> str:
    """Return a statement with the power of an owner of the whole database, triggers and all."""
    return f"do $$ begin set local session_replication_role = replica; {statement}; end $$"


BREAK_INS = {
    "one bit of an amount": "update transfer set amount = amount # 1 where seq = (select min(seq) + 2 from transfer)",
    "a cause": "update transfer set cause = cause || '0' where seq = (select max(seq) from transfer)",
    "a moment": "update transfer set at = at + interval '1 microsecond' where seq = (select min(seq) from transfer)",
    "a row taken out": "delete from transfer where seq = (select min(seq) + 1 from transfer)",
    "the last row taken out": "delete from transfer where seq = (select max(seq) from transfer)",
    "a row put in": """insert into transfer (id, seq, debit, credit, amount, currency, code, cause) overriding system value
        select gen_random_uuid(), min(seq) - 1, min(debit), max(credit), 5, 'KES', 1, 'mine' from transfer""",
    "two rows swapped": """update transfer t set (debit, credit, amount, code, cause) = (o.debit, o.credit, o.amount, o.code, o.cause)
        from transfer o where o.seq = case t.seq when (select min(seq) + 1 from transfer) then (select min(seq) + 2 from transfer)
          when (select min(seq) + 2 from transfer) then (select min(seq) + 1 from transfer) end""",
    "an account's owner": "update account set owner = 'me' where kind = 'worker_payable'",
    "a seal taken out": "delete from seal",
    "a digest": "update seal set digest = sha256(digest)",
}


async def test_every_change_of_sealed_history_is_seen(sealed):
    db = sealed.rt.db
    head = await seals.head(db)
    for what, statement in BREAK_INS.items():
        assert await _faults_after(db, tampering(statement), head), f"{what}: unseen"


async def _faults_after(db, statement, head):
    """Tamper, look, and put everything back, so that the town's own audit finds right books."""
    keep = {
        name: await db.value(f"select coalesce(jsonb_agg(to_jsonb(x)), '[]') from {name} x")
        for name in ("transfer", "seal", "account")
    }
    try:
        await db.execute(statement)
        return (await seals.verify(db, head)).faults
    finally:
        for name, rows in keep.items():
            await db.execute(tampering(f"delete from {name}"))
            async with db.transaction() as connection:
                await connection.execute("set local session_replication_role = replica")
                await connection.execute(
                    f"insert into {name} overriding system value select * from jsonb_populate_recordset(null::{name}, $1)",
                    rows,
                )


async def test_new_history_is_sealed_behind_the_old_and_old_heads_stay_in_the_chain(sealed):
    first = await seals.head(sealed.rt.db)
    assert await STEPS["seal"](sealed.rt) == 0, "nothing new, no seal"
    brian = await sealed.enrols("brian")
    await sealed.posts_batch("Is it near?", price="5.00")
    for words in ("WORK", "1"):
        await brian.texts(words)
    unsealed = await seals.verify(sealed.rt.db)
    assert (unsealed.unsealed, unsealed.faults) == (2, ()), "a reservation and an earning"
    assert await STEPS["seal"](sealed.rt) == 1
    found = await seals.verify(sealed.rt.db, first)
    assert (found.unsealed, found.faults) == (0, ())
    assert found.head != first
    wrong = await seals.verify(sealed.rt.db, "ab" * 32)
    assert "cut off or made anew" in wrong.faults[0]


async def test_the_ticker_rings_for_a_seal_each_minute(sealed):
    await sealed.client.posts_batch("Is it old?")
    await sealed.ticks(seconds=30)
    await sealed.answers_bells()
    before = await sealed.count("seal")
    await sealed.ticks(seconds=45)
    assert await sealed.count("seal") == before + 1


async def test_two_sealers_at_once_make_one_chain(sealed):
    await sealed.client.posts_batch("Is it new?")
    await asyncio.gather(*(STEPS["seal"](sealed.rt) for _ in range(4)))
    found = await seals.verify(sealed.rt.db)
    assert (found.unsealed, found.faults) == (0, ())


async def test_a_transfer_under_way_is_waited_for_so_no_row_slips_in_below_a_seal(sealed):
    """Numbers are given before the commit.

    A sealer that did not wait would seal past one that is still coming.
    """
    db = sealed.rt.db
    async with db.transaction() as slow:
        await slow.execute(
            """select post(gen_random_uuid(), a.id, b.id, 100, 'KES', 1::smallint, 'slow') from account a, account b
               where a.kind = 'client_cash' and b.kind = 'client_available'"""
        )
        assert await STEPS["seal"](sealed.rt) == 0, "the ledger is busy: later"
    assert await STEPS["seal"](sealed.rt) == 1
    assert (await seals.verify(db)).unsealed == 0


async def test_seals_are_forever(sealed):
    for what in ("update seal set at = now()", "delete from seal", "truncate seal"):
        with pytest.raises(asyncpg.PostgresError) as refused:
            await sealed.rt.db.execute(what)
        assert refused.value.sqlstate == "GW010"


async def _as_role(db, statement):
    async with db.transaction() as connection:
        await connection.execute("set local role gateway_app")
        return await connection.value(statement)


async def test_the_app_role_can_work_and_cannot_rewrite(sealed):
    """Triggers refuse even the owner; a role of its own for the gateway cannot so much as try."""
    from gateway.store.ledger.grants import grants

    db = sealed.rt.db
    await db.execute("drop role if exists gateway_app")
    await db.execute("create role gateway_app")
    await db.execute(grants("gateway_app"))
    try:
        for booked in (
            "select post(gen_random_uuid(), a.id, b.id, 100, 'KES', 1::smallint, 'by the role')",
            """select post_all(array[gen_random_uuid()], array[a.id], array[b.id], array[100::bigint], array['KES'],
                 array[1::smallint], array['by the role'])""",
        ):
            assert await _as_role(
                db,
                booked
                + " from account a, account b where a.kind = 'client_cash' and b.kind = 'client_available'",
            )
        for forbidden in (
            "update transfer set amount = 1",
            "delete from transfer",
            "truncate transfer",
            "delete from seal",
            "update account set balance = 1",
            "alter table transfer disable trigger all",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await _as_role(db, forbidden)
    finally:
        await db.execute("drop owned by gateway_app")
        await db.execute("drop role gateway_app")


async def test_batches_over_the_same_workers_never_lock_each_other_out(town):
    """The batches name the workers in different orders.

    Without the lock in id order PostgreSQL would have to end one of them.
    """
    from gateway.base.ids import AccountId, BatchId, WorkerId
    from gateway.payments.ledger import postings

    db = town.rt.db
    hold = await db.value("select open_account('client_cash', '', 'KES', false)")
    accounts = [
        await db.value("select open_account('worker_payable', $1, 'KES', true)", str(n))
        for n in range(10)
    ]

    async def one(batch: int) -> int:
        order = list(enumerate(accounts))
        if batch % 2:
            order.reverse()
        booked = [
            (
                postings.bonus(f"{batch}:{n}", BatchId("b"), WorkerId(n), 100, "KES"),
                AccountId(hold),
                AccountId(account),
            )
            for n, account in order
        ]
        async with db.transaction() as connection:
            done = await post_all(connection, booked)
        async with db.transaction() as connection:
            assert await post_all(connection, booked) == 0, "a repeat books nothing"
        return done

    assert await asyncio.gather(*(one(batch) for batch in range(8))) == [10] * 8
    assert await db.value("select min(balance) from account where id = any($1)", accounts) == 800
    assert (await transfers.audit(db)).sum_minor == 0
