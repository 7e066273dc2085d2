"""Africa's Talking USSD against recorded bodies."""

import json
from pathlib import Path
from urllib.parse import parse_qsl

import pytest

from gateway.ussd.channels import africastalking

RECORDED = json.loads(
    (Path(__file__).parents[1] / "support" / "recorded" / "africastalking.json").read_text()
)
CHANNEL = africastalking.make("at", {"service_code": "*384*123#"})


def form(body):
    return dict(parse_qsl(body, keep_blank_values=True))


@pytest.mark.parametrize("body", RECORDED["ussd_steps"])
def test_a_step_is_its_session_and_its_whole_transcript(body):
    step = CHANNEL.parse_step(form(body))
    assert step.transcript == body.rpartition("text=")[2]
    assert (step.session, step.msisdn, step.network) == ("ATUid_1", "+254711000001", "63902")
    assert step.service_code == "*384*123#"


def test_a_first_step_whose_blank_text_was_dropped_is_a_first_step():
    assert CHANNEL.parse_step(dict(parse_qsl(RECORDED["ussd_steps"][0]))).transcript == ""


def test_a_plus_that_came_as_a_blank_is_put_back():
    assert (
        CHANNEL.parse_step({"sessionId": "s", "phoneNumber": " 254711000001"}).msisdn
        == "+254711000001"
    )


def test_the_end_of_a_session():
    given = form(RECORDED["ussd_end"])
    end = CHANNEL.parse_end(given)
    assert (end.session, end.msisdn, end.completed, end.cost_minor) == (
        "ATUid_1",
        "+254711000001",
        False,
        10,
    )
    assert CHANNEL.parse_end(given | {"status": "Success"}).completed
    assert not CHANNEL.parse_end(given | {"status": "Failed", "errorMessage": "timeout"}).completed
    assert not CHANNEL.parse_end(given | {"status": "Brandnew"}).completed


def test_render():
    assert CHANNEL.render("Karibu\n1 Kazi", end=False, form={}).body == b"CON Karibu\n1 Kazi"
    assert CHANNEL.render(" \n", end=True, form={}).body == b"END ."


def test_budgets_follow_the_network():
    assert [CHANNEL.network(code).screen_septets for code in ("63902", "63903", "64110", None)] == [
        160,
        182,
        160,
        160,
    ]
