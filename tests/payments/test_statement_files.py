"""Statements as operators' portals and spreadsheets write them.

Every amount is what it says, or its row is refused.
"""

import io

import openpyxl
import pytest

from gateway.base.errors import Refused
from gateway.payments.providers.mpesa.statement import read_statement
from gateway.payments.reconciliation.reconcile import LineKind
from gateway.payments.reconciliation.statement_csv import Columns, lines

NAMED = Columns(
    receipt="Transaction ID", at="Date", amount="Amount", fee="Charge", number="Payee", kind="Service",
    payment="B2C", time="%d/%m/%Y %H:%M", zone="Africa/Nairobi",
)  # fmt: skip
HEADER = "Transaction ID;Date;Service;Payee;Amount;Charge"
SPARSE = "E1;30/11/2026 10:05;B2C;254711000015;-20;0;;"
MPESA = "Receipt No.,Completion Time,Initiation Time,Details,Transaction Status,Paid In,Withdrawn,Balance,Other Party Info,Linked Transaction ID"


def amounts(*rows, currency="KES", mark=";", header=HEADER):
    text = "\n".join([header, *rows]).replace(";", mark)
    return [(x.kind, x.amount_minor) for x in lines(text.encode(), NAMED, currency)]


def test_decimal_commas_of_a_spreadsheet():
    found = amounts(
        "A1;30/11/2026 10:00;B2C;254711000015;-20,00;5,00",
        "T1;30/11/2026 09:00;Deposit;;5000,00;",
    )
    assert found == [
        (LineKind.PAYMENT, 2_000),
        (LineKind.FEE, 500),
        (LineKind.TOP_UP, 500_000),
    ]


def test_one_value_with_a_decimal_comma_tells_of_the_others():
    rows = ("A1;30/11/2026 10:00;B2C;254711000015;-1.000;0", "A2;30/11/2026 10:00;B2C;254711000015;-20,50;0")  # fmt: skip
    assert [minor for _, minor in amounts(*rows)] == [100_000, 2_050]


@pytest.mark.parametrize("written", ["-1.000", "-1,000", "(1.000)"])
def test_an_amount_that_may_be_two_is_refused_by_row_and_column(written):
    with pytest.raises(Refused, match=r"row 2, column Amount: .* may be 1,000 or 1\.000 KES"):
        amounts(f"A1;30/11/2026 10:00;B2C;254711000015;{written};0")


def test_two_decimal_marks_in_one_file_are_refused():
    rows = ("A1;30/11/2026 10:00;B2C;;-20,00;0", "A2;30/11/2026 10:00;B2C;;-20.50;0")
    with pytest.raises(Refused, match="two decimal marks"):
        amounts(*rows)


@pytest.mark.parametrize("currency", ["UGX", "XOF"])
def test_thousands_of_a_currency_without_cents(currency):
    row = "A1;30/11/2026 10:00;B2C;256772123456;-5.000;0"
    assert amounts(row, currency=currency) == [(LineKind.PAYMENT, 5_000)]
    with pytest.raises(Refused, match=r"may be 5,000 or 5\.000"):
        amounts(row, currency=currency, mark="\t")


@pytest.mark.parametrize("mark", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_empty_rows_and_columns_any_case_and_encoding(mark, encoding):
    rows = ("sep=;", "transaction id ;DATE;Service;Payee;Amount;Charge;;", SPARSE, ";;;;;;;", "")
    text = "\n".join(rows).replace(";", mark)
    (line,) = lines(text.encode(encoding), NAMED, "KES")
    assert (line.receipt, line.amount_minor, line.number) == ("E1", 2_000, "254711000015")


def test_a_statement_as_xlsx():
    book = openpyxl.Workbook()
    for row in (
        HEADER.split(";"),
        ["A1", "30/11/2026 10:00", "B2C", 254711000015.0, -1000, 5.5],
        ["T1", "30/11/2026 09:00", "Deposit", None, 1000.25, None],
    ):
        book.active.append(row)
    file = io.BytesIO()
    book.save(file)
    found = lines(file.getvalue(), NAMED, "KES")
    assert [(x.amount_minor, x.number) for x in found] == [(100_000, "254711000015"), (550, ""), (100_025, "")]  # fmt: skip


@pytest.mark.parametrize("mark", [",", ";", "\t"])
@pytest.mark.parametrize("at", ["30-11-2026 10:00:00", "30/11/2026 10:00", "2026-11-30 10:00:00"])
def test_m_pesa_s_export_after_a_spreadsheet(mark, at):
    text = f'{MPESA}\nTKL4AB12CD,{at},{at},Business Payment to Customer via API.,Completed,,"-1000.00",99000.00,254700000000 - A B,\n,,,,,,,,,\n'  # fmt: skip
    (line,) = read_statement(text.replace(",", mark))
    assert (line.receipt, line.amount_minor, line.balance_minor) == ("TKL4AB12CD", 100_000, 9_900_000)  # fmt: skip
    assert line.at is not None
    assert line.at.isoformat() == "2026-11-30T07:00:00+00:00"


def test_m_pesa_s_thousands_are_read_beside_its_cents():
    text = f'{MPESA}\nT1,30-11-2026 10:00:00,,Business Payment to Customer,Completed,,"-1,000","99,000.00",254700000000 - A B,\n'  # fmt: skip
    assert read_statement(text)[0].amount_minor == 100_000
    alone = text.replace('"99,000.00"', '"99,000"')
    with pytest.raises(Refused, match=r"row 2, column Withdrawn: .*may be"):
        read_statement(alone)
