"""The operator's float against the gateway's own books, to the minor unit.

A payout is traced to the statement's line.
"""
# pyright: basic

from datetime import timedelta

import pytest

from gateway.payments.reconciliation.reconcile import DifferenceKind
from gateway.steps.payouts import reconcile
from gateway.steps.payouts.floats import float_balance
from gateway.store.ledger import traces
from gateway.store.payouts import reconciliations

HEAD = (
    "Receipt No.,Completion Time,Initiation Time,Details,Transaction Status,Paid In,Withdrawn,Balance,Balance Confirmed,"
    "Reason Type,Other Party Info,Linked Transaction ID,A/C No.\n"
)


@pytest.fixture
async def amina(town):
    """Amina was paid KES 30."""
    amina = await town.enrols("amina")
    await town.posts_batch("Is it open?", "Is it clean?", price="15.00")
    for words in ("WORK", "1", "1", "PAY"):
        await amina.texts(words)
    await town.pays_out()
    return amina


async def day(town, *rows, opening=50_000, later=timedelta()):
    """Return a statement with these rows: receipt, details, what comes in (minus: goes out).

    All amounts are in minor units.
    """
    at = await town.value("select max(first_sent_at) from payout") + timedelta(hours=3) + later
    text, left = HEAD, opening
    for receipt, details, minor in rows:
        left += minor
        came, went = (f"{minor / 100:.2f}", "") if minor > 0 else ("", f"{minor / 100:.2f}")
        when = f"{at:%d-%m-%Y %H:%M:%S}"
        text += (
            f"{receipt},{when},{when},{details},Completed,{came},{went},{left / 100:.2f},true,,,,\n"
        )
    return text


async def hers(town):
    receipt = await town.value("select receipt from payout")
    fee = await town.value("select coalesce(sum(amount), 0)::bigint from transfer where code = 14")
    rows = [(receipt, "Business Payment to Customer", -3000)]
    return rows + ([(receipt, "Business Payment to Customer Charge", -fee)] if fee else [])


async def test_opening_and_what_moved_is_closing(town, amina):
    text = await day(
        town, ("T1", "Float top-up", 100_000), *await hers(town), ("W1", "To bank", -20_000)
    )
    found = await reconcile.import_statement(town.rt, "mpesa", text)
    assert found.findings == ()
    (told,) = await float_balance.equations(town.rt, "mpesa", 7)
    assert "opening KES 500 + top-ups KES 1,000 - payouts KES 30" in told.told()
    assert told.told().endswith(": agrees")
    again = await float_balance.top_up_float(town.rt, "mpesa", "1000", "T1")
    assert again == (100_000, "KES")
    assert await town.count("transfer", "code = 20") == 1, "told by hand too, it counts once"


async def test_a_fee_that_only_the_statement_tells_is_booked_and_a_difference_is_set_right(
    town, amina
):
    receipt = await town.value("select receipt from payout")
    before = await town.value(
        "select coalesce(sum(amount), 0)::bigint from transfer where code = 14"
    )
    text = await day(
        town,
        (receipt, "Business Payment to Customer", -3000),
        (receipt, "Customer Charge", -before - 200),
    )
    await reconcile.import_statement(town.rt, "mpesa", text)
    (told,) = await float_balance.equations(town.rt, "mpesa", 7)
    assert (told.equation.fees_minor, told.equation.difference_minor) == (before + 200, 0)


async def test_money_that_is_not_in_our_books_stops_the_provider_until_explained(town, amina):
    rows = [*await hers(town), ("T1", "Float top-up", 1000)]
    text = await day(town, *rows)
    wrong = text.replace(text.strip().rsplit("\n", 1)[1].split(",")[7], "999.99")
    found = await reconcile.import_statement(town.rt, "mpesa", wrong)
    assert [f.kind for f in found.findings] == [DifferenceKind.BALANCE]
    (told,) = await float_balance.equations(town.rt, "mpesa", 7)
    assert told.told().endswith("DIFFERENCE")
    (open_,) = await reconciliations.open_findings(town.rt.db)
    assert open_["stops"]


async def test_a_missing_statement_is_seen_by_the_next_ones_opening(town, amina):
    await reconcile.import_statement(town.rt, "mpesa", await day(town, *await hers(town)))
    (told,) = await float_balance.equations(town.rt, "mpesa", 7)
    opens = told.equation.closing_minor + 100
    late = await day(town, ("T9", "Float top-up", 500), opening=opens, later=timedelta(days=1))
    found = await reconcile.import_statement(town.rt, "mpesa", late)
    assert [(f.kind, f.amount_minor - f.expected_minor) for f in found.findings] == [
        (DifferenceKind.GAP, 100)
    ]


