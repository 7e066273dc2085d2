"""The times of statements as portals and spreadsheets write them: one reader for every importer."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.base.errors import Refused
from gateway.base.forms.dates import day_order, stamp
from gateway.payments.providers.mpesa.statement import read_statement
from gateway.payments.reconciliation.statement_csv import Columns, lines

AT = datetime(2026, 11, 21, 13, 34, 32, tzinfo=UTC)
EARLY, LATE = datetime(2001, 1, 2), datetime(2099, 12, 30)  # noqa: DTZ001  # as written, without a zone
MINUTE = AT.replace(second=0)
WRITTEN = {
    "2026-11-21 16:34:32": AT, "2026-11-21T16:34:32+03:00": AT, "2026-11-21T13:34:32Z": AT, "2026-11-21T13:34:32.000+0000": AT,
    "21/11/2026 16:34:32": AT, "21-11-2026 16:34:32": AT, "21.11.2026 16:34:32": AT, "11/21/2026 04:34:32 PM": AT,
    "21/11/2026 16:34": MINUTE, "21-11-2026 4:34 PM": MINUTE, "2026/11/21 16:34:32": AT, "21-Nov-2026 16:34:32": AT,
    "21 Nov 2026 16:34": MINUTE, "Nov 21, 2026 4:34:32 PM": AT, "Sat, 21 Nov 2026 16:34:32 +0300": AT,
    "20261121163432": AT, "1795268072": AT, "1795268072000": AT,
}  # fmt: skip
NAMED = Columns(receipt="Id", at="Date", amount="Amount", zone="Africa/Nairobi")


def table(*times, separator=";"):
    rows = [f"R{n}{separator}{time}{separator}-{n + 1}" for n, time in enumerate(times)]
    return separator.join(("Id", "Date", "Amount")).encode() + b"\n" + "\n".join(rows).encode()  # fmt: skip


def mpesa(*times):
    head = "Receipt No.,Completion Time,Details,Transaction Status,Paid In,Withdrawn,Balance"
    rows = [f"R{n},{time},Business Payment to Customer,Completed,,-{n + 1}.00," for n, time in enumerate(times)]  # fmt: skip
    return "\n".join([head, *rows]).encode()


@pytest.mark.parametrize("written", WRITTEN, ids=str)
def test_every_usual_way_is_read_without_a_setting(written):
    (line,) = lines(table(written), NAMED, "KES")
    assert line.at == WRITTEN[written]


@pytest.mark.parametrize("written", [w for w in WRITTEN if "," not in w], ids=str)
def test_mpesa_reads_them_alike(written):
    (line,) = read_statement(mpesa(written))
    assert line.at == WRITTEN[written]


def test_one_date_of_the_file_tells_the_order_of_the_others():
    day = lines(table("05/06/2026 10:00", "21/06/2026 10:00"), NAMED, "KES")
    month = lines(table("05/06/2026 10:00", "06/21/2026 10:00"), NAMED, "KES")
    assert [line.at.month for line in day] == [6, 6]
    assert [(line.at.month, line.at.day) for line in month] == [(5, 6), (6, 21)]


def test_a_date_that_could_be_two_days_is_refused_with_its_row_and_the_way_out():
    with pytest.raises(Refused, match=r"row 2, column Date: '05/06/2026 10:00' may have the day or the month first.*`time`"):  # fmt: skip
        lines(table("05/06/2026 10:00"), NAMED, "KES")
    told = Columns(**{**NAMED.model_dump(), "time": "%m/%d/%Y %H:%M"})
    (line,) = lines(table("05/06/2026 10:00"), told, "KES")
    assert (line.at.month, line.at.day) == (5, 6)


def test_kenyas_portal_writes_the_day_first():
    (line,) = read_statement(mpesa("05/06/2026 10:00"))
    assert (line.at.month, line.at.day) == (6, 5)


def test_a_file_with_two_orders_is_refused():
    with pytest.raises(Refused, match="two orders: '21/06/2026' and '06/22/2026'"):
        lines(table("21/06/2026", "06/22/2026"), NAMED, "KES")


@pytest.mark.parametrize("written", ["", "yesterday", "32/11/2026 10:00", "2026-13-01", "10:00"])
def test_what_is_no_time_is_refused_with_its_row(written):
    with pytest.raises(Refused, match=r"row 2, column Date: .* is not a time"):
        lines(table(written), NAMED, "KES")


@given(st.datetimes(min_value=EARLY, max_value=LATE), st.sampled_from("/-."))
def test_no_date_is_ever_read_as_another_day(at, mark):
    """Written day first, and read with the order that is known or proven, it is the same day."""
    written = at.strftime(f"%d{mark}%m{mark}%Y %H:%M:%S")
    found = stamp(written, day_first=True)
    assert found is not None
    assert found.at == at.replace(microsecond=0, tzinfo=UTC)
    unknown = stamp(written)
    assert unknown is None or mark != "/" or unknown.at == found.at
    if at.day > 12:
        assert day_order([written, "01/02/2020"]) is True
