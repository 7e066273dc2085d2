"""One search of real log files: the whole path of an event, and of a call."""

import json
import re
import urllib.error

import pytest

from tests.console.tree import Tree, eventually

PHONE = "+254711000321"
pytestmark = pytest.mark.timeout(1200)


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """A try-out: real processes, which log into files."""
    running = Tree(tmp_path_factory.mktemp("searched") / "data").start()
    yield running
    running.stop()


def search(tree, words: str) -> list[dict]:
    """Return what `grep WORDS data_dir/logs/*.log` finds.

    Each line comes with the process that wrote it.
    """
    return [
        {**json.loads(line), "process": file.stem}
        for file in sorted((tree.folder / "logs").glob("*.log"))
        for line in file.read_text(errors="replace").splitlines()
        if words in line and line.startswith("{")
    ]


def texts(tree, event_id: str, words: str) -> None:
    form = {"id": event_id, "from": PHONE, "to": "20880", "text": words}
    assert tree.posts("/in/phone/local/sms", **form) == 200


def answered(tree, event_id: str):
    """The line about the reply's sending."""
    return next((line for line in search(tree, event_id) if line["event"] == "messages were answered"), None)  # fmt: skip


def test_an_events_id_finds_the_sms_the_answer_the_reply_and_its_receipt(tree):
    texts(tree, "path-join", "JOIN KIBERA")
    texts(tree, "path-yes", "YES")
    texts(tree, "path-answer", "1")
    line = eventually(lambda: answered(tree, "path-answer"))
    # The id of an event is that of the provider, and what else makes it itself.
    (sent,) = [m for m in line["messages"] if m.get("event_id", "").startswith("path-answer")]
    assert sent["state"] == "accepted"
    receipt = {"id": sent["provider_id"], "status": "delivered"}
    assert tree.posts("/in/phone/local/receipt", **receipt) == 200

    def whole():
        found = search(tree, "path-answer")
        return found if "receipt taken" in {each["event"] for each in found} else None

    found = eventually(whole)
    events = [each["event"] for each in sorted(found, key=lambda each: each["timestamp"])]
    assert events.index("reply written") < events.index("messages are sent")
    assert events.index("messages are sent") < events.index("receipt taken")
    assert "sms heard" in events
    kinds = {re.sub(r"-\d+$", "", each["process"]) for each in found}
    assert {"webhooks", "runner"} <= kinds
    by_event = {each["event"]: each for each in found}
    assert by_event["receipt taken"]["message"] == sent["message"]
    assert by_event["reply decided"]["batch"].startswith("b_"), "an answer names its batch"
    assert not any(PHONE[1:] in json.dumps(each) for each in found)


def test_a_requests_id_finds_all_lines_of_its_call(tree):
    texts(tree, "path-request", "HELP")
    heard = eventually(lambda: search(tree, "path-request"))
    request_id = heard[0]["request_id"]
    events = [line["event"] for line in search(tree, request_id)]
    assert {"sms heard", "reply written"} <= set(events)


def test_a_ussd_step_is_found_by_its_session(tree):
    form = {"session": "path-session", "from": PHONE, "text": ""}
    assert tree.posts("/in/phone/local/ussd", **form) == 200
    (line,) = eventually(lambda: search(tree, "path-session"))
    assert line["event"] == "ussd step answered"
    assert line["request_id"]
    for keys in ("1", "1*1"):
        assert tree.posts("/in/phone/local/ussd", **{**form, "text": keys}) == 200
    steps = eventually(lambda: found if len(found := search(tree, "path-session")) == 3 else None)
    assert any(line.get("batch", "").startswith("b_") for line in steps), "her answer's batch"


def test_a_call_that_is_passed_on_has_one_id_in_both_processes(tree):
    """A stranger's key: the webhook process takes the call, and the client process refuses it."""
    with pytest.raises(urllib.error.HTTPError) as refused:
        tree.ask("/api/v1/account", Authorization="Bearer gw_unknown")
    with refused.value as answer:
        request_id = answer.headers["X-Request-Id"]
    (line,) = eventually(lambda: search(tree, request_id))
    assert (line["event"], line["process"]) == ("an API key is not known", "clients")


def test_a_payouts_reference_finds_its_path(tree):
    """The path leads from the PAY that asked for it to the SMS about the money.

    It goes over the operator.
    """
    for number in range(6):
        texts(tree, f"path-earn-{number}", "1")
    texts(tree, "path-pay", "PAY")
    decided = eventually(lambda: [x for x in search(tree, "path-pay") if x.get("payout")])
    reference = decided[0]["payout"]

    def told():
        found = search(tree, reference)
        sent = [line for line in found if line["event"] == "messages were answered"]
        return found if sent and "provider called back" in {x["event"] for x in found} else None

    events = [line["event"] for line in eventually(told)]
    assert {"reply decided", "payout is sent to its provider"} <= set(events)
