"""Test keys: a whole gateway apart, with simulated workers and money, on any gateway."""

import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest
from gateway_client import Client, GatewayProblem
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from gateway.settings import ChannelSettings, ChannelSide, Country, ProviderSettings, Settings
from gateway.settings.for_test_gateway import of_test_gateway, with_operator
from gateway.settings.tryout import is_simulated

from ..console.tree import Tree, eventually, gateway, words_of  # noqa: TID252

pytestmark = pytest.mark.timeout(1800)
TASKS = [{"id": f"t{n}", "text": f"Is shop {n} open?", "truth": "yes"} for n in range(8)]


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    running = Tree(tmp_path_factory.mktemp("keys") / "gateway-data").start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def test_key(tree):
    """Return the key of a new test client, once its gateway serves it."""
    made = gateway(tree.folder, "client", "add", "Trial", "--test")
    assert made.returncode == 0, made.stderr
    key = re.search(r"gw_test_\S+", made.stdout)[0]
    eventually(lambda: serves(tree, key))
    return key


def serves(tree, key):
    """Return whether the test gateway answers; until then it is away, and nothing else."""
    with Client(tree.url, key) as client:
        answer = client._http.get(f"{tree.url}/api/v1/account", headers=client._key)
    assert answer.status_code in (200, 503), answer.text
    return answer.status_code == 200


class Receiver(BaseHTTPRequestHandler):
    """A client's receiver of webhooks, which keeps what comes."""

    got: ClassVar[list[dict]] = []

    def do_POST(self):
        self.got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def receiver():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


def real(tree):
    """Return the account and the batches of the real client, and the real figures."""
    key = (tree.folder / "try-out.key").read_text().strip()
    bearer = {"Authorization": f"Bearer {key}"}
    account = tree.ask("/api/v1/account", **bearer)
    listed = tree.ask("/api/v1/batches", **bearer)
    figures = [
        line
        for line in tree.ask("/metrics").splitlines()
        if re.match(r"gateway_(answers|workers|messages|payouts|batches|ledger)", line)
    ]
    return account, listed, figures


def test_a_batch_of_a_test_key_is_done_by_simulated_workers_and_leaves_no_trace(
    tree, test_key, receiver
):
    before = real(tree)
    with Client(tree.url, test_key) as client:
        account = client._asks("GET", "/account").json()
        assert account["test"] is True
        assert account["available_minor"] == 1_000_000_00
        hook = {"url": receiver, "events": ["batch.done"], "description": "trial"}
        client._asks("POST", "/webhooks", json=hook)
        batch = client.submit(
            TASKS, name="Trial", kind="verification", instructions="Is it true?", price="10"
        )
        client.start(batch)
        for _ in client.watch(batch, every_s=0.5):
            pass
        results = list(client.results(batch))
        assert {one.answers for one in results} == {3}
        assert sum(one.value == "yes" for one in results) >= 6
        assert len({one.worker for one in client.answers(batch)}) >= 3
        spent = 1_000_000_00 - client._asks("GET", "/account").json()["available_minor"]
        assert spent == 10_00 * 3 * len(TASKS)
    eventually(lambda: Receiver.got)
    assert all(one["test"] is True for one in Receiver.got)
    assert Receiver.got[0]["type"] == "batch.done"
    after = real(tree)
    assert after[0] == before[0], "the real client's money"
    assert after[1] == before[1], "the real client's batches"
    assert after[2] == before[2], "the real figures"
    # No real worker has seen anything of it, and the real database knows no simulated worker.
    impact = gateway(tree.folder, "impact", "--json", "-")
    assert "Tester" not in impact.stdout
    listed = gateway(tree.folder, "client", "list").stdout
    assert "Trial" not in listed


def test_a_test_key_is_unknown_to_the_real_gateway_and_the_other_way_round(tree, test_key):
    with Client(tree.url, test_key) as client:
        mine = {one["id"] for one in client.batches()}
    key = (tree.folder / "try-out.key").read_text().strip()
    with Client(tree.url, key) as client:
        theirs = {one["id"] for one in client.batches()}
        assert not mine & theirs
        for batch in mine:
            with pytest.raises(GatewayProblem, match="404"):
                client.batch(batch)
    with Client(tree.url, test_key + "x") as stranger, pytest.raises(GatewayProblem, match="401"):
        list(stranger.batches())


