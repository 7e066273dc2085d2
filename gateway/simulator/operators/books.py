"""The books of a mobile-money operator in SQLite: its requests, payments and callbacks.

`payment` is append-only and deliberately does not forbid a second payment for one key. The judge
must be able to detect an operator (or a fault) that pays twice. All amounts are minor units of the
operator's one currency. A subclass per operator decides about refusals and charges.
"""

import sqlite3
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path
from typing import Final

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS request (
  id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, conversation TEXT NOT NULL UNIQUE,
  transaction_id TEXT NOT NULL UNIQUE, msisdn TEXT NOT NULL, amount_minor INTEGER NOT NULL,
  shortcode TEXT NOT NULL, result_url TEXT NOT NULL, timeout_url TEXT NOT NULL,
  body BLOB NOT NULL, accepted_at REAL NOT NULL, faults TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('accepted', 'paid', 'refused')),
  code TEXT NOT NULL DEFAULT '', finalised_at REAL NOT NULL DEFAULT 0);
CREATE INDEX IF NOT EXISTS request_open ON request (id) WHERE state = 'accepted';
CREATE TABLE IF NOT EXISTS payment (
  id INTEGER PRIMARY KEY, key TEXT NOT NULL REFERENCES request (key), receipt TEXT NOT NULL UNIQUE,
  msisdn TEXT NOT NULL, amount_minor INTEGER NOT NULL CHECK (amount_minor > 0),
  fee_minor INTEGER NOT NULL, at REAL NOT NULL, day TEXT NOT NULL, utility_minor INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS payment_key ON payment (key);
CREATE INDEX IF NOT EXISTS payment_msisdn ON payment (msisdn, day);
CREATE TRIGGER IF NOT EXISTS payment_stays BEFORE UPDATE ON payment
  BEGIN SELECT RAISE(ABORT, 'payments are append-only'); END;
CREATE TRIGGER IF NOT EXISTS payment_keeps BEFORE DELETE ON payment
  BEGIN SELECT RAISE(ABORT, 'payments are append-only'); END;
CREATE TABLE IF NOT EXISTS wallet (msisdn TEXT PRIMARY KEY, balance_minor INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS account (name TEXT PRIMARY KEY, balance_minor INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS float_move (
  id INTEGER PRIMARY KEY, at REAL NOT NULL, amount_minor INTEGER NOT NULL, why TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS token (app TEXT PRIMARY KEY, value TEXT NOT NULL, until REAL NOT NULL);
CREATE TABLE IF NOT EXISTS call (
  id INTEGER PRIMARY KEY, at REAL NOT NULL, kind TEXT NOT NULL, key TEXT NOT NULL,
  verdict TEXT NOT NULL, faults TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS callback (
  id INTEGER PRIMARY KEY, key TEXT NOT NULL, what TEXT NOT NULL, url TEXT NOT NULL,
  body BLOB NOT NULL, due_at REAL NOT NULL, told_at REAL, status INTEGER);
CREATE INDEX IF NOT EXISTS callback_due ON callback (due_at) WHERE told_at IS NULL;
"""
COLUMNS: Final = (
    "key, conversation, transaction_id, msisdn, amount_minor, shortcode, result_url, timeout_url,"
    " body, accepted_at, faults, state, code, finalised_at"
)
FLOAT_MINOR: Final = 1_000_000_00
# The factor spreads consecutive numbers over all receipts of seven base-36 digits. It is prime, so
# no receipt repeats.
SPREAD: Final = 52_711_640_003
DIGITS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True, slots=True)
class PaymentRequest:
    """A payment request as the operator's books know it."""

    key: str  # the caller's own id for the payment
    conversation: str
    transaction: str  # the receipt number, which failures have, too
    msisdn: str
    amount_minor: int
    shortcode: str
    result_url: str
    timeout_url: str
    body: bytes
    accepted_at: float
    faults: frozenset[str]
    state: str  # accepted | paid | refused
    code: str
    finalised_at: float


@dataclass(frozen=True, slots=True)
class Funds:
    """The business's accounts with the operator, in cents. Charges owed are negative."""

    utility_minor: int
    working_minor: int
    charges_minor: int


class OperatorBooks(ABC):
    """The books of one operator. They are kept in memory if `path` is None."""

    provider: str
    currency: str

    def __init__(
        self,
        path: Path | None = None,
        *,
        seed: int = 0,
        float_minor: int = FLOAT_MINOR,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.now = now
        self.seed = seed
        self.db = sqlite3.connect(path or ":memory:", isolation_level=None)
        self.db.execute("PRAGMA journal_mode = WAL")
        self.db.execute("PRAGMA synchronous = NORMAL")
        self.db.executescript(SCHEMA)
        if not self.db.execute("SELECT 1 FROM account").fetchone():
            for name, minor in (("utility", 0), ("working", 0), ("charges", 0)):
                self.db.execute("INSERT INTO account VALUES (?, ?)", (name, minor))
            self.move_float(float_minor, "opening")

    def close(self) -> None:
        self.db.close()

    @contextmanager
    def writing(self) -> Generator[sqlite3.Connection]:
        """Open a transaction. The process may die at any point of it."""
        self.db.execute("BEGIN IMMEDIATE")
        try:
            yield self.db
        except BaseException:
            self.db.execute("ROLLBACK")
            raise
        self.db.execute("COMMIT")

    def note_call(self, kind: str, key: str, verdict: str, faults: frozenset[str]) -> None:
        """Record a request, also a refused one."""
        row = (self.now(), kind, key, verdict, ",".join(sorted(faults)))
        self.db.execute("INSERT INTO call (at, kind, key, verdict, faults) VALUES (?,?,?,?,?)", row)

    def accept(
        self,
        key: str,
        msisdn: str,
        amount_minor: int,
        body: bytes,
        faults: frozenset[str],
        *,
        shortcode: str = "",
        result_url: str = "",
        timeout_url: str = "",
    ) -> PaymentRequest | None:
        """Record a payment request.

        Return None if its key was used before, whatever the outcome.
        """
        at = self.now()
        with self.writing() as db:
            if db.execute("SELECT 1 FROM request WHERE key = ?", (key,)).fetchone():
                return None
            number = db.execute("SELECT coalesce(max(id), 0) + 1 FROM request").fetchone()[0]
            db.execute(
                f"INSERT INTO request (id, {COLUMNS}) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,'accepted','',0)",  # noqa: S608
                (number, key, self.conversation(key), self.receipt(number), msisdn, amount_minor,
                 shortcode, result_url, timeout_url, body, at, ",".join(sorted(faults))),
            )  # fmt: skip
        return self.find(key)

    def find(self, key: str = "", transaction: str = "") -> PaymentRequest | None:
        """Return the payment with this key, conversation id or receipt.

        `key` is the caller's own key or the operator's conversation id.
        """
        row = self.db.execute(
            f"SELECT {COLUMNS} FROM request WHERE key = ?1 OR conversation = ?1"  # noqa: S608
            " OR transaction_id = ?2",
            (key, transaction),
        ).fetchone()
        return _payment(row) if row else None

    def unfinished(self) -> list[PaymentRequest]:
        """Return the payments that are neither paid nor refused, which a restart must continue."""
        rows = self.db.execute(
            f"SELECT {COLUMNS} FROM request WHERE state = 'accepted' ORDER BY id"  # noqa: S608
        )
        return [_payment(row) for row in rows]

    def execute(self, key: str, *, magic: bool, forbid: str = "") -> PaymentRequest | None:
        """Pay or refuse (with the code `forbid`) a request. Return None if that was done before."""
        with self.writing() as db:
            payment = self.find(key)
            if payment is None or payment.state != "accepted":
                return None
            code = forbid or self.refusal(payment, magic=magic)
            at = self.now()
            if not code:
                self._pay(db, payment, payment.transaction, at)
                if "execute_twice" in payment.faults:
                    self._pay(db, payment, f"DUP{payment.transaction[3:]}", at)
            db.execute(
                "UPDATE request SET state = ?, code = ?, finalised_at = ? WHERE key = ?",
                ("refused" if code else "paid", code, at, key),
            )
        return self.find(key)

    def funds(self) -> Funds:
        rows: dict[str, int] = dict(self.db.execute("SELECT name, balance_minor FROM account"))
        return Funds(rows["utility"], rows["working"], rows["charges"])

    def move_float(self, amount_minor: int, why: str) -> None:
        """Top up the utility account, or draw from it when the amount is negative."""
        with self.writing() as db:
            db.execute(
                "INSERT INTO float_move (at, amount_minor, why) VALUES (?,?,?)",
                (self.now(), amount_minor, why),
            )
            _change(db, "utility", amount_minor)

    def conversation(self, key: str) -> str:
        """Return a conversation id, `AG_<day>_<20 hex digits>`.

        It depends only on the seed, the key and the day.
        """
        digest = blake2b(f"{self.seed}|{key}".encode(), digest_size=10).hexdigest()
        return f"AG_{self.day(self.now())}_{digest}"

    def receipt(self, number: int) -> str:
        """Return a receipt of ten letters and digits.

        It does not resemble its neighbours and never repeats.
        """
        rest = (number + self.seed % 1_000_003) * SPREAD % 36**7
        text = ""
        for _ in range(7):
            rest, digit = divmod(rest, 36)
            text = DIGITS[digit] + text
        return f"SIM{text}"

    @abstractmethod
    def refusal(self, payment: PaymentRequest, *, magic: bool) -> str:
        """Return the code that forbids this payment, or "" when nothing does."""

    @abstractmethod
    def fee_minor(self, amount_minor: int) -> int:
        """Return the fee that the business is charged for a payment."""

    def day(self, at: float) -> str:
        """Return the operator's calendar day as YYYYMMDD."""
        return datetime.fromtimestamp(at, UTC).strftime("%Y%m%d")

    def short_of(self, payment: PaymentRequest) -> bool:
        """Return whether the float is too low for a payment, or the plan pretends so."""
        return "float_empty" in payment.faults or self.funds().utility_minor < payment.amount_minor

    def _pay(
        self, db: sqlite3.Connection, payment: PaymentRequest, receipt: str, at: float
    ) -> None:
        fee = self.fee_minor(payment.amount_minor)
        _change(db, "utility", -payment.amount_minor)
        _change(db, "charges", -fee)
        db.execute(
            "INSERT INTO wallet VALUES (?1, ?2) ON CONFLICT (msisdn)"
            " DO UPDATE SET balance_minor = balance_minor + ?2",
            (payment.msisdn, payment.amount_minor),
        )
        db.execute(
            "INSERT INTO payment (key, receipt, msisdn, amount_minor, fee_minor, at, day, utility_minor)"
            " VALUES (?,?,?,?,?,?,?,?)",
            (payment.key, receipt, payment.msisdn, payment.amount_minor, fee, at, self.day(at),
             self.funds().utility_minor),
        )  # fmt: skip


def _change(db: sqlite3.Connection, account: str, by_minor: int) -> None:
    db.execute("UPDATE account SET balance_minor = balance_minor + ? WHERE name = ?", (by_minor, account))  # fmt: skip


def _payment(row: tuple[str, str, str, str, int, str, str, str, bytes, float, str, str, str, float]) -> PaymentRequest:  # fmt: skip
    (key, conversation, transaction, msisdn, amount_minor, shortcode, result_url, timeout_url,
     body, accepted_at, faults, state, code, finalised_at) = row  # fmt: skip
    return PaymentRequest(
        key=key,
        conversation=conversation,
        transaction=transaction,
        msisdn=msisdn,
        amount_minor=amount_minor,
        shortcode=shortcode,
        result_url=result_url,
        timeout_url=timeout_url,
        body=body,
        accepted_at=accepted_at,
        faults=frozenset(faults.split(",")) - {""},
        state=state,
        code=code,
        finalised_at=finalised_at,
    )
