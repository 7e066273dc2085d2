"""A statement held against our payouts: every seeded difference is found, none is invented."""

# The strict rules are the product's (pyproject: include); fixtures have no types.
# pyright: basic

import random
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from gateway.base.errors import Refused
from gateway.base.ids import derived_id
from gateway.payments.ledger.chart_of_accounts import Code
from gateway.payments.providers.mpesa.statement import read_statement
from gateway.payments.reconciliation import statement_csv
from gateway.payments.reconciliation.balance_equation import equation
from gateway.payments.reconciliation.reconcile import (
    DifferenceKind,
    GatewayPayout,
    LineKind,
    StatementLine,
    reconcile,
)
from gateway.payments.states import PayoutState

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
SEEDED = (
    DifferenceKind.MISSING_HERE, DifferenceKind.MISSING_THERE, DifferenceKind.PAID_OPEN_HERE, DifferenceKind.PAID_FAILED_HERE, DifferenceKind.AMOUNT_DIFFERS,
    DifferenceKind.NUMBER_DIFFERS, DifferenceKind.FEE_DIFFERS, DifferenceKind.DUPLICATE_LINE, DifferenceKind.SECOND_RECEIPT, DifferenceKind.REVERSED,
)  # fmt: skip


def a_day(count: int) -> tuple[list[GatewayPayout], list[StatementLine]]:
    """Payouts and the statement that agrees with them; every fifth line of payment has a fee."""
    ours, lines = [], []
    for n in range(count):
        at = NOON + timedelta(seconds=n)
        tail, amount = f"{n * 7919 % 1000:03d}", 1_000 + n % 97 * 100
        fee = 500 if n % 5 == 0 else None
        ours.append(
            GatewayPayout(
                derived_id("r", n),
                f"key-{n}",
                PayoutState.PAID,
                amount,
                f"254712345{tail}",
                f"R{n:07}",
                fee,
                at,
            )
        )
        lines.append(StatementLine(LineKind.PAYMENT, f"R{n:07}", amount, at, f"254712345{tail}"))
        if fee:
            lines.append(StatementLine(LineKind.FEE, f"R{n:07}", fee, at))
    return ours, lines


def seeded(  # noqa: C901  # one case a kind
    ours: list[GatewayPayout], lines: list[StatementLine], each: int, seed: int
) -> Counter:
    """Spoil `each` payouts or lines in each of the ten ways, none of them twice.

    Return what was spoiled.
    """
    dice = random.Random(seed)
    where = {line.receipt: i for i, line in enumerate(lines) if line.kind is LineKind.PAYMENT}
    last = len(ours) - (2_000 if len(ours) > 9_000 else 5)  # what was just sent may come tomorrow
    victims = dice.sample(range(5, last), each * 10)
    gone: set[int] = set()
    wanted: Counter = Counter()
    for at, n in enumerate(victims):
        kind, p = SEEDED[at % 10], ours[n]
        i = where[p.receipt or ""]
        wanted[kind, p.receipt if kind is not DifferenceKind.MISSING_HERE else f"X{n}"] += 1
        match kind:
            case DifferenceKind.MISSING_HERE:
                lines.append(
                    replace(lines[i], receipt=f"X{n}", number="254700000999", amount_minor=77_77)
                )
            case DifferenceKind.MISSING_THERE:
                gone.add(i)
            case DifferenceKind.PAID_OPEN_HERE:
                ours[n] = replace(p, state=PayoutState.UNKNOWN, receipt=None)
                lines[i] = replace(lines[i], key=p.key)
            case DifferenceKind.PAID_FAILED_HERE:
                ours[n] = replace(p, state=PayoutState.FAILED, receipt=None)
                lines[i] = replace(lines[i], key=p.key)
            case DifferenceKind.AMOUNT_DIFFERS:
                lines[i] = replace(lines[i], amount_minor=p.amount_minor + 100)
            case DifferenceKind.NUMBER_DIFFERS:
                lines[i] = replace(
                    lines[i], number=f"254712345{(int(p.number[-3:]) + 1) % 1000:03d}"
                )
            case DifferenceKind.FEE_DIFFERS:
                ours[n] = replace(p, fee_minor=700)
                lines.append(StatementLine(LineKind.FEE, p.receipt or "", 900, p.sent_at))
                gone.update(j for j in (i + 1,) if lines[j].kind is LineKind.FEE)
            case DifferenceKind.DUPLICATE_LINE:
                lines.append(lines[i])
            case DifferenceKind.SECOND_RECEIPT:
                wanted[kind, p.receipt] -= 1
                wanted[kind, f"Y{n}"] += 1
                lines.append(replace(lines[i], receipt=f"Y{n}", key=p.key))
            case _:
                lines.append(
                    StatementLine(
                        LineKind.REVERSAL, f"Z{n}", p.amount_minor, p.sent_at, of=p.receipt or ""
                    )
                )
    lines[:] = [line for i, line in enumerate(lines) if i not in gone]
    return +wanted


