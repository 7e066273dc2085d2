"""Strangers at the providers' door, and providers that stammer."""

import secrets

import pytest

from tests.support.town import FORM

SMS = {"id": "1", "from": "+254712000001", "to": "20880", "text": "JOIN KIBERA"}


@pytest.mark.parametrize(
    "path",
    ["/in/phone/wrong/sms", "/in/phone/wrong/ussd", "/in/nobody/local/sms", "/in/phone/local/fax"],
)
async def test_a_wrong_secret_or_channel_is_not_found(town, path):
    assert (await town.post(path, SMS)).status_code in (404, 405)
    assert await town.count("inbox") == 0
    assert await town.count("worker") == 0


async def test_a_secret_in_strange_letters_is_not_found(town):
    assert (await town.post("/in/phone/%C3%A9%00/sms", SMS)).status_code == 404


@pytest.mark.parametrize("door", ["sms", "ussd", "receipt", "session-end"])
async def test_a_body_of_300_kb_is_refused(town, door):
    answer = await town.post(f"/in/phone/local/{door}", {**SMS, "text": "x" * 300_000})
    assert answer.status_code == 413
    assert await town.count("inbox") == 0


async def test_a_body_of_300_kb_without_its_length_is_refused_too(town):
    async def parts():
        for _ in range(300):
            yield b"x" * 1000

    answer = await town.http.post("/in/phone/local/sms", content=parts(), headers=FORM)
    assert answer.status_code == 413


async def test_a_forged_callback_changes_nothing(town):
    answer = await town.http.post(
        f"/hooks/p/{secrets.token_hex(16)}", json={"Result": {"ResultCode": 0}}
    )
    assert answer.status_code == 404
    assert await town.count("inbox") == 0


@pytest.mark.parametrize("body", [b"", b"not a form", b"id=1", b"\xff\xfe\x00", b"from=&text=&id="])
@pytest.mark.parametrize("door", ["sms", "ussd", "receipt", "session-end", "opt-out"])
async def test_an_event_that_makes_no_sense_is_kept_and_answered(town, door, body):
    answer = await town.http.post(f"/in/phone/local/{door}", content=body, headers=FORM)
    assert answer.status_code == 200, answer.text
    assert await town.count("inbox", "state = 'failed'") <= 1
    assert await town.count("worker") == 0


async def test_a_lost_plus_and_blanks_are_the_same_person(town):
    await town.post("/in/phone/local/sms", SMS)
    await town.post("/in/phone/local/sms", {**SMS, "id": "2", "from": " 254712000001"})
    await town.post("/in/phone/local/sms", {**SMS, "id": "3", "from": "0712 000 001"})
    assert await town.count("worker") == 1


async def test_an_accepted_sms_is_answered_by_an_empty_200(town):
    answer = await town.post("/in/phone/local/sms", SMS)
    assert (answer.status_code, answer.text) == (200, "")


async def test_a_sessions_end_is_noted_once(town):
    brian = town.meets("brian")
    await brian.dials()
    form = {"session": brian.session, "from": brian.msisdn, "completed": "no"}
    for _ in range(2):
        assert (await town.post("/in/phone/local/session-end", form)).status_code == 200
    assert await town.value("select completed from ussd_session") is False
