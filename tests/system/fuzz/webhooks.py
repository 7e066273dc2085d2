"""Random calls of every webhook: forged, replayed, malformed and mutated ones.

None may be a fault, none may have an effect.
"""

import base64
import hashlib
import hmac
from collections import Counter
from dataclasses import dataclass, field
from urllib.parse import quote, urlencode

import httpx2

from tests.system.fuzz.values import NASTY_TEXTS, Drawn

FORM = "application/x-www-form-urlencoded"
TWILIO_TOKEN = "6789"
SECRET = "s3cret"  # of every channel and provider but `phone` and `tw`
DOORS = ("phone/local", f"at/{SECRET}", f"ka/{SECRET}", f"ht/{SECRET}")
"""Channels that sign nothing: who has their address brings true events."""
OPERATORS = ("airtel", "airtime", "pawapay")
MONEY = (
    "transfer",
    "payout",
    "answer",
    "assignment",
    "worker",
    "consent",
    "batch",
    "task",
    "coordinator",
    "worker_pin",
)
"""Tables that nothing but a true event may change."""
ALL = (*MONEY, "inbox", "outbox", "ussd_session")
EVENTS = ("sms", "ussd", "receipt", "session-end", "opt-out", "subscription")
FIELDS = (
    "id", "from", "to", "text", "session", "service_code", "completed", "status", "sender", "date", "linkId", "sessionId",
    "phoneNumber", "serviceCode", "networkCode", "MessageSid", "From", "To", "Body", "NumMedia", "ErrorCode", "ts", "reply",
    "smsc_id", "updateType", "keyword", "durationInMillis", "cost", "failureReason", "retryCount", "",
)  # fmt: skip
# The numbers are unknown to the gateway, so that no true word can come of a mutation.
SMS = {"id": "base", "from": "+254799000111", "to": "20880", "text": "HELP"}


@dataclass
class Report:
    """The result of a run, by the kind of call; `faults` with the call that caused each."""

    cases: int = 0
    statuses: Counter[tuple[str, int]] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Call:
    kind: str
    method: str
    path: str
    body: bytes
    headers: dict[str, str]

    def __str__(self) -> str:
        return f"{self.kind}: {self.method} {self.path[:200]} {self.headers} {self.body[:300]!r}"


_OPERATORS_WORDS = (
    b'{"transaction": {"id": "x", "status_code": "TS", "message": "paid"}}',
    b'{"transaction": {"id": {"a": []}, "status_code": 1e999}}',
    b'{"payoutId": "x", "status": "COMPLETED", "amount": "1e400"}',
    b'{"payoutId": null, "status": ["COMPLETED"]}',
    b'{"requestId": "ATQid_1", "status": "Success"}',
    b'{"phoneNumber": "+254711000001", "amount": "KES 99999999999999999999", "transactionId": "x"}',
    b'{"currencyCode": "KES", "amount": -1, "phoneNumber": 7}',
    b"requestId=ATQid_1&status=Success",
)
"""Callbacks of operators about payouts that do not exist."""


