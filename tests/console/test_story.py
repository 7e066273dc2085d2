"""A newcomer opens /phone and clicks: a worker is invited, agrees, answers, is paid."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from .tree import eventually

pytestmark = pytest.mark.timeout(1800)
SOON_MS = 30_000


class Handset:
    """One phone of the page, used as a person uses it."""

    def __init__(self, page: Page, place: int) -> None:
        self.root = page.locator(".phone").nth(place)
        self.screen = self.root.locator(".shown")
        self.thread = self.root.locator(".thread")

    def button(self, name: str) -> Locator:
        return self.root.get_by_role("button", name=name, exact=True)

    def open(self, tab: str) -> None:
        self.root.get_by_role("tab", name=tab).click()

    def texts(self, text: str) -> None:
        self.open("Messages")
        self.root.get_by_label("Text to").fill(text)
        self.button("Send").click()

    def dials(self, code: str) -> None:
        self.open("Dial")
        for key in code:
            self.button({"*": "star", "#": "hash"}.get(key, key)).click()
        self.button("Call").click()

    def presses(self, keys: str) -> None:
        for key in keys:
            self.button(key).click()
        self.button("Send").click()

    def gets(self, words: str | re.Pattern[str]) -> None:
        self.open("Messages")
        expect(self.thread).to_contain_text(words, timeout=SOON_MS)

    def shows(self, words: str | re.Pattern[str]) -> None:
        expect(self.screen).to_contain_text(words, timeout=SOON_MS)


def test_a_newcomer_enrols_answers_and_cashes_out_by_clicking(page, tree):
    grace, amina = Handset(page, 0), Handset(page, 1)
    page.get_by_role("button", name="ADD 0711000002 Amina").click()
    grace.button("Send").click()
    grace.gets("is invited")
    expect(amina.root.locator(".new")).to_contain_text("1 new", timeout=SOON_MS)
    amina.gets("Grace invites you")
    amina.texts("YES")
    amina.gets("Welcome Amina")

    amina.dials("*384*20#")
    amina.shows("Cash out")
    amina.presses("1")
    amina.shows("For KES 5")
    amina.presses("1")
    amina.shows("Total KES 5")
    amina.presses("2")
    amina.shows("Total KES 10")
    amina.presses("00")
    amina.shows("Cash out")
    amina.presses("3")
    amina.shows("Send KES 10 to this phone?")
    amina.presses("1")
    amina.shows("We are sending KES 10")
    amina.button("Hang up").click()
    amina.shows("Dial *384*20#")
    amina.gets(re.compile(r"We sent you KES 10\. Receipt \w+"))
    assert sum("We sent you" in text for text in tree.messages("0711000002")) == 1


def test_another_phone_joins_by_itself_and_is_there_after_a_reload(page):
    page.get_by_label("Another phone, with the number").fill("0711000009")
    page.get_by_role("button", name="Add phone").click()
    juma = Handset(page, 2)
    juma.texts("JOIN KIBERA")
    juma.gets("Do you agree?")
    juma.texts("YES")
    juma.gets("Welcome!")
    page.reload()
    juma.gets("JOIN KIBERA")  # what was sent is still there
    juma.gets("Welcome!")
    page.get_by_role("button", name="Take away").click()
    expect(page.locator(".phone")).to_have_count(2)


def test_the_keyboard_is_enough(page):
    amina = Handset(page, 1)
    line = amina.root.get_by_label("Number to dial")
    line.focus()
    page.keyboard.type("*384*20#")
    page.keyboard.press("Enter")
    expect(amina.button("Hang up")).to_be_visible(timeout=SOON_MS)
    page.keyboard.press("Escape")
    amina.shows("Dial *384*20#")
    page.keyboard.type("112")
    page.keyboard.press("Enter")
    amina.shows("is not connected here")


def test_what_is_typed_is_weighed_before_it_is_sent(page):
    amina = Handset(page, 1)
    amina.open("Messages")
    amina.root.get_by_label("Text to").fill("x" * 161)
    expect(amina.root.locator(".weight")).to_contain_text("161 characters, 2 SMS", timeout=SOON_MS)


def test_a_draft_is_shown_as_workers_will_see_it(page, tree):
    key = {"Authorization": f"Bearer {(tree.folder / 'try-out.key').read_text().strip()}"}
    asked = {"name": "Wells", "kind": "verification", "instructions": "Is it true?", "price": "5"}
    batch = tree.ask("/api/v1/batches", asked, **key)["id"]
    tree.ask(f"/api/v1/batches/{batch}/tasks", [{"id": "1", "text": "The well is dry."}], **key)
    page.reload()
    page.locator(".draft select").select_option(batch)
    page.get_by_role("button", name="Show", exact=True).click()
    looks = page.locator(".draft .looks")
    expect(looks).to_contain_text("The well is dry.", timeout=SOON_MS)
    expect(looks).to_contain_text(re.compile(r"SMS \(en, first\): 1 segment(?!s)"))
    expect(looks).to_contain_text("Screen (en)")


def test_the_page_is_small_and_brings_everything_itself(page, tree):
    whole = "".join(tree.ask(path) for path in ("/phone", "/phone/phone.js", "/phone/phone.css"))
    assert len(whole.encode()) < 60_000
    assert "/in/phone/" not in whole  # the webhook's address stays here
    assert not re.search(r"(src|href|url\()\W*https?://", whole)


def test_forged_webhooks_are_counted(tree):
    assert tree.posts("/in/phone/guessed/sms", id="1", text="hi") == 404
    assert tree.posts("/in/nobody/guessed/sms", id="1", text="hi") == 404
    assert tree.posts("/hooks/p/guessed") == 404

    counted = (
        'gateway_webhooks_total{channel="unknown",event="sms",outcome="forged"',
        'gateway_webhooks_total{channel="phone",event="sms",outcome="forged",reason="secret"} 1.0',
        'gateway_webhooks_total{channel="payouts",event="payout",outcome="forged",reason="token"}',
    )

    def told():
        """Each webhook process tells its figures once in a while; the page adds them up."""
        figures = tree.ask("/metrics")
        return all(line in figures for line in counted) and figures

    figures = eventually(told)
    assert 'gateway_batches{state="running"} 6.0' in figures