def test_simulated_workers_are_paid_by_a_simulated_operator_in_other_books(tree, test_key):
    assert any(words[0] == "test-gateway" for words in words_of(tree.pid).values())
    books = tree.folder / "test" / "operators" / "daraja.sqlite3"
    assert books.exists()
    audit = gateway(tree.folder, "ledger", "audit")
    assert audit.returncode == 0, audit.stdout + audit.stderr


def test_without_a_test_gateway_a_test_key_gets_the_reason(tmp_path_factory):
    alone = Tree(tmp_path_factory.mktemp("alone") / "gateway-data").start()
    try:
        with Client(alone.url, "gw_test_nobody") as client:
            answer = client._http.get(f"{alone.url}/api/v1/account", headers=client._key)
        assert answer.status_code == 503
        assert "gateway test-gateway" in answer.json()["detail"]
    finally:
        alone.stop()


_KINDS = st.sampled_from(["africastalking", "kannel", "twilio", "http", "phone"])
_SIDES = st.builds(lambda kind: ChannelSide(kind=kind, options={}), _KINDS)
_CHANNELS = st.builds(
    lambda sms, ussd: ChannelSettings(secret=SecretStr("s"), sms=sms, ussd=ussd),
    _SIDES,
    st.none() | _SIDES,
)
_PROVIDERS = st.builds(
    lambda kind, url: ProviderSettings(kind=kind, options={"base_url": url}),
    st.sampled_from(["mpesa", "airtel", "mtn_momo", "pawapay", "manual"]),
    st.sampled_from(["https://api.safaricom.co.ke", "https://example.org"]),
)


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(st.sampled_from(["at", "k", "phone"]), _CHANNELS, max_size=3),
    st.dictionaries(st.sampled_from(["mpesa", "x"]), _PROVIDERS, max_size=2),
)
def test_no_setting_leads_a_test_gateway_to_a_real_carrier_or_operator(channels, providers):
    """Whatever is set up for real, nothing of it is left for test keys."""
    given_settings = Settings.model_construct(
        **{
            **Settings().model_dump(),
            "countries": {"KE": Country(currency="KES", payout="x", airtime="x")},
            "channels": channels,
            "providers": providers,
            "private_addresses": ("10.0.0.0/8",),
            "database_url": SecretStr("postgresql://u@h/real"),
            "redis_url": SecretStr("redis://h"),
            "secret_key": SecretStr("c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0MTI="),
        }
    )
    own = with_operator(of_test_gateway(given_settings), 4711)
    assert is_simulated(own)
    assert set(own.channels) == {"phone"}
    assert {one.options["base_url"] for one in own.providers.values()} == {"http://127.0.0.1:4711"}
    assert own.private_addresses == ("127.0.0.1:4711",)
    assert own.redis_url is None
    assert own.countries["KE"].airtime is None
    assert own.database_url.get_secret_value() == "postgresql://u@h/real_test"
    assert own.secret_key != given_settings.secret_key


def test_the_operator_sees_and_changes_the_books_of_test_keys(tree, test_key):
    """Commands with --test work on test clients, and the same without it know none of them."""
    account = tree.ask("/api/v1/account", Authorization=f"Bearer {test_key}")
    client = account["client"]
    booked = gateway(tree.folder, "client", "top-up", client, "50.00", "--ref", "T1", "--test")
    assert "booked KES 50" in booked.stdout, booked.stderr
    after = tree.ask("/api/v1/account", Authorization=f"Bearer {test_key}")
    assert after["available_minor"] == account["available_minor"] + 5_000
    assert client in gateway(tree.folder, "client", "list", "--test").stdout
    assert client not in gateway(tree.folder, "client", "list").stdout
    made = gateway(tree.folder, "client", "key", "add", client, "--name", "second", "--test")
    second = made.stdout.strip()
    assert second.startswith("gw_test_"), made.stderr
    assert tree.ask("/api/v1/account", Authorization=f"Bearer {second}")["client"] == client
    assert "second" in gateway(tree.folder, "client", "key", "list", client, "--test").stdout
    gone = gateway(tree.folder, "client", "key", "revoke", client, "second", "--test")
    assert gone.returncode == 0, gone.stderr
    audit = gateway(tree.folder, "ledger", "audit", "--test")
    assert (audit.returncode, "the books are right" in audit.stdout) == (0, True), audit.stderr
    assert gateway(tree.folder, "client", "top-up", client, "1", "--ref", "T2").returncode != 0