def test_books_that_agree_have_no_findings():
    ours, lines = a_day(500)
    found = reconcile(ours, lines)
    assert (found.matched, found.findings) == (500, ())


@pytest.mark.parametrize("seed", range(4))
def test_ten_kinds_of_differences_are_all_found_and_none_is_invented(seed):
    ours, lines = a_day(12_000)
    wanted = seeded(ours, lines, 20, seed)
    found = Counter((f.kind, f.receipt) for f in reconcile(ours, lines).findings)
    assert found == wanted


def test_a_line_without_key_or_known_receipt_is_matched_by_number_amount_and_time_if_that_is_one_only():
    ours = GatewayPayout(
        derived_id("a"), "k", PayoutState.UNKNOWN, 5_000, "254712345678", None, None, NOON
    )
    line = StatementLine(LineKind.PAYMENT, "R1", 5_000, NOON + timedelta(minutes=3), "254712345678")
    assert [f.kind for f in reconcile([ours], [line]).findings] == [DifferenceKind.PAID_OPEN_HERE]
    twin = replace(ours, id=derived_id("b"), key="k2")
    assert [f.kind for f in reconcile([ours, twin], [line]).findings] == [
        DifferenceKind.MISSING_HERE
    ]
    late = replace(line, at=NOON + timedelta(hours=2))
    assert [f.kind for f in reconcile([ours], [late]).findings] == [DifferenceKind.MISSING_HERE]


def test_hidden_digits_match_nothing_and_a_person_or_the_operator_names_the_worker():
    ours = GatewayPayout(
        derived_id("a"), "k", PayoutState.UNKNOWN, 5_000, "254712345678", None, None, NOON
    )
    line = StatementLine(
        LineKind.PAYMENT, "R1", 5_000, NOON + timedelta(minutes=3), "2547******678"
    )
    (found,) = reconcile([ours], [line]).findings
    assert (found.kind, found.payout) == (DifferenceKind.UNSURE, ours.id), (
        "perhaps hers, and nothing is booked"
    )
    twin = replace(ours, id=derived_id("b"), key="k2", number="254799999678")
    (found,) = reconcile([ours, twin], [line]).findings
    assert (found.kind, found.payout) == (DifferenceKind.UNSURE, None), (
        "whose of the two, nobody can say"
    )
    other = replace(line, number="2547******679")
    assert [f.kind for f in reconcile([ours], [other]).findings] == [DifferenceKind.MISSING_HERE]
    three = replace(line, number="678")
    assert reconcile([ours], [three]).findings[0].kind is not DifferenceKind.PAID_OPEN_HERE, (
        "never by three digits"
    )


@pytest.mark.parametrize(
    "shown", ["7f9c2ba4-e88f-427d-a23c-0c5a1b1e7a11", "7F9C2BA4E88F427DA23C0C5A1B1E7A11"]
)
def test_our_own_key_matches_however_it_is_printed_and_whatever_is_hidden(shown):
    key = "7f9c2ba4-e88f-427d-a23c-0c5a1b1e7a11"
    ours = GatewayPayout(
        derived_id("a"), key, PayoutState.UNKNOWN, 5_000, "254712345678", None, None, NOON
    )
    line = StatementLine(
        LineKind.PAYMENT, "R1", 5_000, NOON + timedelta(hours=9), "2547******678", shown
    )
    found = reconcile([ours], [line])
    assert [f.kind for f in found.findings] == [DifferenceKind.PAID_OPEN_HERE]
    assert found.matches == {"R1": ours.id}


def test_the_balance_equation_comes_out_to_the_minor_unit_or_says_by_how_much():
    lines = [
        StatementLine(LineKind.TOP_UP, "T1", 100_000, NOON, balance_minor=150_000),
        StatementLine(LineKind.PAYMENT, "R1", 3_000, NOON, balance_minor=147_000),
        StatementLine(LineKind.FEE, "R1", 500, NOON, balance_minor=146_500),
        StatementLine(LineKind.REVERSAL, "Z1", 3_000, NOON, of="R1", balance_minor=149_500),
    ]
    booked = {
        Code.FLOAT_TOP_UP: 100_000,
        Code.SETTLE: 3_000,
        Code.CHARGE: 700,
        Code.CHARGE_BACK: 200,
        Code.REVERSED: 3_000,
    }
    found = equation(lines, booked, 50_000)
    assert (found.opening_minor, found.closing_minor, found.difference_minor, found.gap_minor) == (
        50_000, 149_500, 0, 0,
    )  # fmt: skip
    assert equation(lines, {**booked, Code.SETTLE: 2_999}, 50_001).difference_minor == -1
    assert equation(lines, booked, 50_001).gap_minor == -1
    assert equation([replace(x, balance_minor=None) for x in lines], booked, None) is None


def test_an_export_that_begins_with_the_newest_is_read_from_the_oldest_on():
    head, columns, *rows = PORTAL.strip().split("\n")
    turned = "\n".join([head, columns, *rows[::-1]])
    assert [x.receipt for x in read_statement(turned)] == ["FLT1", "SIM1", "SIM1", "REV1"]


