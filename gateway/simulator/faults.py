"""The seeded plan of what goes wrong.

A provider that simulates asks the plan once per request (`draw`) and gets the names of the faults
that strike it. The same plan, seed and requests give the same faults; without a plan nothing
goes wrong. A draw depends on the request's own key and on how often that key was seen (`by:
"key"`, independent of the order in which concurrent requests arrive), or on the request's turn
among its kind (`by: "turn"`, for callers whose keys differ from run to run).

Plan as JSON, every part optional::

    {"seed": 7, "by": "key", "slow_s": 2.0, "late_s": 3.0, "lag_s": 3.0, "magic": true,
     "rates": {"b2c": {"drop_before": 0.03, "drop_after": 0.05, "error_before": 0.02},
               "status": {"result_lost": 0.1}}}

Beside the plan there are magic numbers, which fail alike in every run: see `MAGIC` in
`operators/daraja_forms.py` and `MAGIC_STATUS`, `MAGIC_RECEIPT` in `carriers/at_forms.py`.
"""

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Final, cast

# What may happen to one HTTP request: cut before or after the provider acted on it, a 5xx before
# or after it did, a long wait.
REQUEST_FAULTS: Final = frozenset(
    {"drop_before", "drop_after", "error_before", "error_after", "slow"}
)
# What may happen to the asynchronous result that follows it.
RESULT_FAULTS: Final = frozenset(
    {
        "result_early",
        "result_late",
        "result_lost",
        "result_duplicate",
        "result_forged",
        "result_malformed",
    }
)
FAULTS: Final[Mapping[str, frozenset[str]]] = {
    "token": REQUEST_FAULTS | {"token_invalidated"},
    # float_empty: refused with code 1 although there is float; execute_twice: the operator itself
    # misbehaves and pays one key twice (the judge must see it).
    "b2c": REQUEST_FAULTS | RESULT_FAULTS | {"timeout_notice", "float_empty", "execute_twice"},
    # status_lag: a payment younger than lag_s is answered as not found.
    "status": REQUEST_FAULTS | RESULT_FAULTS | {"timeout_notice", "status_lag"},
    "balance": REQUEST_FAULTS | RESULT_FAULTS | {"timeout_notice"},
    "sms": REQUEST_FAULTS,
    "receipt": frozenset({"lost", "late", "duplicate"}),
    "inbound": frozenset({"duplicate"}),
    "ussd": frozenset({"duplicate"}),
}
NOTHING: Final[frozenset[str]] = frozenset()


class FaultPlanError(ValueError):
    """The plan names something that cannot be done; the text says what can."""


@dataclass
class FaultPlan:
    """Rates per request kind and fault, each 0..1; the faults of one request are independent."""

    seed: int = 0
    by: str = "key"
    slow_s: float = 2.0
    late_s: float = 3.0
    lag_s: float = 3.0
    magic: bool = True
    rates: dict[str, dict[str, float]] = field(default_factory=dict[str, dict[str, float]])
    _seen: Counter[str] = field(default_factory=Counter[str], repr=False)

    def draw(self, kind: str, key: str) -> frozenset[str]:
        """The faults that strike this request.

        >>> FaultPlan(rates={"b2c": {"slow": 1.0}}).draw("b2c", "k1")
        frozenset({'slow'})
        """
        rates = self.rates.get(kind)
        if not rates:
            return NOTHING
        subject = f"{kind}|{key}" if self.by == "key" else kind
        self._seen[subject] += 1
        stem = f"{self.seed}|{subject}|{self._seen[subject]}"
        return frozenset(name for name, rate in rates.items() if _share(stem, name) < rate)


def parse_plan(raw: object, seed: int = 0) -> FaultPlan:
    """Read a plan given as JSON values; `seed` is used when the plan names none.

    Raises FaultPlanError.
    """
    if not isinstance(raw, dict):
        raise FaultPlanError("a fault plan is a JSON object")
    given = cast("dict[str, object]", raw)
    known = {"seed", "by", "slow_s", "late_s", "lag_s", "magic", "rates"}
    if odd := sorted(set(given) - known):
        raise FaultPlanError(f"unknown key {odd[0]!r}; a plan has {', '.join(sorted(known))}")
    by = given.get("by", "key")
    if by not in {"key", "turn"}:
        raise FaultPlanError(f'"by" is "key" or "turn", not {by!r}')
    plan = FaultPlan(seed=int(_number(given, "seed", seed)), by=str(by))
    plan.slow_s = _number(given, "slow_s", plan.slow_s)
    plan.late_s = _number(given, "late_s", plan.late_s)
    plan.lag_s = _number(given, "lag_s", plan.lag_s)
    plan.magic = bool(given.get("magic", True))
    plan.rates = _rates(given.get("rates", {}))
    return plan


def _rates(raw: object) -> dict[str, dict[str, float]]:
    if not isinstance(raw, dict):
        raise FaultPlanError('"rates" is an object of request kinds')
    rates: dict[str, dict[str, float]] = {}
    for kind, faults in cast("dict[str, object]", raw).items():
        if kind not in FAULTS:
            raise FaultPlanError(f"unknown kind {kind!r}; there are {', '.join(sorted(FAULTS))}")
        if not isinstance(faults, dict):
            raise FaultPlanError(f"rates of {kind!r} are an object of faults")
        named = cast("dict[str, object]", faults)
        if odd := sorted(set(named) - FAULTS[kind]):
            can = ", ".join(sorted(FAULTS[kind]))
            raise FaultPlanError(f"{kind!r} knows no fault {odd[0]!r}; it has {can}")
        rates[kind] = {name: _rate(kind, name, rate) for name, rate in named.items()}
    return rates


def _rate(kind: str, name: str, raw: object) -> float:
    if isinstance(raw, bool) or not isinstance(raw, int | float) or not 0 <= raw <= 1:
        raise FaultPlanError(f"the rate of {kind}.{name} is a number from 0 to 1")
    return float(raw)


def _number(given: Mapping[str, object], name: str, default: float) -> float:
    raw = given.get(name, default)
    if isinstance(raw, bool) or not isinstance(raw, int | float):
        raise FaultPlanError(f"{name!r} is a number")
    if not math.isfinite(raw) or (raw < 0 and name != "seed"):
        raise FaultPlanError(f"{name!r} is a number from 0 up")
    return raw


def _share(stem: str, name: str) -> float:
    """A number in [0, 1) that depends on nothing but its arguments."""
    digest = blake2b(f"{stem}|{name}".encode(), digest_size=8).digest()
    return int.from_bytes(digest) / 2**64
