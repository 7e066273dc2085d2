"""Random calls of the client API by its own /openapi.json.

Some are allowed, some nearly allowed, and some rubbish.
"""

from collections import Counter
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import httpx2
import orjson

from tests.system.fuzz.values import NASTY_TEXTS, Drawn

_WORDS = {"kind", "value", "method", "languages", "shares", "options", "policy", "confidence",
          "price", "partner_price", "review_price", "fields", "language", "deadline"}  # fmt: skip
"""Fields whose good values are told in words by the schema's descriptions: a valid form of them may
be refused.

How many digits a price may have after its point depends on the client's currency.
"""


@dataclass
class Report:
    """The result of a run. `faults`: each with the call that caused it."""

    cases: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Call:
    """One request, and whether its body is one that the schema allows."""

    method: str
    path: str
    operation: Mapping[str, Any]
    content: bytes | None
    headers: dict[str, str]
    good: bool

    def __str__(self) -> str:
        return f"{self.method} {self.path[:300]} {self.headers} {(self.content or b'')[:400]!r}"


class Api:
    """The operations of one gateway's API, called as one client."""

    def __init__(
        self,
        http: httpx2.AsyncClient,
        key: str,
        spec: Mapping[str, Any],
        ids: Mapping[str, list[str]],
        seed: int,
    ) -> None:
        self._http, self._key, self._ids = http, key, ids
        self._drawn = Drawn(seed, spec.get("components", {}).get("schemas"))
        self._operations = [
            (method.upper(), path, operation)
            for path, methods in spec["paths"].items()
            for method, operation in methods.items()
            if method in {"get", "post", "put", "patch", "delete"}
        ]

    async def run(self, cases: int) -> Report:
        """Call `cases` times, and judge each answer."""
        report = Report()
        async for call, answer in self._calls(cases):
            report.cases += 1
            report.statuses[answer.status_code] += 1
            report.faults += [f"{fault}: {call}" for fault in judged(call, answer)]
        return report

    async def _calls(self, cases: int) -> AsyncIterator[tuple[Call, httpx2.Response]]:
        for _ in range(cases):
            call = self._call(*self._drawn.dice.choice(self._operations))
            yield (
                call,
                await self._http.request(
                    call.method, call.path, content=call.content, headers=call.headers
                ),
            )

    def _call(self, method: str, path: str, operation: Mapping[str, Any]) -> Call:
        drawn = self._drawn
        query: list[str] = []
        for parameter in operation.get("parameters", ()):
            name, where = parameter["name"], parameter["in"]
            if where == "path":
                path = path.replace(f"{{{name}}}", self._part(name, parameter["schema"]))
            elif where == "query" and drawn.chance(0.6):
                value = drawn.nasty() if drawn.chance(0.6) else drawn.valid(parameter["schema"])
                query.append(f"{name}={_quoted(value)}")
        if drawn.chance(0.1):
            query.append(f"{_quoted(drawn.nasty())}={_quoted(drawn.nasty())}")
        headers = {"Authorization": f"Bearer {self._key}"}
        if drawn.chance(0.05):
            headers["Authorization"] = drawn.one_of(
                "", "Bearer", "Bearer x", "Basic eA==", "Bearer " + "x" * 3000
            )
        content, good = self._body(operation, headers)
        good = good and headers.get("Idempotency-Key", "one") in {"one", "two"}
        return Call(
            method,
            path + ("?" + "&".join(query) if query else ""),
            operation,
            content,
            headers,
            good,
        )

    def _part(self, name: str, schema: Mapping[str, Any]) -> str:
        known = self._ids.get(name, [])
        if known and self._drawn.chance(0.7):
            return quote(self._drawn.one_of(*known), safe="")
        if "enum" in schema and self._drawn.chance(0.8):
            return self._drawn.one_of(*schema["enum"])
        return _quoted(self._drawn.one_of(*NASTY_TEXTS)) or "x"

    def _body(
        self, operation: Mapping[str, Any], headers: dict[str, str]
    ) -> tuple[bytes | None, bool]:
        drawn, kinds = self._drawn, operation.get("requestBody", {}).get("content", {})
        if not kinds:
            return (b"{}", False) if drawn.chance(0.1) else (None, False)
        kind = drawn.one_of(*kinds)
        headers["Content-Type"] = kind
        if drawn.chance(0.1):
            headers["Idempotency-Key"] = drawn.one_of("one", "two", "x" * 250, "!", "a\tb", "~~")
        if drawn.chance(0.08):
            headers["Content-Type"] = drawn.one_of(
                "text/plain",
                "",
                "application/xml",
                "multipart/form-data",
                "multipart/form-data; boundary=x",
                "application/json; charset=utf-16",
            )
            return drawn.one_of(
                b"",
                b"\0",
                b"{",
                b"[" * 5000,
                b"\xff\xfe",
                b"id,text\n1,a\n",
                b"--x\r\n\r\n--x--",
                b'"\\ud800"',
                b"NaN",
                b"1" * 5000,
            ), False
        if kind != "application/json":
            text = drawn.one_of(
                "id,text\n1,Is it open?\n",
                'id,text\n1,"a',
                "id,text,gold\n",
                '{"id": 1, "text": "a"}\n',
                *NASTY_TEXTS,
            )
            return text.encode(errors="surrogatepass"), False
        value = drawn.valid(kinds[kind]["schema"])
        if isinstance(value, dict) and "kind" in value and drawn.chance(0.6):
            # What the descriptions ask for in words.
            value = {
                **value,
                "kind": "verification",
                "method": "auto",
                "options": [],
                "languages": [],
                "fields": [],
                "language": None,
                "deadline": None,
                "shares": {},
                "policy": "fixed:3",
            }
        if isinstance(value, dict) and "recipe" in value and drawn.chance(0.6):
            parameters = {"question": drawn.one_of("{text}", *NASTY_TEXTS)}
            value = {**value, "recipe": "check-list", "parameters": parameters}
        good = drawn.chance(0.4)
        return _json(value if good else drawn.mutated(value)), good


def judged(call: Call, answer: httpx2.Response) -> list[str]:
    """Return what is wrong with the answer."""
    faults, status = list[str](), answer.status_code
    declared = call.operation["responses"].get(str(status))
    if status >= 500:
        faults.append(f"status {status}")
    elif declared is None:
        faults.append(f"undeclared status {status}")
    elif answer.content:
        kind = answer.headers.get("content-type", "").partition(";")[0]
        if kind not in declared.get("content", {}):
            faults.append(f"undeclared content type {kind} of {status}")
    if status >= 400 and not faults and "detail" not in answer.json():
        faults.append("a refusal without words")
    if status == 405 and "allow" not in answer.headers:
        faults.append("405 without Allow")
    if call.good and status == 422 and call.path.endswith("/batches"):
        fields = {str(e["field"]).partition(".")[0] for e in answer.json().get("errors", [])}
        if not fields <= _WORDS:
            faults.append(f"what the schema allows is refused: {answer.json()['detail']}")
    return faults


def _quoted(value: Any) -> str:
    text = value if isinstance(value, str) else _json(value).decode(errors="replace")
    return quote(text.encode(errors="surrogatepass")[:6000], safe="")


def _json(value: Any) -> bytes:
    import json

    return json.dumps(value).encode()  # lone surrogates and NaN included, which orjson would refuse


def spec_of(body: bytes) -> Mapping[str, Any]:
    return orjson.loads(body)