PORTAL = """Organization: GATEWAY
Receipt No.,Completion Time,Initiation Time,Details,Transaction Status,Paid In,Withdrawn,Balance,Balance Confirmed,Reason Type,Other Party Info,Linked Transaction ID,A/C No.
FLT1,21-11-2026 08:00:00,21-11-2026 08:00:00,Float top-up,Completed,"1,000.00",,"1,000.00",true,,,,
SIM1,21-11-2026 15:00:00,21-11-2026 14:59:58,Business Payment to Customer to 254712345678 - A B,Completed,,-30.00,970.00,true,,254712345678 - A B,,
SIM1,21-11-2026 15:00:00,21-11-2026 14:59:58,Business Payment to Customer Charge,Completed,,-5.00,965.00,true,,,,
SIM2,21-11-2026 15:01:00,21-11-2026 14:59:58,Business Payment to Customer to 254712345678 - A B,Declined,,-40.00,965.00,true,,254712345678 - A B,,
REV1,22-11-2026 09:00:00,22-11-2026 09:00:00,Reversal of SIM1,Completed,30.00,,995.00,true,,,SIM1,
"""


def test_the_portals_export_is_read_fees_reversals_and_all():
    lines = read_statement(PORTAL)
    assert [(x.kind, x.receipt, x.amount_minor) for x in lines] == [
        (LineKind.TOP_UP, "FLT1", 100_000), (LineKind.PAYMENT, "SIM1", 3_000), (LineKind.FEE, "SIM1", 500),
        (LineKind.REVERSAL, "REV1", 3_000),
    ]  # fmt: skip
    assert lines[1].at == datetime(2026, 11, 21, 11, 59, 58, tzinfo=UTC)
    assert (lines[1].number, lines[3].of) == ("254712345678", "SIM1")


def test_the_portals_hidden_digits_are_kept_as_hidden_and_our_key_is_read_wherever_it_stands():
    key = "7f9c2ba4-e88f-427d-a23c-0c5a1b1e7a11"
    masked = PORTAL.replace("254712345678 - A B,,", "2547******678 - A B,,").replace(
        "to 254712345678 - A B,Completed", f"for {key},Completed"
    )
    assert (read_statement(masked)[1].number, read_statement(masked)[1].key) == (
        "2547******678",
        key,
    )


OTHERS = {
    "airtel": (
        {"receipt": "Airtel Id", "at": "Date", "amount": "Amount", "key": "Reference", "number": "Payee", "balance": "Balance",
         "kind": "Service", "payment": "B2C", "time": "%d/%m/%Y %H:%M", "zone": "Africa/Nairobi"},
        ("Airtel Id,Date,Amount,Reference,Payee,Balance,Service\n"
        "MP1,21/11/2026 15:00,-50,7f9c2ba4e88f427da23c0c5a1b1e7a11,733***678,950,B2C\n"
        "MP2,21/11/2026 15:05,1000,,,1950,Deposit\n"),
    ),
    "pawapay": (
        {"receipt": "Transaction ID", "at": "Creation Date", "amount": "Amount", "key": "Transaction ID", "kind": "Type",
         "payment": "PAYOUT", "number": "MSISDN", "signed": False},
        ("Creation Date,MSISDN,Transaction ID,Amount,Currency,Country,MNO,Type\n"
        "2026-11-21T12:00:00,254733123678,7f9c2ba4-e88f-427d-a23c-0c5a1b1e7a11,50,KES,KEN,AIRTEL_KEN,PAYOUT\n"
        "2026-11-21T12:05:00,,b2,1000,KES,KEN,,DEPOSIT\n"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", OTHERS)
def test_other_operators_statements_are_read_by_the_columns_that_are_named(name):
    columns, text = OTHERS[name]
    payment, top_up = statement_csv.lines(text, statement_csv.Columns(**columns), "KES")
    assert (payment.kind, payment.amount_minor, payment.at) == (LineKind.PAYMENT, 5_000, NOON)
    assert payment.key.replace("-", "") == "7f9c2ba4e88f427da23c0c5a1b1e7a11"
    assert (top_up.kind, top_up.amount_minor) == (LineKind.TOP_UP, 100_000)
    ours = GatewayPayout(
        derived_id("a"), "7f9c2ba4-e88f-427d-a23c-0c5a1b1e7a11", PayoutState.PAID, 5_000, "254733123678", "BEHIND", None, NOON
    )  # fmt: skip
    kinds = [f.kind for f in reconcile([ours], [payment]).findings]
    assert kinds == ([] if name == "pawapay" else [DifferenceKind.SECOND_RECEIPT])


def test_an_undocumented_statement_is_refused_with_what_to_do():
    with pytest.raises(Refused, match="statement_columns"):
        statement_csv.lines("a,b", None, "KES")


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "a,b\n1,2",
        PORTAL.replace("-30.00", "thirty"),
        PORTAL.replace("21-11-2026 15:00:00", "yesterday"),
    ],
)
def test_what_is_no_statement_is_refused_with_its_row(bad):
    with pytest.raises(Refused):
        read_statement(bad)
