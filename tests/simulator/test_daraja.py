"""The operator keeps to Daraja's documented forms, and to its own books."""

import csv
import io
import json
import sqlite3

import pytest

from gateway.simulator.operators.daraja import DarajaTerms
from gateway.simulator.operators.daraja_books import DarajaBooks
from gateway.simulator.operators.tariff import fee_minor


async def test_a_token_is_given_for_a_basic_login(business):
    status, body = await business.sign_in()
    assert status == 200
    assert body["expires_in"] == "3599"
    assert len(body["access_token"]) == 28


async def test_each_new_token_ends_the_one_before(business):
    await business.sign_in()
    first = business.token
    await business.sign_in()
    business.token = first
    status, body = await business.pay("k1")
    assert (status, body["errorCode"]) == (401, "401.002.01")
    await business.sign_in()
    assert (await business.pay("k1"))[0] == 200


async def test_a_token_of_another_business_stays_good(business, operators):
    await business.sign_in()
    operators.daraja._new_token("somebody else")
    assert (await business.pay("k1"))[0] == 200


async def test_an_old_token_is_refused(business, operators):
    operators.daraja.terms = DarajaTerms(token_life_s=-1)
    await business.sign_in()
    status, body = await business.pay("k1")
    assert (status, body["errorCode"]) == (401, "401.002.01")


async def test_a_login_that_is_none_is_refused(business, operators):
    status, body = await business.sign_in(grant="password")
    assert (status, body["errorCode"]) == (400, "400.008.02")
    operators.daraja.terms = DarajaTerms(consumer_key="another")
    status, body = await business.sign_in()
    assert (status, body["errorCode"]) == (400, "400.008.01")


async def test_a_payment_is_acknowledged_then_made_then_told(business, gateway):
    status, ack = await business.pay("600997_Test_32et3241ed8yu")
    conversation = ack.pop("ConversationID")
    assert status == 200
    assert conversation.startswith("AG_20")
    assert ack == {
        "OriginatorConversationID": "600997_Test_32et3241ed8yu",
        "ResponseCode": "0",
        "ResponseDescription": "Accept the service request successfully.",
    }
    books = await business.books()
    assert (books["paid_minor"], books["payouts"], books["duplicates"]) == (10300, 1, 0)
    assert books["consistent"]
    (told,) = gateway.heard
    assert told.path == "/hooks/p/600997_Test_32et3241ed8yu"
    receipt = books["by_key"]["600997_Test_32et3241ed8yu"]["receipt"]
    parameters = told.shown
    when = parameters.pop("TransactionCompletedDateTime")
    assert parameters == {
        "TransactionAmount": 103,
        "TransactionReceipt": receipt,
        "ReceiverPartyPublicName": "254711000001 - BRIAN WANJIKU",
        "B2CUtilityAccountAvailableFunds": 999897.0,
        "B2CWorkingAccountAvailableFunds": 0.0,
        "B2CRecipientIsRegisteredCustomer": "Y",
        "B2CChargesPaidAccountAvailableFunds": -5.0,
    }
    assert len(when) == len("06.07.2024 22:48:52")
    result = {name: value for name, value in told.result.items() if name != "ResultParameters"}
    assert result == {
        "ResultType": 0,
        "ResultCode": 0,
        "ResultDesc": "The service request is processed successfully.",
        "OriginatorConversationID": "600997_Test_32et3241ed8yu",
        "ConversationID": conversation,
        "TransactionID": receipt,
        "ReferenceData": {
            "ReferenceItem": {
                "Key": "QueueTimeoutURL",
                "Value": f"{gateway.url}/hooks/p/timeout-600997_Test_32et3241ed8yu",
            }
        },
    }


async def test_the_same_key_again_pays_nothing(business):
    await business.pay("k1")
    again = await business.pay("k1")
    await business.books()
    later = await business.pay("k1", Amount=200, PartyB="254711000002")
    for status, body in (again, later):
        assert status == 500
        assert body["errorCode"] == "500.002.1001"
        assert body["errorMessage"] == "Duplicate OriginatorConversationID."
        assert body["requestId"]
    books = await business.books()
    assert (books["payouts"], books["duplicates"], books["duplicate_requests"]) == (1, 0, 2)


