"""A newcomer opens the address, reads what can be done next, and tries the API.

All of this works without the internet.
"""

import httpx2
import pytest
from playwright.sync_api import expect

SOON_MS = 300_000
SIZES = {"laptop": (1180, 830), "phone": (360, 640)}


@pytest.fixture(params=SIZES)
def offline(tree, browser, request):
    """A page in a browser that reaches this gateway and nothing else.

    What it is refused or forbidden fails the test.
    """
    width, height = SIZES[request.param]
    context = browser.new_context(viewport={"width": width, "height": height})
    elsewhere, faults = [], []

    def ours_only(route):
        if route.request.url.startswith((tree.url, "data:")):
            route.continue_()
        else:
            elsewhere.append(route.request.url)
            route.abort("internetdisconnected")

    context.route("**/*", ours_only)
    opened = context.new_page()
    opened.on("pageerror", lambda fault: faults.append(str(fault)))
    # What the Content-Security-Policy forbids is an error line, too.
    opened.on("console", lambda line: faults.append(line.text) if line.type == "error" else None)
    yield opened
    context.close()
    assert (elsewhere, faults) == ([], [])


def fits(page) -> bool:
    return page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_the_start_page_says_where_one_is_and_leads_on(tree, offline):
    answer = offline.goto(tree.url)
    assert answer.status == 200
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    expect(offline.get_by_text("nothing leaves this machine")).to_be_visible()
    expect(offline.get_by_text(str(tree.folder / "try-out.key"))).to_be_visible()
    assert fits(offline)
    command = offline.locator("pre").inner_text()
    assert f"--url {tree.url} --key-file" in command
    assert "batch submit clients/python/shops.csv" in command
    pre = "all => all.every(one => one.scrollWidth <= one.clientWidth)"
    assert offline.locator("pre").evaluate_all(pre), "the whole command can be read"
    for address in offline.locator("a").evaluate_all("all => all.map(a => a.getAttribute('href'))"):
        if address != "/console":  # opens with a coordinator's link only
            assert tree.ask(address), address
    offline.get_by_role("link", name="Open the phones").click()
    expect(offline.get_by_text("This is a simulation.")).to_be_visible()


def test_the_documentation_is_read_and_tried(tree, offline):
    key = (tree.folder / "try-out.key").read_text().strip()
    answer = offline.goto(f"{tree.url}/docs")
    policy = answer.headers["content-security-policy"]
    assert "script-src 'self';" in policy and "http" not in policy
    expect(offline.locator(".opblock").first).to_be_visible(timeout=SOON_MS)
    assert offline.locator(".opblock").count() > 10
    offline.get_by_role("button", name="Authorize").first.click()
    offline.locator(".auth-container input").fill(key)
    offline.locator(".auth-container").get_by_role("button", name="Apply").click()
    offline.get_by_role("button", name="Close").click()
    account = offline.locator(".opblock", has_text="/api/v1/account")
    account.locator(".opblock-summary").click()
    account.get_by_role("button", name="Try it out").click()
    account.get_by_role("button", name="Execute").click()
    told = account.locator(".live-responses-table")
    expect(told).to_contain_text("available_minor", timeout=SOON_MS)
    expect(told).to_contain_text("200")


def test_what_the_documentation_needs_is_served_by_this_gateway(tree):
    page = tree.ask("/docs")
    for name in ("swagger-ui-bundle.js", "swagger-ui.css", "docs.js"):
        assert f"/docs/{name}" in page
        assert tree.ask(f"/docs/{name}")
    assert "swagger-ui" in tree.ask("/redoc"), "the old address leads to the same page"


def test_the_list_of_errors_fits_every_screen_and_shows_code_as_code(tree, offline):
    offline.goto(f"{tree.url}/docs/problems")
    expect(offline.get_by_role("row", name="idempotency_key_reused")).to_be_visible()
    assert fits(offline)
    assert "`" not in offline.locator("main").inner_text()
    expect(offline.locator("code", has_text="Authorization: Bearer <key>")).to_be_visible()


def test_an_answer_that_is_passed_on_is_dated_once(tree):
    answer = httpx2.get(f"{tree.url}/docs", timeout=300)
    assert len(answer.headers.get_list("date")) == 1
