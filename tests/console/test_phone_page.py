"""The callers that are shown the phone page, and the input that it takes."""

import json
from types import SimpleNamespace

import pytest
from fastapi import FastAPI
from pydantic import SecretStr
from starlette.requests import Request
from starlette.testclient import TestClient

from gateway.api import problems
from gateway.api.edge.counts import Counts
from gateway.api.edge.doors import Dispatcher
from gateway.api.monitoring.metrics import Metrics
from gateway.base.errors import Refused
from gateway.base.vault import Vault, new_master_secret
from gateway.console.mount import mount_page
from gateway.console.pages.phone import PhonePage
from gateway.settings import Settings
from gateway.sms.channels import kannel
from gateway.sms.channels import phone as sms_phone
from gateway.steps.runtime import Channel
from gateway.ussd.channels import phone as ussd_phone

BUILT_IN = Channel(
    "phone",
    SecretStr("a-secret"),
    sms_phone.make("phone", {}),
    ussd_phone.make("phone", {"service_code": "*1#"}),
)
KANNEL = Channel(
    "k",
    SecretStr("a-secret"),
    kannel.make("k", {"send_url": "http://k", "username": "u", "password": "p", "sender": "1"}),
    None,
)


def client(channel: Channel = BUILT_IN, *, local_phone: bool = True) -> TestClient:
    app = FastAPI()
    problems.add_handlers(app)
    runtime = SimpleNamespace(
        settings=Settings(local_phone=local_phone),
        channels={channel.name: channel},
        vault=Vault(new_master_secret()),
    )
    mount_page(app, runtime, "phone")
    return TestClient(app)


@pytest.mark.parametrize("path", ["/phone", "/phone/phone.js", "/phone/messages?number=0711000001"])
def test_without_the_setting_there_is_no_phone(path):
    assert client(local_phone=False).get(path).status_code == 404


def test_a_gateway_on_a_real_channel_has_no_phone_page():
    assert client(KANNEL).get("/phone").status_code == 404


def test_the_page_says_that_it_is_a_simulation_and_keeps_the_secret():
    page = client().get("/phone")
    assert page.status_code == 200
    assert "This is a simulation" in page.text
    assert "*1#" in page.text
    assert "a-secret" not in page.text
    assert "script-src 'self'" in page.headers["content-security-policy"]


@pytest.mark.parametrize("path", ["ussd", "sms", "end", "count", "preview"])
def test_a_form_of_another_site_is_refused(path):
    assert client().post(f"/phone/{path}", data={"number": "0711000001"}).status_code == 415


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("sms", {"number": "", "text": "hi"}, "number"),
        ("sms", {"number": "abc", "text": "hi"}, "msisdn"),
        ("sms", {"number": "0711000001"}, "text"),
        ("sms", {"number": "0711000001", "text": "x" * 10_001}, "text"),
        ("ussd", {"number": "0711000001"}, "session"),
        ("count", {}, "text"),
        ("count", [], "body"),
    ],
)
def test_what_cannot_be_taken_is_named(path, body, field):
    answer = client().post(f"/phone/{path}", json=body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == field


async def test_a_draft_is_shown_as_the_production_renderer_makes_it(town):
    """The page shows the same texts as the preview of the API, and stores nothing."""
    batch = await town.client.drafts(languages=["en"])
    await town.client.asks("POST", f"/batches/{batch.id}/tasks", json=[{"id": "a", "text": "Is it open?"}])  # fmt: skip
    await town.client.drafts(name="Empty")
    page = PhonePage(town.rt, BUILT_IN)
    (listed,) = json.loads(bytes((await page.drafts(asks())).body))
    assert (listed["id"], listed["name"]) == (batch.id, "Shops")
    (shown,) = json.loads(bytes((await page.preview(asks(batch=batch.id))).body))
    same = (await town.client.asks("GET", f"/batches/{batch.id}/preview")).json()["languages"][0]
    sms = [one["text"] for each in same["questions"] for one in each["sms"]]
    assert [one["text"] for one in shown["messages"]] == sms
    assert any("Is it open?" in screen for screen in shown["screens"])
    with pytest.raises(Refused):
        await page.preview(asks(batch="b_none"))


def asks(**body):
    """Return a request as the page sends it."""

    async def receive():
        return {"type": "http.request", "body": json.dumps(body).encode(), "more_body": False}

    headers = [(b"content-type", b"application/json")]
    scope = {"type": "http", "method": "POST", "path": "/phone", "headers": headers, "query_string": b""}  # fmt: skip
    return Request(scope, receive)


def test_a_text_is_counted_as_the_network_bills_it():
    told = client().post("/phone/count", json={"text": "ŋ" * 71}).json()
    assert (told["encoding"], told["segments"]) == ("UCS2", 2)


async def test_figures_are_asked_for_once_in_a_while_and_a_database_that_is_away_is_said(tmp_path):
    class Away:
        async def value(self, query: str) -> None:
            raise OSError("no route")

    metrics = Metrics(
        SimpleNamespace(db=Away(), channels={}), Counts(tmp_path), Dispatcher(FastAPI())
    )
    answer = await metrics.answer(None)
    assert (answer.status_code, b"no route" in answer.body) == (503, True)


@pytest.mark.parametrize(
    "after", ["99999999999999999999", "9223372036854775808", "-1", "\u0663", "1.5", "x", ""]
)
def test_a_cursor_that_no_message_can_have_is_refused(after):
    answer = client().get("/phone/messages", params={"after": after, "number": "0711000001"})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "after"
