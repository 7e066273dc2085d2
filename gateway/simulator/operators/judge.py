"""A report of the operator's books, for comparison with the gateway's books."""

from typing import TypedDict

from gateway.simulator.operators.books import OperatorBooks


class PaymentRecord(TypedDict):
    """The record of one OriginatorConversationID."""

    state: str
    code: str
    msisdn: str
    amount_minor: int
    executions: int
    paid_minor: int
    receipt: str


class BooksReport(TypedDict):
    """A report of one operator's whole books. Amounts are in minor units."""

    provider: str
    currency: str
    paid_minor: int  # sum of all executed payments
    payouts: int  # executed payments
    duplicates: int  # executions beyond the first per key: 0 unless the operator misbehaves
    fees_minor: int
    float_minor: int  # left in the utility account
    charges_minor: int  # negative: fees owed
    topped_up_minor: int  # the opening float and every later movement
    consistent: bool  # whether topped up = paid + left, and wallets = paid
    requests: int  # distinct keys accepted
    refused: int  # of these, refused when executed
    open: int  # of these, not yet executed
    duplicate_requests: int  # the same key sent again, and turned away
    callbacks: dict[str, int]
    by_key: dict[str, PaymentRecord]


def report(books: OperatorBooks, *, by_key: bool = True) -> BooksReport:
    """Return a report of the books. The figures are counted from the rows on each call."""
    db = books.db
    payouts, keys, paid, fees = db.execute(
        "SELECT count(*), count(DISTINCT key), coalesce(sum(amount_minor), 0),"
        " coalesce(sum(fee_minor), 0) FROM payment"
    ).fetchone()
    states = dict(db.execute("SELECT state, count(*) FROM request GROUP BY state"))
    (moved,) = db.execute("SELECT coalesce(sum(amount_minor), 0) FROM float_move").fetchone()
    (held,) = db.execute("SELECT coalesce(sum(balance_minor), 0) FROM wallet").fetchone()
    (again,) = db.execute(
        "SELECT count(*) FROM call WHERE kind = 'b2c' AND verdict LIKE '%uplicate%'"
    ).fetchone()
    funds = books.funds()
    return BooksReport(
        provider=books.provider,
        currency=books.currency,
        paid_minor=paid,
        payouts=payouts,
        duplicates=payouts - keys,
        fees_minor=fees,
        float_minor=funds.utility_minor,
        charges_minor=funds.charges_minor,
        topped_up_minor=moved,
        consistent=moved == paid + funds.utility_minor and held == paid,
        requests=sum(states.values()),
        refused=states.get("refused", 0),
        open=states.get("accepted", 0),
        duplicate_requests=again,
        callbacks=dict(db.execute("SELECT what, count(*) FROM callback GROUP BY what")),
        by_key=_entries(books) if by_key else {},
    )


def _entries(books: OperatorBooks) -> dict[str, PaymentRecord]:
    rows = books.db.execute(
        "SELECT r.key, r.state, r.code, r.msisdn, r.amount_minor, count(p.id),"
        " coalesce(sum(p.amount_minor), 0), coalesce(min(p.receipt), '')"
        " FROM request r LEFT JOIN payment p ON p.key = r.key GROUP BY r.id ORDER BY r.id"
    )
    return {
        key: PaymentRecord(
            state=state,
            code=code,
            msisdn=msisdn,
            amount_minor=amount,
            executions=executions,
            paid_minor=paid,
            receipt=receipt,
        )
        for key, state, code, msisdn, amount, executions, paid, receipt in rows
    }
