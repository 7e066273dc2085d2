"""The log: one search shows an event's path, and refused calls show where they came from."""

import json
import logging
import sys
from urllib.parse import urlencode

import pytest
import structlog

from gateway.base import logs
from gateway.steps.messages.deliver import deliver
from gateway.steps.turns.catch_up import catch_up
from tests.support.town import FORM


@pytest.fixture
def lines(capsys, monkeypatch):
    before, written = structlog.get_config(), list[str]()
    root, hooks = list(logging.getLogger().handlers), sys.excepthook
    logs.configure("json")
    monkeypatch.setattr(logs, "seldom", logs.LogRateLimit())

    def read():
        written.extend(capsys.readouterr().err.splitlines())
        return [json.loads(line) for line in written]

    yield read
    structlog.configure(**before)
    logging.getLogger().handlers[:] = root
    sys.excepthook = hooks


async def test_an_sms_is_found_by_its_id_in_the_door_and_in_the_job(town, lines):
    form = {"id": "line-1", "from": "+254711000077", "to": "20880", "text": "HELLO"}
    answer = await town.http.post("/in/phone/local/sms", content=urlencode(form), headers=FORM)
    assert answer.status_code == 200
    found = [line for line in lines() if line.get("event_id", "").startswith("line-1@")]
    assert "sms heard" in [line["event"] for line in found]
    assert not any("711000077" in json.dumps(line) for line in lines())


@pytest.mark.parametrize(
    "path",
    [
        "/in/phone/GUESSED-SECRET/sms",
        "/in/nobody/GUESSED-SECRET/sms",
        "/hooks/p/GUESSED-SECRET",
        "/hooks/o/mpesa/GUESSED-SECRET",
    ],
)
async def test_a_guess_at_a_webhook_shows_its_address_and_not_its_secret(town, lines, path):
    answer = await town.http.post(path, content="id=1", headers=FORM)
    assert answer.status_code == 404
    (line,) = [line for line in lines() if line["event"] == "a webhook call is refused"]
    assert line["address"]
    assert "GUESSED-SECRET" not in json.dumps(lines())


async def test_a_wrong_key_shows_its_address_and_not_the_key(town, lines):
    answer = await town.http.get("/api/v1/batches", headers={"Authorization": "Bearer gw_GUESSED"})
    assert answer.status_code == 401
    (line,) = [line for line in lines() if line["event"] == "an API key is not known"]
    assert line["address"]
    assert "gw_GUESSED" not in json.dumps(lines())


async def test_guesses_do_not_flood_the_log(town, lines):
    for number in range(200):
        await town.http.post(f"/in/phone/guess-{number}/sms", content="id=1", headers=FORM)
    refused = [line for line in lines() if line["event"] == "a webhook call is refused"]
    assert 0 < len(refused) <= 30


async def test_an_sms_that_is_stored_first_is_followed_through_the_job_to_its_provider(
    town, lines, configure
):
    configure(walks_at_once=0)
    form = {"id": "line-2", "from": "+254711000078", "to": "20880", "text": "HELLO"}
    answer = await town.http.post("/in/phone/local/sms", content=urlencode(form), headers=FORM)
    assert answer.status_code == 200
    await catch_up(town.rt)
    await deliver(town.rt, "phone")
    found = {
        line["event"]: line for line in lines() if line.get("event_id", "").startswith("line-2@")
    }
    assert {"event stored", "stored event taken up", "sms heard", "reply written"} <= set(found)
    sent = [line for line in lines() if line["event"] == "messages are sent"]
    assert any(found["reply written"]["message"] in line["messages"] for line in sent)
