"""Safaricom's Daraja behind the wires.

It has the simulator's own books and words, on the proof's clock.
"""

import base64
import secrets
from collections.abc import Mapping
from dataclasses import replace

import orjson

from gateway.simulator.operators import daraja_forms as forms
from gateway.simulator.operators.daraja_books import DarajaBooks

from .wires import World

HOST = "daraja"


class ProofDaraja:
    """The simulated Daraja of the proof.

    `lies`: keys it first calls failed and pays later; `name`: the provider's name in the settings.
    """

    def __init__(self, world: World, *, seed: int, float_minor: int, name: str = "mpesa") -> None:
        self.name = name
        self.world = world
        self.books = DarajaBooks(None, seed=seed, float_minor=float_minor, now=lambda: world.now)
        self.lies: set[str] = set()
        self._token = ""

    def serve(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, bytes]:
        if path == "/oauth/v1/generate":
            self._token = secrets.token_urlsafe(21)
            return 200, orjson.dumps({"access_token": self._token, "expires_in": "3599"})
        if headers["Authorization"] != f"Bearer {self._token}":
            return 401, forms.error("401.002.01", "Error Occurred - Invalid Access Token", "1")
        said = orjson.loads(body)
        return (
            self._b2c(said, body) if path == "/mpesa/b2c/v3/paymentrequest" else self._status(said)
        )

    def _b2c(self, said: dict, raw: bytes) -> tuple[int, bytes]:
        wrong = forms.b2c_fault(said)
        if wrong:
            return 400, forms.error("400.002.02", f"Bad Request - Invalid {wrong}", "1")
        key = said["OriginatorConversationID"]
        found = self.books.accept(
            key,
            said["PartyB"],
            forms.amount_minor(said) or 0,
            raw,
            frozenset(),
            shortcode=said["PartyA"],
            result_url=said["ResultURL"],
            timeout_url=said["QueueTimeOutURL"],
        )
        if found is None:
            return 500, forms.error("500.002.1001", forms.DUPLICATE, "1")
        dice = self.world.dice
        slow = dice.random()
        wait = (
            dice.uniform(0.2, 8)
            if slow < 0.9
            else dice.uniform(8, 900)
            if slow < 0.99
            else dice.uniform(900, 20_000)
        )
        if dice.random() < 0.002:
            self.lies.add(key)
            wait = dice.uniform(4_000, 8_000)
        self.world.later(wait, lambda: self._execute(key))
        if (
            dice.random() < 0.04
        ):  # the notice that it gave up waiting gives the request back; it still pays
            self.world.later(0.1, lambda: self.world.tells(found.timeout_url, found.body))
        return 200, forms.ack(found.conversation, key)

    def _execute(self, key: str) -> None:
        done = self.books.execute(key, magic=True)
        if done is not None:
            result = forms.b2c_result(done, self.books.funds())
            if key in self.lies:
                # Where a liar's callback is lost too, only the statement can tell: see
                # tests/payments/test_statement.
                self.world.callbacks.append((done.result_url.rpartition("/")[2], result))
            else:
                self.world.tells(done.result_url, result, forms.forged(result))

    def _status(self, said: dict) -> tuple[int, bytes]:
        key, query = said["OriginalConversationID"], secrets.token_hex(6)
        answer_to = said["ResultURL"]

        def answer() -> None:
            found = self.books.find(key)
            if found is not None and found.state == "accepted" and key in self.lies:
                found = replace(found, state="refused", code="2040")
            body = forms.status_result(query, self.books.conversation(query), found)
            self.world.tells(answer_to, body)

        self.world.later(self.world.dice.uniform(0.2, 4), answer)
        return 200, forms.ack(self.books.conversation(query), query)

    def paid(self) -> Mapping[str, tuple[int, int, str]]:
        rows = self.books.db.execute(
            "SELECT key, count(*), sum(amount_minor), max(receipt) FROM payment GROUP BY key"
        )
        return {key: (times, minor, receipt) for key, times, minor, receipt in rows}

    def final_at(self, key: str) -> float:
        """Return when a question about it gets a last word; 0 where it has not, or is not known."""
        found = self.books.find(key)
        return found.finalised_at if found else 0.0

    def fees_minor(self) -> int:
        (minor,) = self.books.db.execute(
            "SELECT coalesce(sum(fee_minor), 0) FROM payment"
        ).fetchone()
        return minor


def options() -> dict[str, object]:
    return {
        "base_url": f"https://{HOST}",
        "consumer_key": "k",
        "consumer_secret": "s",
        "initiator": "gateway",
        "security_credential": base64.b64encode(b"credential").decode(),
        "shortcode": "600997",
    }