async def test_equal_payments_with_other_keys_are_both_made(business):
    await business.pay("k1")
    await business.pay("k2")
    assert (await business.books())["paid_minor"] == 20600


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("OriginatorConversationID", None),
        ("OriginatorConversationID", "two words"),
        ("InitiatorName", ""),
        ("SecurityCredential", "not base64!"),
        ("CommandID", "Payment"),
        ("Amount", "abc"),
        ("Amount", 10.6),
        ("Amount", -5),
        ("Amount", 0),
        ("PartyA", "12"),
        ("PartyB", "+254711000001"),
        ("PartyB", "0711000001"),
        ("PartyB", "255711000001"),
        ("Remarks", "x"),
        ("Remarks", "x" * 101),
        ("ResultURL", "somewhere"),
        ("ResultURL", "https://gateway.example/mpesa/result"),
        ("QueueTimeOutURL", None),
        ("Occassion", "x" * 101),
    ],
)
async def test_a_wrong_field_is_named_and_nothing_is_written_down(business, field, value):
    changes = {field: value}
    key = "k1" if field != "OriginatorConversationID" else value
    changes.pop("OriginatorConversationID", None)
    status, body = await business.pay(key, **changes)
    assert (status, body["errorCode"]) == (400, "400.002.02")
    assert body["errorMessage"] == f"Bad Request - Invalid {field}"
    assert (await business.books())["requests"] == 0


async def test_a_body_that_is_not_json_is_refused(business):
    await business.sign_in()
    headers = {"Authorization": f"Bearer {business.token}"}
    url = f"{business.url}/mpesa/b2c/v3/paymentrequest"
    async with business.session.post(url, data=b"<xml/>", headers=headers) as reply:
        assert (reply.status, (await reply.json())["errorCode"]) == (400, "400.002.05")


@pytest.mark.parametrize(
    ("amount", "number", "code"),
    [
        (9, "254711000001", 2),
        (250_001, "254711000001", 3),
        (103, "254711092040", 2040),
        (103, "254711090017", 17),
        (103, "254711090003", "SFC_IC0003"),
        (103, "254711098006", 8006),
    ],
)
async def test_a_payment_that_may_not_be_is_refused_by_its_result(business, gateway, amount, number, code):  # fmt: skip
    status, _ = await business.pay("k1", Amount=amount, PartyB=number)
    books = await business.books()
    (told,) = gateway.heard
    assert status == 200
    assert told.result["ResultCode"] == code
    assert "ResultParameters" not in told.result
    assert (books["paid_minor"], books["refused"]) == (0, 1)


async def test_limits_are_met_exactly(business, gateway):
    for key, amount in (("least", 10), ("most", 250_000), ("rest", 249_990), ("over", 10)):
        await business.pay(key, Amount=amount)
        await business.books()
    codes = {one.result["OriginatorConversationID"]: one.result["ResultCode"] for one in gateway.heard}  # fmt: skip
    assert codes == {"least": 0, "most": 0, "rest": 0, "over": 4}


async def test_an_empty_float_refuses_and_a_top_up_heals(business, gateway):
    assert json.loads(await business.admin("float", {"float_minor": 150_00})) == {
        "float_minor": 150_00
    }
    for key in ("k1", "k2"):
        await business.pay(key, Amount=100)
        await business.books()
    await business.admin("float", {"add_minor": 1000_00})
    await business.pay("k3", Amount=100)
    books = await business.books()
    assert [one.result["ResultCode"] for one in gateway.heard] == [0, 1, 0]
    assert books["float_minor"] == 950_00
    assert books["consistent"]
    assert "say" in await business.admin("float", {"amount": 1})


async def test_a_status_query_is_answered_at_its_own_address(business, gateway):
    await business.pay("k1", Amount=101)
    await business.books()
    status, ack = await business.ask(OriginalConversationID="k1")
    await business.books()
    (told,) = gateway.at("/query")
    assert status == 200
    assert ack["OriginatorConversationID"] == told.result["OriginatorConversationID"] != "k1"
    assert told.shown["TransactionStatus"] == "Completed"
    assert told.shown["OriginatorConversationID"] == "k1"
    assert told.shown["Amount"] == 101
    assert told.shown["DebitPartyCharges"] == "Fee For B2C Payment|KES|5.00"
    assert told.shown["ReceiptNo"] == gateway.at("/k1")[0].result["TransactionID"]
    await business.ask(TransactionID=told.shown["ReceiptNo"])
    await business.books()
    assert gateway.at("/query")[1].shown == told.shown


