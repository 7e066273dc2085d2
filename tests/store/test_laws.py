"""The ledger's laws hold against every user with a connection: the database itself refuses."""

import uuid

import asyncpg
import pytest

from gateway.store.db import Database
from gateway.store.ledger import transfers

OURS = "GW010"


@pytest.fixture
async def books(town):
    """A client with money and one earning: some rows of each kind."""
    amina = await town.enrols("amina")
    await town.posts_batch("Is it open?", "Is it clean?")
    await amina.texts("WORK")
    await amina.texts("1")
    return town.rt.db


async def account(db: Database, kind: str, currency: str = "KES", *, bounded: bool = True) -> int:
    return await db.value(
        "select open_account($1, $2, $3, $4)", kind, uuid.uuid4().hex, currency, bounded
    )


async def post(db: Database, debit: int, credit: int, amount: int = 100, currency: str = "KES", *, key: uuid.UUID | None = None, code: int = 1):  # fmt: skip
    return await db.value(
        "select post($1, $2, $3, $4, $5, $6, 'test')",
        key or uuid.uuid4(),
        debit,
        credit,
        amount,
        currency,
        code,
    )


FORBIDDEN = {
    "a transfer's amount": "update transfer set amount = amount + 1",
    "a transfer's side": "update transfer set credit = debit",
    "a transfer gone": "delete from transfer",
    "all transfers gone": "truncate transfer cascade",
    "a balance": "update account set balance = balance + 1 where bounded",
    "a balance of no bound": "update account set balance = 5 where not bounded",
    "the bound": "update account set bounded = false where bounded",
    "a worker gone": "delete from worker",
    "all workers gone": "truncate worker cascade",
    "the owner": "update account set owner = 'me'",
    "the currency": "update account set currency = 'UGX'",
    "an account gone": "delete from account",
    "a task gone": "delete from task",
    "all tasks gone": "truncate task cascade",
    "an assignment gone": "delete from assignment",
    "all assignments gone": "truncate assignment cascade",
    "an account with money": "insert into account (kind, owner, currency, bounded, balance) values ('suspense', 'me', 'KES', true, 5)",
}  # fmt: skip


@pytest.mark.parametrize("what", FORBIDDEN)
async def test_rows_that_no_role_may_change(books, what):
    with pytest.raises((asyncpg.PostgresError,)) as refused:
        await books.execute(FORBIDDEN[what])
    assert refused.value.sqlstate in (OURS, "23503"), refused.value


async def test_a_balance_below_zero_is_refused_whole(books):
    poor, rich = (
        await account(books, "worker_payable"),
        await account(books, "client_cash", bounded=False),
    )
    await post(books, rich, poor, 500)
    with pytest.raises(asyncpg.CheckViolationError):
        await post(books, poor, rich, 501)
    assert await books.value("select balance from account where id = $1", poor) == 500
    assert await post(books, poor, rich, 500)


async def test_money_does_not_change_its_currency(books):
    shillings = await account(books, "client_cash", bounded=False)
    ugandan = await account(books, "worker_payable", "UGX")
    for currency in ("KES", "UGX"):
        with pytest.raises(asyncpg.ForeignKeyViolationError):
            await post(books, shillings, ugandan, 100, currency)


@pytest.mark.parametrize("amount", [0, -1])
async def test_a_transfer_moves_a_positive_amount(books, amount):
    a, b = (
        await account(books, "client_cash", bounded=False),
        await account(books, "worker_payable"),
    )
    with pytest.raises(asyncpg.CheckViolationError):
        await post(books, a, b, amount)


async def test_a_transfer_joins_two_accounts(books):
    a = await account(books, "client_cash", bounded=False)
    with pytest.raises(asyncpg.CheckViolationError):
        await post(books, a, a)


async def test_the_same_posting_twice_is_one_and_other_contents_are_refused_loudly(books):
    a, b = (
        await account(books, "client_cash", bounded=False),
        await account(books, "worker_payable"),
    )
    key = uuid.uuid4()
    assert await post(books, a, b, 100, key=key) is True
    assert await post(books, a, b, 100, key=key) is False
    for change in ({"amount": 101}, {"code": 2}, {"debit": b, "credit": a}):
        with pytest.raises(asyncpg.PostgresError) as refused:
            await post(books, **{"debit": a, "credit": b, "amount": 100, **change}, key=key)
        assert refused.value.sqlstate == OURS, change
    assert await books.value("select balance from account where id = $1", b) == 100


PLANTED = {
    "stores": "update account set balance = balance + 1 where id = (select min(id) from account where bounded)",
    "no earning of its price": "update answer set price = price + 1",
    "is below zero": "insert into transfer (id, debit, credit, amount, currency, code, cause) select gen_random_uuid(), w.account_id, (select id from account where kind = 'client_cash'), 100000, 'KES', 1, 'x' from worker w",
    "in transit": "insert into payout (id, ref, worker_id, state, provider, currency, amount, key, to_sealed, to_tail, result_token, status_token, timeout_token) select gen_random_uuid(), 'R', id, 'queued', 'mpesa', 'KES', 7, 'k', '', '', 'a', 'b', 'c' from worker",
}  # fmt: skip


@pytest.mark.parametrize("finding", PLANTED)
async def test_the_audit_finds_a_planted_difference(books, finding):
    assert (await transfers.audit(books)).faults == ()
    async with books.connection() as connection:
        await connection.execute("begin")
        try:
            # What no user of the product can do: switch the laws off.
            await connection.execute("set local session_replication_role = replica")
            await connection.execute(PLANTED[finding])
            planted = await transfers.audit(_Seen(connection))
        finally:
            await connection.execute("rollback")
    assert any(finding in fault for fault in planted.faults), planted.faults


class _Seen:
    """A `Database` that sees an open transaction."""

    def __init__(self, connection) -> None:
        self.rows, self.value = connection.rows, connection.value


async def test_an_answer_needs_its_slot_and_its_earning(books):
    with pytest.raises(asyncpg.PostgresError):
        await books.execute(
            """insert into answer (task_id, worker_id, slot, value, said, via, price, transfer_id)
               select task_id, worker_id, slot, value, said, via, price, transfer_id from answer"""
        )
    with pytest.raises(asyncpg.CheckViolationError):
        await books.execute("update task set answered = maximum + 1")
    with pytest.raises(asyncpg.CheckViolationError):
        await books.execute("update task set held = -1")


async def test_one_open_payout_a_worker(books):
    insert = """insert into payout (id, ref, worker_id, state, provider, currency, amount, key, to_sealed, to_tail,
        result_token, status_token, timeout_token) select gen_random_uuid(), $1, id, 'queued', 'mpesa', 'KES', 7, $1,
        '', '', $1, $1, $1 from worker"""
    async with books.connection() as connection:
        await connection.execute("begin")
        try:
            await connection.execute(insert, "a")
            with pytest.raises(asyncpg.UniqueViolationError):
                await connection.execute(insert, "b")
        finally:
            await connection.execute("rollback")
