"""The entries of Africa's Talking that can be read without a gateway.

They are sending, reports, messages, airtime and networks.
"""

import json
from urllib.parse import parse_qsl

from gateway.base.net.outbound import HttpReply
from gateway.payments.port import Order, PaymentStatus, SubmitOutcome, Validates
from gateway.payments.providers import africastalking_airtime
from gateway.settings import Settings
from gateway.sms.channels import africastalking
from gateway.sms.channels.africastalking.answers import understood as read
from gateway.sms.port import Delivery, Hint, OutboundSms, SendStatus
from gateway.ussd.channels import africastalking as ussd
from tests.system.entries.book import Book

book = Book()
AT = "africastalking_docs"
AMINA = "+254711000001"


def channel(**options):
    return africastalking.make(
        "at", {"username": "prod", "api_key": "<key>", "sender": "X"} | options
    )


def form(body):
    return dict(parse_qsl(body, keep_blank_values=True))


# --- sending ---


@book.entry(f"{AT}.send.live", f"{AT}.send.sandbox")
def posts_to(key, value):
    username = "sandbox" if key == "sandbox" else "prod"
    assert f"POST {channel(username=username)._url}" == value


@book.entry(f"{AT}.send.headers.*")
def sends_header(key, value):
    assert channel().headers()[key] == value


@book.entry(f"{AT}.send.form_seen_from_sdk_2_0_3")
def sends_the_sdks_form(_, value):
    call = [OutboundSms("k", "+254711000000", "hi")]
    assert sorted(channel().body(call).decode().split("&")) == sorted(value.split("&"))


@book.entry(f"{AT}.send.http_success")
def is_created(_, value):
    body = {"SMSMessageData": {"Recipients": [{"number": AMINA, "status": "Success"}]}}
    assert understood(body, value).outcome is SendStatus.ACCEPTED


def understood(body, status=201):
    call = [OutboundSms("k", AMINA, "hi")]
    (sent,) = read(call, status, json.dumps(body).encode())
    return sent


REPLIES = {
    "accepted": (SendStatus.ACCEPTED, None, "ATPid_SampleTxnId123", 800_000),
    "nothing accepted: Recipients empty, reason in Message": (SendStatus.REFUSED, None, None, None),
    "Nigeria promotional outside 08-20": (SendStatus.RETRY, Hint.MORNING, None, 0),
}


@book.entry(f"{AT}.send.replies.*")
def understands_the_reply(_, value):
    status = 409 if "409" in str(value.get("status")) else 201
    for http in (status, 201):  # the name counts, whatever HTTP says beside it
        sent = understood(value["body"], http)
        assert (sent.outcome, sent.hint, sent.provider_id, sent.cost_micro) == REPLIES[
            value["what"]
        ]


MEANINGS = {
    "accepted": (SendStatus.ACCEPTED, None, False),
    "final": (SendStatus.REFUSED, None, False),
    "final/config": (SendStatus.REFUSED, None, False),
    "final or other channel": (SendStatus.REFUSED, None, False),
    "final + opt-out": (SendStatus.REFUSED, None, True),
    "pause channel, retry after top-up": (SendStatus.RETRY, Hint.PAUSE, False),
    # never this way: another route, or none
    "retry other channel": (SendStatus.REFUSED, Hint.REROUTE, False),
    "defer to 08:00 local": (SendStatus.RETRY, Hint.MORNING, False),
    "retry, outcome unknown": (SendStatus.UNKNOWN, None, False),
}  # fmt: skip


@book.entry(f"{AT}.status_codes.*")
def knows_the_code(key, value):
    name, meaning = value
    for said in (
        {"statusCode": int(key), "status": name},
        {"statusCode": int(key)},
        {"status": name},
    ):
        sent = understood({"SMSMessageData": {"Recipients": [{"number": AMINA, **said}]}})
        assert (sent.outcome, sent.hint, sent.opted_out) == MEANINGS[meaning]


# --- reports, opt-outs, messages: their fields ---


@book.entry(f"{AT}.dlr.fields", f"{AT}.inbound.fields", f"{AT}.opt_out.fields", f"{AT}.subscription.fields",
            f"{AT}.ussd.fields", f"{AT}.ussd.end_notification.fields")  # fmt: skip
def reads_a_form_of_these_fields(_, value):
    """Read a form with all of them, and without those that may be absent."""
    names = [name.split(" ")[0] for name in value]
    said = {"phoneNumber": AMINA, "from": AMINA, "updateType": "addition"}
    whole = {name.rstrip("?"): said.get(name, "1") for name in names}
    least = {name: said.get(name, "1") for name in names if not name.endswith("?")}
    parse = {
        "id,status": channel().parse_receipt,
        "date,from": channel().parse_sms,
        "senderId,phoneNumber": channel().parse_opt_out,
        "phoneNumber,shortCode": channel().parse_subscription,
        "sessionId,phoneNumber": ussd.make("at", {"service_code": "*1#"}).parse_step,
        "date,sessionId": ussd.make("at", {"service_code": "*1#"}).parse_end,
    }[",".join(names[:2])]
    for given in (whole, least):
        assert parse(given) is not None