async def test_a_status_query_knows_pending_failed_and_none(business, gateway, operators):
    operators.daraja.terms = DarajaTerms(result_delay_s=0.2)
    await business.pay("slow")
    await business.pay("bad", PartyB="254711092040")
    operators.daraja.terms = DarajaTerms(result_delay_s=0.0)
    await business.ask(OriginalConversationID="slow")
    await business.ask(OriginalConversationID="none")
    await business.books()
    await business.ask(OriginalConversationID="bad")
    await business.books()
    told = {
        one.shown["OriginatorConversationID"]: one.shown["TransactionStatus"]
        for one in gateway.at("/query")
        if one.result["ResultCode"] == 0
    }
    assert told == {"slow": "Pending", "bad": "Failed"}
    (lost,) = (one.result for one in gateway.at("/query") if one.result["ResultCode"] != 0)
    assert lost["ResultCode"] == 2032
    assert lost["ResultDesc"] == "The transaction receipt number does not exist."


async def test_the_balance_is_told_account_by_account(business, gateway):
    await business.pay("k1")
    await business.books()
    await business.ask("AccountBalance")
    await business.books()
    (told,) = gateway.at("/query")
    accounts = told.shown["AccountBalance"].split("&")
    assert "Utility Account|KES|999897.00|999897.00|0.00|0.00" in accounts
    assert "Charges Paid Account|KES|-5.00|-5.00|0.00|0.00" in accounts


async def test_a_query_with_a_wrong_field_is_refused(business):
    for changes in ({}, {"OriginalConversationID": "k1", "IdentifierType": "1"}):
        status, body = await business.ask(**changes)
        assert (status, body["errorCode"]) == (400, "400.002.02")


async def test_another_credential_is_refused_by_the_result(business, gateway, operators):
    operators.daraja.terms = DarajaTerms(credential="Y29ycmVjdA==", result_delay_s=0)
    await business.pay("k1")
    await business.pay("k2", SecurityCredential="Y29ycmVjdA==")
    await business.books()
    codes = {one.result["OriginatorConversationID"]: one.result["ResultCode"] for one in gateway.heard}  # fmt: skip
    assert codes == {"k1": 2001, "k2": 0}


async def test_a_path_or_method_that_is_not_there(business):
    for method, path, status, code in (
        ("POST", "/mpesa/b2c/v1/paymentrequest", 404, "404.001.01"),
        ("GET", "/mpesa/b2c/v3/paymentrequest", 405, "405.001"),
    ):
        async with business.session.request(method, business.url + path) as reply:
            assert (reply.status, (await reply.json())["errorCode"]) == (status, code)


def test_the_tariff_has_cliffs():
    fees = [fee_minor(kes * 100) for kes in (10, 100, 101, 1500, 1501, 5001, 20_001)]
    assert fees == [0, 0, 500, 500, 900, 1100, 1200]


def test_payments_cannot_be_rewritten_and_receipts_never_repeat():
    books = DarajaBooks(seed=5)
    assert books.accept("k1", "254711000001", 1000, b"", frozenset())
    assert books.execute("k1", magic=True)
    assert books.execute("k1", magic=True) is None
    for statement in ("UPDATE payment SET amount_minor = 1", "DELETE FROM payment"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            books.db.execute(statement)
    assert len({books.receipt(number) for number in range(20_000)}) == 20_000
    books.close()


async def test_the_statement_shows_each_payment_and_the_defects_asked_for(business):
    for n in range(20):
        await business.pay(f"k{n}", Amount=100 + n, PartyB=f"2547110000{n:02}")
    books = await business.books()

    async def lines(**asked):
        return list(csv.DictReader(io.StringIO(await business.admin("statement", asked))))

    true = await lines()
    paid = {entry["receipt"]: entry["paid_minor"] for entry in books["by_key"].values()}
    assert {one["Receipt No."]: -round(float(one["Withdrawn"]) * 100) for one in true} == paid
    assert await lines(day="19990101") == []
    defects = {"missing": 2, "extra": 3, "amount": 1, "duplicate": 4}
    bad = await lines(defects=defects, seed=3)
    receipts = [one["Receipt No."] for one in bad]
    assert len(bad) == 20 - 2 + 3 + 4
    assert len(set(paid) - set(receipts)) == 2
    assert len(set(receipts) - set(paid)) == 3
    assert len(receipts) - len(set(receipts)) == 4
    assert bad == await lines(defects=defects, seed=3)
    assert "no defect" in await business.admin("statement", {"defects": {"x": 1}})