async def test_a_payment_to_a_stranger_stands_in_suspense_and_in_the_equation(town, amina):
    text = await day(town, *await hers(town), ("X1", "Business Payment to Customer", -7_000))
    found = await reconcile.import_statement(town.rt, "mpesa", text)
    assert [f.kind for f in found.findings] == [DifferenceKind.MISSING_HERE]
    (told,) = await float_balance.equations(town.rt, "mpesa", 7)
    assert (told.equation.unexplained_minor, told.equation.difference_minor) == (7_000, 0)


async def test_the_trace_ends_at_the_line_of_the_operators_statement(town, amina):
    ref = await town.value("select ref from payout")
    assert not any(
        "statement" in traces.trace_line(link) for link in await traces.of_payout(town.rt.db, ref)
    )
    await reconcile.import_statement(
        town.rt, "mpesa", await day(town, ("T1", "Float", 5_000), *await hers(town))
    )
    for link in await traces.of_payout(town.rt.db, ref):
        assert "-> line 2 of the operator's statement " in traces.trace_line(link)
        assert traces.trace_line(link).endswith(": 3000 minor units")
        assert link.amount_minor == 1500


async def test_a_charge_for_an_unknown_payment_becomes_her_charge_when_it_is_known(town, amina):
    """The statement showed an unknown payment, with its charge.

    Now it is Amina's: each is booked once.
    """
    (receipt, details, minor), *_ = await hers(town)
    unknown = [("X9", details, minor), ("X9", "Customer Charge", -300)]
    await reconcile.import_statement(town.rt, "mpesa", await day(town, *unknown))
    assert await town.count("transfer", "code = 26 and amount = 300") == 1, "booked for nobody"
    await town.rt.db.execute("update payout set receipt = 'X9' where receipt = $1", receipt)
    found = await reconcile.import_statement(
        town.rt, "mpesa", await day(town, *unknown, ("T1", "Float top-up", 5_000))
    )
    assert found.findings == ()
    for told in await float_balance.equations(town.rt, "mpesa", 7):
        assert (told.equation.fees_minor, told.equation.unexplained_minor) == (300, 0)
        assert told.equation.difference_minor == 0, "the first statement comes out now, too"
    assert not await reconciliations.open_findings(town.rt.db)
    spent = await town.value(
        """select sum(case when t.debit = a.id then t.amount else -t.amount end)::bigint
           from account a join transfer t on a.id in (t.debit, t.credit) where a.kind = 'fee_expense'"""
    )
    assert spent == 300


async def test_a_charge_for_an_unknown_payment_is_hers_also_when_the_later_statement_lacks_it(
    town, amina
):
    """An export of payments alone tells whose the payment is.

    Its charge stays in the gateway's books, as hers.
    """
    (receipt, details, minor), *_ = await hers(town)
    payment, charge = ("X9", details, minor), ("X9", "Customer Charge", -300)
    await reconcile.import_statement(town.rt, "mpesa", await day(town, payment, charge))
    await town.rt.db.execute("update payout set receipt = 'X9' where receipt = $1", receipt)
    payments_alone = await day(town, payment, later=timedelta(hours=1))
    await reconcile.import_statement(town.rt, "mpesa", payments_alone)
    first = (await float_balance.equations(town.rt, "mpesa", 7))[0]
    assert (first.equation.fees_minor, first.equation.difference_minor) == (300, 0)
    assert await town.count("transfer", "code = 14 and amount = 300") == 1, "it is hers"


async def test_two_different_charges_under_one_receipt_are_told_to_operators_and_stop_no_import(
    town, amina
):
    (payment, *_), receipt = await hers(town), await town.value("select receipt from payout")
    charges = [(receipt, "Customer Charge", -300), (receipt, "Customer Charge", -200)]
    found = await reconcile.import_statement(town.rt, "mpesa", await day(town, payment, *charges))
    assert [f.kind for f in found.findings] == [
        DifferenceKind.DUPLICATE_LINE,
        DifferenceKind.BALANCE,
    ], "it stops"
    assert await town.count("transfer", "code in (14, 26)") == 1