class Webhooks:
    """The entrances of one gateway with the channels of DOORS and the providers of OPERATORS.

    `tw` is a channel, too (Twilio, secret t).
    """

    def __init__(self, http: httpx2.AsyncClient, public_url: str, seed: int) -> None:
        self._http, self._url, self._drawn = http, public_url, Drawn(seed)
        self._true: list[Call] = []

    async def takes_true_calls(self) -> None:
        """Send true events, which are replayed and forged from then on."""
        for n in range(4):
            form = {**SMS, "id": f"true-{n}", "text": "HELP" if n % 2 else "WHY"}
            self._true.append(
                Call(
                    "replayed",
                    "POST",
                    "/in/phone/local/sms",
                    urlencode(form).encode(),
                    {"Content-Type": FORM},
                )
            )
        step = {"session": "true", "from": SMS["from"], "service_code": "*384*20#", "text": ""}
        self._true.append(
            Call(
                "replayed",
                "POST",
                "/in/phone/local/ussd",
                urlencode(step).encode(),
                {"Content-Type": FORM},
            )
        )
        form = {
            "MessageSid": "SM" + "0" * 32,
            "From": SMS["from"],
            "To": "+254200000000",
            "Body": "HELP",
        }
        self._true.append(self._signed(form))
        for call in self._true:
            assert (await self._send(call)).status_code == 200, call

    async def run(self, kind: str, cases: int) -> Report:
        """Send `cases` calls of one kind, and judge each answer."""
        report, made = Report(), getattr(self, f"_{kind}")
        for _ in range(cases):
            call = made()
            answer = await self._send(call)
            report.cases += 1
            report.statuses[kind, answer.status_code] += 1
            if answer.status_code >= 500:
                report.faults.append(f"status {answer.status_code} of {call}")
            elif kind == "forged" and answer.status_code not in {400, 403, 404, 405, 413}:
                report.faults.append(f"a forgery is answered {answer.status_code}: {call}")
        return report

    async def _send(self, call: Call) -> httpx2.Response:
        return await self._http.request(
            call.method, call.path, content=call.body or None, headers=call.headers
        )

    def _forged(self) -> Call:
        """A true body, or rubbish, without the right secret, token or signature."""
        drawn = self._drawn
        word = drawn.one_of("wrong", "loca", "locall", "LOCAL", "local ", "0" * 32, *NASTY_TEXTS)
        part = quote(str(word).encode(errors="surrogatepass")[:3000], safe="") or "x"
        event = drawn.one_of(*EVENTS)
        path = drawn.one_of(
            f"/in/phone/{part}/{event}",
            f"/in/{part}/local/{event}",
            f"/in/at/{part}/{event}",
            f"/in/ka/{part}/{event}",
            f"/in/ht/{part}/{event}",
            f"/in/{drawn.one_of('at', 'ka', 'ht')}/local/{event}",
            f"/in/tw/{part}/{event}",
            f"/hooks/p/{part}",
            f"/hooks/o/{part}/{part}",
            f"/hooks/o/{drawn.one_of('mpesa', *OPERATORS)}/{part}",
            f"/hooks/o/{drawn.one_of('mpesa', *OPERATORS)}/{part}/validate",
            "/in/tw/t/sms",
            "/in/tw/t/receipt",
        )
        call = drawn.one_of(*self._true)
        headers = {"Content-Type": FORM}
        if path.startswith("/in/tw/t/"):
            headers["X-Twilio-Signature"] = drawn.one_of(
                "", "x", "=" * 28, call.headers.get("X-Twilio-Signature", "a")
            )
        body = call.body if "/tw/t/" not in path else call.body + b"&x=1"
        if path.startswith("/hooks"):
            body = drawn.one_of(
                b"{}", b'{"Result": {"ResultCode": 0, "ConversationID": "x"}}', b"[]", b"\0", b""
            )
        return Call(
            "forged",
            drawn.one_of("POST", "POST", "GET", "PUT", "DELETE", "PATCH"),
            path,
            body,
            headers,
        )

    def _replayed(self) -> Call:
        return self._drawn.one_of(*self._true)

    def _malformed(self) -> Call:
        """The right address, and a body that is no event."""
        drawn = self._drawn
        body = drawn.one_of(
            b"",
            b"\0",
            b"\xff\xfe\xfd",
            b"{",
            b"[" * 3000,
            b"{}" * 100,
            b"null",
            b"=&=&=",
            b"%",
            b"%zz=%",
            b"from",
            b"from=",
            b"a" * 5000,
            b"from=" + b"9" * 4000,
            b'{"from": {"from": {}}}',
            b"<xml/>",
            b"id=%00&from=%00&text=%00",
        )
        kind = drawn.one_of(
            FORM,
            "application/json",
            "text/plain",
            "",
            "multipart/form-data; boundary=x",
            "application/xml",
        )
        # A form that is no event at a receipt's door is one at no other either.
        path = f"/in/{drawn.one_of(*DOORS)}/{drawn.one_of(*EVENTS)}"
        if drawn.chance(0.25):
            ending = drawn.one_of("", "", "/validate")
            path = f"/hooks/o/{drawn.one_of(*OPERATORS)}/{SECRET}{ending}"
            body = drawn.one_of(body, *_OPERATORS_WORDS)
        return Call("malformed", "POST", path, body, {"Content-Type": kind})

    def _mutated(self) -> Call:
        """A nearly true event of a stranger: a field spoilt, gone, doubled or made up."""
        drawn = self._drawn
        event, door = drawn.one_of(*EVENTS), drawn.one_of(*DOORS)
        # Where a step brings its last key only, a session that several steps share can be walked to
        # a true consent.
        sessions = 50 if not door.startswith("ht/") else 10**9
        form = {
            **SMS, "sessionId": f"s{drawn.dice.randrange(sessions)}", "phoneNumber": SMS["from"], "date": "2026-11-30 08:00:00", "id": f"mutated-{drawn.dice.randrange(10**9)}", "session": f"s{drawn.dice.randrange(sessions)}", "service_code": "*384*20#",
            "status": drawn.one_of("delivered", "failed", "sent", "x"), "completed": "yes",
            "text": drawn.one_of("", "HELP", "1", "9*9", "BAL", "=1+1", "PAY 99999999999999999999", *NASTY_TEXTS),
        }  # fmt: skip
        for _ in range(drawn.dice.randint(1, 3)):
            name = drawn.one_of(*FIELDS)
            if drawn.chance(0.3):
                form.pop(name, None)
            elif name not in {"text", "Body"}:
                form[name] = str(drawn.nasty())
        pairs = [(k, v.encode(errors="surrogatepass")) for k, v in form.items()]
        if drawn.chance(0.2):
            pairs += [drawn.one_of(*pairs)] if pairs else []
        body = urlencode(pairs).encode()
        if drawn.chance(0.15):
            return Call("mutated", "GET", f"/in/{door}/{event}?{body.decode()[:6000]}", b"", {})
        return Call("mutated", "POST", f"/in/{door}/{event}", body, {"Content-Type": FORM})

    def _signed(self, form: dict[str, str]) -> Call:
        path = "/in/tw/t/sms"
        said = self._url.rstrip("/") + path + "".join(k + form[k] for k in sorted(form))
        signature = base64.b64encode(
            hmac.digest(TWILIO_TOKEN.encode(), said.encode(), hashlib.sha1)
        ).decode()
        return Call(
            "replayed",
            "POST",
            path,
            urlencode(form).encode(),
            {"Content-Type": FORM, "X-Twilio-Signature": signature},
        )


KINDS = ("forged", "replayed", "malformed", "mutated")


async def counts(value, tables) -> dict[str, int]:
    """Return the number of rows of each table; `value` runs one query."""
    return {table: await value(f"select count(*) from {table}") for table in tables}  # noqa: S608  names of ours


async def judged(value, hooks: Webhooks, cases: int) -> Report:
    """Run all kinds, and see that nothing came of them."""
    await hooks.takes_true_calls()
    whole = Report()
    for kind in KINDS:
        tables = ALL if kind in {"forged", "replayed"} else MONEY
        before = await counts(value, tables)
        report = await hooks.run(kind, cases // len(KINDS))
        after = await counts(value, tables)
        whole.cases += report.cases
        whole.statuses += report.statuses
        whole.faults += report.faults
        if after != before:
            changed = {t: (before[t], after[t]) for t in tables if before[t] != after[t]}
            whole.faults.append(f"{kind} calls had an effect: {changed}")
    return whole
