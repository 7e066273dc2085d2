"""Every page of the console keeps the contract of its folder, a copied one too.

A page is at its own address, is safe in a browser, needs nothing from elsewhere, and can be read.
"""

import re
from html.parser import HTMLParser
from types import SimpleNamespace

import pytest
from fastapi import FastAPI
from pydantic import SecretStr
from starlette.testclient import TestClient

from gateway.api import problems
from gateway.base.vault import Vault, new_master_secret
from gateway.console.mount import address_of, mount_page, page_names
from gateway.settings import Settings
from gateway.sms.channels import phone as sms_phone
from gateway.steps.runtime import Channel
from gateway.ussd.channels import phone as ussd_phone

OF_OTHERS = ("/api", "/in", "/hooks", "/metrics", "/healthz", "/readyz", "/openapi.json")
FORMER = ("/redoc",)
"""The former addresses that lead to a page of today."""


def runtime() -> SimpleNamespace:
    phone = Channel(
        "phone", SecretStr("a-secret"), sms_phone.make("phone", {}), ussd_phone.make("phone", {})
    )
    return SimpleNamespace(
        settings=Settings(local_phone=True),
        channels={"phone": phone},
        vault=Vault(new_master_secret()),
    )


def mounted(name: str) -> FastAPI:
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    problems.add_handlers(app)
    mount_page(app, runtime(), name)
    return app


@pytest.fixture(params=page_names())
def name(request):
    return request.param


@pytest.fixture
def answer(name):
    return TestClient(mounted(name)).get(address_of(name))


class Read(HTMLParser):
    """The parts of a page that its reader gets: language, title, and the addresses it loads."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.loaded, self.attributes = [], [], {}
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.tags.append(tag)
        self.attributes.setdefault(tag, given)
        loads = given.get("src") or (given.get("href") if tag == "link" else None)
        if loads:
            self.loaded.append(loads)


def test_a_page_is_at_the_address_of_its_file(name):
    address = address_of(name)
    assert not address.startswith(OF_OTHERS)
    paths = [route.path for route in mounted(name).routes]
    assert address in paths
    for path in paths:
        below = path.startswith(address.rstrip("/") + "/")
        assert path == address or (below and address != "/") or path in FORMER, path


def test_a_browser_loads_nothing_from_elsewhere_and_no_site_frames_the_page(answer):
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "base-uri 'none'" in policy
    assert "form-action" in policy, "default-src does not cover forms"
    assert not re.search(r"https?:|\*|unsafe-eval", policy), policy
    assert not re.search(r"script-src[^;]*unsafe-inline", policy), policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "cache-control" in answer.headers
    for loaded in Read(answer.text).loaded:
        assert loaded.startswith(("/", "data:")), loaded
        assert not loaded.startswith("//"), loaded


def test_all_that_a_page_loads_is_there(name, answer):
    client = TestClient(mounted(name))
    for loaded in Read(answer.text).loaded:
        if loaded.startswith(address_of(name)):
            served = client.get(loaded)
            assert served.status_code == 200, loaded
            assert served.headers["x-content-type-options"] == "nosniff"


def test_a_page_can_be_read_on_a_small_screen_and_aloud(answer):
    assert answer.headers["content-type"].startswith("text/html")
    read = Read(answer.text)
    assert read.attributes["html"].get("lang"), "a reader of screens must know the language"
    assert "title" in read.tags
    assert "main" in read.tags, "a keyboard must find the content"
    names = re.findall(r'<meta name="viewport" content="([^"]+)"', answer.text)
    assert names == ["width=device-width, initial-scale=1"]


def test_a_page_without_a_key_tells_no_secret(answer):
    assert answer.status_code in (200, 401)
    assert "a-secret" not in answer.text


def test_a_page_is_read_and_not_posted_to(name):
    assert TestClient(mounted(name)).post(address_of(name)).status_code == 405