DELIVERIES = {
    "sent": {Delivery.SENT, Delivery.BUFFERED},
    "delivered (final)": {Delivery.DELIVERED},
    "failed (final)": {Delivery.FAILED},
    "failed: telco discarded": {Delivery.FAILED},
    "not delivered: SIM unreachable": {Delivery.AWAY},
}


@book.entry(f"{AT}.dlr.status.*")
def knows_the_report(key, value):
    for written in (key, key.upper()):
        report = channel().parse_receipt({"id": "1", "status": written})
        assert report.delivery in DELIVERIES[value]
        assert report.raw_status == written


@book.entry(f"{AT}.dlr.failureReason.*")
def keeps_the_reason(_, value):
    spelt = [word for word in value.replace("(", " ").split() if word[0].isupper()]
    for reason in spelt:
        report = channel().parse_receipt({"id": "1", "status": "Failed", "failureReason": reason})
        assert (report.delivery, report.reason) == (Delivery.FAILED, reason)
        assert report.opted_out is (reason == "UserInBlackList")


# --- USSD ---


@book.entry(f"{AT}.ussd.response")
def answers_con_or_end(_, __):
    made = ussd.make("at", {"service_code": "*1#"})
    for text in ("Hello", " \n Hello", "", "CON"):
        for end, word in ((False, b"CON "), (True, b"END ")):
            body = made.render(text, end=end, form={}).body
            assert body.startswith(word) and len(body) > len(word)


@book.entry(f"{AT}.ussd.deadline_s")
def answers_before_the_deadline(_, value):
    assert Settings().ussd_answer_s < value
    assert max(item.le for item in Settings.model_fields["ussd_answer_s"].metadata if hasattr(item, "le")) < value  # fmt: skip


@book.entry(f"{AT}.network_codes.*")
def knows_how_long_a_screen_is_on(key, _):
    made = ussd.make("at", {"service_code": "*1#"})
    step = made.parse_step({"sessionId": "s", "phoneNumber": AMINA, "networkCode": key})
    assert step.network == key
    network = made.network(step.network)
    assert 80 <= network.screen_septets <= 182
    assert network.idle_s < network.total_s
    sms = channel().parse_sms({"id": "1", "from": AMINA, "to": "1", "text": "", "networkCode": key})
    assert sms.network == key


# --- airtime ---


def airtime():
    options = {"username": "u", "api_key": "k", "currency": "KES", "minimum": 10, "maximum": 5000}
    return africastalking_airtime.make("airtime", options, None)


@book.entry(f"{AT}.airtime.send")
def sends_airtime_as_the_sdk(_, value):
    sent = africastalking_airtime.send_form("u", Order("k", AMINA, 10_00, "KES", "", "", ""))
    (recipient,) = json.loads(sent["recipients"])
    assert recipient == {"phoneNumber": AMINA, "amount": "KES 10"}
    assert all(word in value for word in ("/version1/airtime/send", *sent, *recipient, "KES 10"))


@book.entry(f"{AT}.airtime.response")
def takes_sent_for_sent_and_not_for_paid(_, value):
    answer = africastalking_airtime._judged(HttpReply(201, json.dumps(value).encode()))
    assert answer.outcome is SubmitOutcome.ACCEPTED
    assert answer.reference == value["responses"][0]["requestId"]


@book.entry(f"{AT}.airtime.validation")
def reads_the_question_whether_we_ordered_it(_, value):
    made = airtime()
    assert isinstance(made, Validates)
    asked = made.parse_validation(json.dumps(value).encode())
    assert (asked.amount_minor, asked.currency) == (500_00, "KES")


@book.entry(f"{AT}.airtime.validation_reply")
def says_that_we_did(_, value):
    assert json.loads(airtime().answer_validation(ours=True)) == value
    assert json.loads(airtime().answer_validation(ours=False)) == {"status": "Failed"}


@book.entry(f"{AT}.airtime.status_callback")
def reads_what_became_of_it(_, value):
    told = airtime().parse_callback(json.dumps(value).encode(), {})
    assert (told.found, told.amount_minor) == (PaymentStatus.PAID, 100_00)
    failed = airtime().parse_callback(json.dumps(value | {"status": "Failed"}).encode(), {})
    assert failed.found is PaymentStatus.FAILED
