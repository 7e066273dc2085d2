"""Recorded callbacks of Daraja, then the same bodies broken in every way."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.payments.port import PaymentStatus, Status
from gateway.payments.providers.mpesa.results import read_callback
from gateway.payments.providers.mpesa.tables import RESULTS, TABLE, ResultMeaning

RECORDED = Path(__file__).parent / "recorded"
BODIES = {p.stem: p.read_bytes() for p in sorted(RECORDED.glob("mpesa_*.json"))}


def read(name: str) -> Status:
    return read_callback(BODIES[name])


def changed(name: str, **changes) -> Status:
    body = json.loads(BODIES[name])
    body["Result"].update(changes)
    return read_callback(json.dumps(body).encode())


def test_a_payment_done():
    assert read("mpesa_b2c_paid") == Status(
        PaymentStatus.PAID,
        "53e3-4aa8-9fe0-8fb5e4092cdd3533373",
        receipt="SG632NMUAB",
        amount_minor=1_000,
        msisdn_tail="254705912645",
        code="0",
        text="The service request is processed successfully.",
        float_minor=895_926_960,
        table=TABLE,
    )


def test_wrong_credentials_pause_the_provider_and_do_not_blame_the_worker():
    seen = read("mpesa_b2c_initiator_wrong")
    assert (seen.found, seen.code, seen.pause_provider) == (PaymentStatus.FAILED, "2001", True)


def test_codes_may_be_text_and_references_a_list():
    seen = read("mpesa_b2c_not_registered")
    assert (seen.found, seen.code, seen.pause_provider) == (PaymentStatus.FAILED, "2040", False)


@pytest.mark.parametrize(
    ("name", "key", "receipt", "amount", "fee"),
    [
        ("mpesa_status_completed", "3211-416020-3", "MBN31H462N", 30_000, 2_240),
        ("mpesa_status_completed_spaced", "19455-773836-1", "LGR919G2AV", 1_000, 3_300),
    ],
)
def test_the_answer_to_a_status_query_tells_the_payouts_own_key_and_the_true_fee(
    name, key, receipt, amount, fee
):
    seen = read(name)
    assert (seen.found, seen.key, seen.receipt) == (PaymentStatus.PAID, key, receipt)
    assert (seen.amount_minor, seen.fee_minor) == (amount, fee)
    assert (
        seen.msisdn_tail == "254708374149"
    )  # not the shortcode, which has the same name in one of them


def test_a_declined_payment_failed_and_has_no_code_of_its_own():
    seen = read("mpesa_status_declined")
    assert (seen.found, seen.key, seen.code) == (PaymentStatus.FAILED, "3211-416020-3", "")


@pytest.mark.parametrize(
    ("reason", "code", "pause"),
    [
        ("2040 - not registered", "2040", False),
        ("1 - no funds", "1", True),
        ("17 - later", "", False),
    ],
)
def test_a_failed_payment_may_say_why_in_its_reason(reason, code, pause):
    pairs = [
        {"Key": "TransactionStatus", "Value": "Failed"},
        {"Key": "TransactionReason", "Value": reason},
    ]
    seen = changed("mpesa_status_completed", ResultParameters={"ResultParameter": pairs})
    assert (seen.found, seen.code, seen.pause_provider) == (PaymentStatus.FAILED, code, pause)


def test_not_found():
    assert read("mpesa_status_not_found").found is PaymentStatus.NOT_FOUND


def test_the_balance_is_the_utility_accounts():
    seen = read("mpesa_balance")
    assert (seen.found, seen.float_minor) == (PaymentStatus.NO_ANSWER, 22_803_700)
    assert (seen.float_minor, seen.owed_minor) == (228_037_00, 1_540_00)
    assert (seen.found, seen.pause_provider) == (PaymentStatus.NO_ANSWER, False)


@pytest.mark.parametrize(
    "accounts",
    [
        "Working Account|KES|700000.00|700000.00|0.00|0.00",  # not the one that pays
        "Utility Account|USD|5.00|5.00|0.00|0.00",
        "Utility Account|KES",
        "Utility Account|KES|lots|lots|0|0",
        "Utility Account|KES|-5.00|-5.00|0.00|0.00",
        "",
    ],
)
def test_a_balance_that_is_none_tells_nothing(accounts):
    body = {"Result": {"ResultType": 0, "ResultCode": 0, "ResultParameters": {
        "ResultParameter": [{"Key": "AccountBalance", "Value": accounts}]}}}  # fmt: skip
    seen = read_callback(json.dumps(body).encode())
    assert (seen.found, seen.float_minor) == (PaymentStatus.NO_ANSWER, None)


def test_our_own_request_sent_back_says_only_that_the_wait_timed_out():
    seen = read("mpesa_timeout_echo")
    assert (seen.found, seen.key, seen.code) == (
        PaymentStatus.NO_ANSWER,
        "600997_Test_32et3241ed8yu",
        "timeout",
    )


def test_a_question_that_fails_is_not_a_payment_that_fails():
    seen = changed("mpesa_status_not_found", ResultCode=2001)
    assert (seen.found, seen.pause_provider) == (PaymentStatus.NO_ANSWER, True)


@pytest.mark.parametrize(
    "code", [c for c, v in RESULTS.items() if v is ResultMeaning.OPEN] + ["4711", None]
)
def test_what_is_never_final_or_not_in_the_table_decides_nothing(code):
    assert changed("mpesa_b2c_not_registered", ResultCode=code).found is PaymentStatus.NO_ANSWER


def test_a_result_type_other_than_zero_decides_nothing():
    assert changed("mpesa_b2c_not_registered", ResultType=1).found is PaymentStatus.NO_ANSWER


def test_a_success_without_an_amount_decides_nothing():
    assert changed("mpesa_b2c_paid", ResultParameters=None).found is PaymentStatus.NO_ANSWER


def test_completed_under_an_error_code_decides_nothing():
    assert changed("mpesa_status_completed", ResultCode=17).found is PaymentStatus.NO_ANSWER


@pytest.mark.parametrize("status", ["Initiated", "Authorized", "Pending Authorized"])
def test_what_is_on_its_way_is_pending(status):
    pairs = [{"Key": "TransactionStatus", "Value": status}]
    seen = changed("mpesa_status_completed", ResultParameters={"ResultParameter": pairs})
    assert seen.found is PaymentStatus.PENDING


def test_parameters_may_be_one_object_or_a_bare_list():
    one = {"Key": "TransactionStatus", "Value": "Declined"}
    for shape in ({"ResultParameter": one}, [one], one):
        assert (
            changed("mpesa_status_completed", ResultParameters=shape).found is PaymentStatus.FAILED
        )


@pytest.mark.parametrize(
    "body", [b"", b"null", b"[]", b"{}", b"<html>", b"\xff\xfe", b"[" * 5_000, b'{"Result":5}']
)
def test_what_is_no_result_is_kept_as_text(body):
    seen = read_callback(body)
    assert seen.found is PaymentStatus.NO_ANSWER
    assert seen.text == body[:1_000].decode("utf-8", "replace")


JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=9)
    | st.sampled_from(["0", 0, "Completed", "9" * 400, "1e999999999", "KES|", -0.0]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=5,
)


def places(node, path=()):
    """Every place in a JSON value."""
    yield path
    pairs = (
        node.items()
        if isinstance(node, dict)
        else enumerate(node)
        if isinstance(node, list)
        else ()
    )
    for key, inner in pairs:
        yield from places(inner, (*path, key))


def replaced(node, path, junk):
    if not path:
        return junk
    copy = dict(node) if isinstance(node, dict) else list(node)
    copy[path[0]] = replaced(node[path[0]], path[1:], junk)
    return copy


@settings(max_examples=1_200, deadline=None)
@given(st.sampled_from(sorted(BODIES)), st.data())
def test_no_broken_shape_raises(name, data):
    body = json.loads(BODIES[name])
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from(sorted(places(body), key=str)))
        body = replaced(body, path, data.draw(JUNK))
        if not isinstance(body, dict | list):
            break
    seen = read_callback(json.dumps(body).encode())
    assert isinstance(seen, Status)
    assert seen.found is not PaymentStatus.PAID or seen.amount_minor is not None or "status" in name


@settings(max_examples=1_200, deadline=None)
@given(st.sampled_from(sorted(BODIES)), st.data())
def test_no_broken_bytes_raise(name, data):
    body = bytearray(BODIES[name])
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(body)))
        cut = data.draw(st.integers(0, 20))
        body[at : at + cut] = data.draw(st.binary(max_size=6))
    assert isinstance(read_callback(bytes(body)), Status)
