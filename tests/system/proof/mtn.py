"""MTN MoMo behind the wires, with books of its own.

It answers 202, 409 for a key it knows, status by the key, and calls back once.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass

import orjson

from .wires import World

HOST = "momo"


@dataclass
class Transfer:
    key: str
    body: dict
    callback: str
    state: str = "PENDING"
    reason: str = ""
    receipt: str = ""
    final_at: float = 0.0


class ProofMtn:
    def __init__(self, world: World, *, float_minor: int, name: str = "momo") -> None:
        self.name = name
        self.world = world
        self.float_minor = float_minor
        self.transfers: dict[str, Transfer] = {}
        self.payments: list[tuple[str, int, str]] = []
        self._token = ""

    def serve(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, bytes]:
        if path == "/disbursement/token/":
            self._token = secrets.token_hex(20)
            return 200, orjson.dumps(
                {"access_token": self._token, "token_type": "access_token", "expires_in": 3600}
            )
        if headers["Authorization"] != f"Bearer {self._token}":
            return 401, b'{"code":"ACCESS_DENIED"}'
        if method == "GET":
            return self._status(path.rpartition("/")[2])
        key = headers["X-Reference-Id"]
        if key in self.transfers:
            return 409, b'{"code":"RESOURCE_ALREADY_EXIST","message":"Duplicated reference id."}'
        self.transfers[key] = Transfer(key, orjson.loads(body), headers["X-Callback-Url"])
        dice = self.world.dice
        wait = dice.uniform(0.2, 8) if dice.random() < 0.95 else dice.uniform(8, 3_000)
        self.world.later(wait, lambda: self._execute(key))
        return 202, b""

    def _execute(self, key: str) -> None:
        one = self.transfers[key]
        one.final_at = self.world.now
        amount_minor = int(one.body["amount"]) * 100
        if one.body["payee"]["partyId"].endswith("92040"):
            one.state, one.reason = "FAILED", "PAYEE_NOT_FOUND"
        elif self.float_minor < amount_minor:
            one.state, one.reason = "FAILED", "NOT_ENOUGH_FUNDS"
        elif self.world.dice.random() < 0.01:
            one.state, one.reason = "FAILED", "INTERNAL_PROCESSING_ERROR"
        else:
            self.float_minor -= amount_minor
            one.state, one.receipt = "SUCCESSFUL", str(10_000_000 + len(self.payments))
            self.payments.append((key, amount_minor, one.receipt))
        told = self._told(one)
        forged = {
            **told,
            "status": "SUCCESSFUL",
            "financialTransactionId": "666",
            "externalId": key,
        }
        self.world.tells(one.callback, orjson.dumps(told), orjson.dumps(forged))

    def _status(self, key: str) -> tuple[int, bytes]:
        one = self.transfers.get(key)
        if one is None:
            return (
                404,
                b'{"code":"RESOURCE_NOT_FOUND","message":"Requested resource was not found."}',
            )
        return 200, orjson.dumps(self._told(one))

    def _told(self, one: Transfer) -> dict:
        told = {**one.body, "status": one.state}
        if one.receipt:
            told["financialTransactionId"] = one.receipt
        if one.reason:
            told["reason"] = one.reason
        return told

    def paid(self) -> Mapping[str, tuple[int, int, str]]:
        found: dict[str, tuple[int, int, str]] = {}
        for key, minor, receipt in self.payments:
            times, sum_minor, _ = found.get(key, (0, 0, ""))
            found[key] = (times + 1, sum_minor + minor, receipt)
        return found

    def final_at(self, key: str) -> float:
        one = self.transfers.get(key)
        return one.final_at if one else 0.0

    def fees_minor(self) -> int:
        return 0


def options() -> dict[str, object]:
    return {
        "base_url": f"https://{HOST}",
        "api_user": "u",
        "api_key": "k",
        "subscription_key": "s",
        "target_environment": "mtncongo",
        "currency": "ZMW",
        "minimum": "1",
        "maximum": "5000",
    }
