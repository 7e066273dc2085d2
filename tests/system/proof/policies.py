"""Other ways of paying out, for comparison.

They are three ways of dealing with an answer that does not come, as found in production code. They
are models of a page, driven against the same operator, network and faults as the product is in this
proof. They show that this operator doubles and loses money where it is given the chance.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import orjson

from . import mtn
from .wires import Rates, World

if TYPE_CHECKING:
    from collections.abc import Callable

TRIES_MAX = 3
AMOUNT = "10"


@dataclass
class Outcome:
    """The result of a policy.

    `doubles`: payments beyond the first of one payout. `lost`: told paid, and never was.
    `given_back`: paid, and its worker was told that it failed: her money is there twice.
    """

    doubles: int = 0
    lost: int = 0
    given_back: int = 0


@dataclass
class Ours:
    """One payout as a policy sees it."""

    id: int
    keys: list[str] = field(default_factory=list)
    told: str = ""


class Client:
    """An operator behind a bad network. Answers are ok, refused or lost: what a client can know."""

    def __init__(self, seed: int) -> None:
        self.world = World(random.Random(seed), Rates().times(3.0), 0.0)
        self.operator = mtn.ProofMtn(self.world, float_minor=10**12)
        self.keys: dict[str, Ours] = {}
        self._token = {"Authorization": "Bearer "}
        _, body = self.operator.serve("POST", "/disbursement/token/", {}, b"")
        self._token = {"Authorization": f"Bearer {orjson.loads(body)['access_token']}"}

    def submit(self, payout: Ours, key: str) -> str:
        payout.keys.append(key)
        self.keys[key] = payout
        # one in ten belongs to no account
        number = "260971292040" if payout.id % 10 == 0 else "260971234567"
        said = {"amount": AMOUNT, "payee": {"partyIdType": "MSISDN", "partyId": number}}
        headers = {**self._token, "X-Reference-Id": key, "X-Callback-Url": f"x/{key}"}

        def serve() -> tuple[int, bytes]:
            return self.operator.serve("POST", "/transfer", headers, orjson.dumps(said))

        if self.world.strikes("lost_request"):
            return "lost"
        if self.world.strikes("server_error"):
            if self.world.dice.random() < 0.5:
                serve()
            return "lost"
        status, _ = serve()
        return "lost" if self.world.strikes("lost_answer") else "ok" if status == 202 else "known"

    def callbacks(self) -> list[tuple[Ours, str]]:
        self.world.moves_to(self.world.now + 10_000)
        came, self.world.callbacks = self.world.callbacks, []
        return [(self.keys[key], orjson.loads(body)["status"]) for key, body in came]


def new_key_for_each_try(client: Client, payout: Ours) -> None:
    """A: whatever does not answer is sent anew, under a new key."""
    for n in range(TRIES_MAX):
        if client.submit(payout, f"{payout.id}-{n}") == "ok":
            return


def new_key_after_failure(client: Client, payout: Ours) -> None:
    """B: the count of failed tries is part of the key, and a timeout counts as failed."""
    for failed in range(TRIES_MAX):
        if client.submit(payout, f"{payout.id}-{failed}") != "lost":
            return
        client.callbacks()  # what came late finds no row any more
    payout.told = "FAILED"


def one_key_and_callbacks_believed(client: Client, payout: Ours) -> None:
    """C: one key for ever; a callback decides.

    A worker who hears nothing for long is told that it failed.
    """
    for _ in range(TRIES_MAX):
        if client.submit(payout, f"{payout.id}") != "lost":
            break
    for told, status in client.callbacks():
        told.told = told.told or status
    payout.told = payout.told or "FAILED"


POLICIES: dict[str, Callable[[Client, Ours], None]] = {
    "A": new_key_for_each_try,
    "B": new_key_after_failure,
    "C": one_key_and_callbacks_believed,
}


def play(policy: str, payouts: int, seed: int) -> Outcome:
    client, outcome = Client(seed), Outcome()
    everybody = [Ours(n) for n in range(payouts)]
    for one in everybody:
        POLICIES[policy](client, one)
    client.world.moves_to(client.world.now + 100_000)
    paid = client.operator.paid()
    for one in everybody:
        times = sum(paid[key][0] for key in set(one.keys) if key in paid)
        outcome.doubles += max(times - 1, 0)
        outcome.lost += one.told == "SUCCESSFUL" and not times
        outcome.given_back += one.told == "FAILED" and times > 0
    return outcome
