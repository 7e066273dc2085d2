"""The seeded plan of faults that the simulated providers inject.

A simulated provider asks the plan once per request (`draw`) and receives the names of the faults
that strike the request. The same plan, seed and requests give the same faults. Without a plan
nothing goes wrong. A plan draws `by` one of two counts:

- "key": the request's own key and the number of times it was seen, independent of the order in
  which concurrent requests arrive.
- "turn": the request's number among the requests of its kind, for callers whose keys differ from
  run to run.

A plan is JSON, and every part is optional::

    {"seed": 7, "by": "key", "slow_s": 2.0, "late_s": 3.0, "lag_s": 3.0, "magic": true,
     "rates": {"b2c": {"drop_before": 0.03, "drop_after": 0.05, "error_before": 0.02},
               "status": {"result_lost": 0.1}}}

Beside the plan there are magic numbers, which fail alike in every run. See `MAGIC` in
`operators/daraja_forms.py`, and `MAGIC_STATUS` and `MAGIC_RECEIPT` in `carriers/at_forms.py`.
"""

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Final, cast

# The faults of one HTTP request: a connection cut before or after the provider acted, a 5xx before
# or after it acted, and a long wait.
REQUEST_FAULTS: Final = frozenset(
    {"drop_before", "drop_after", "error_before", "error_after", "slow"}
)
# The faults of the asynchronous result that follows a request.
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
    # float_empty refuses with code 1 although there is float. execute_twice makes the operator
    # itself pay one key twice, which the judge must detect.
    "b2c": REQUEST_FAULTS | RESULT_FAULTS | {"timeout_notice", "float_empty", "execute_twice"},
    # status_lag answers "not found" for a payment younger than `lag_s`.
    "status": REQUEST_FAULTS | RESULT_FAULTS | {"timeout_notice", "status_lag"},
    "balance": REQUEST_FAULTS | RESULT_FAULTS | {"timeout_notice"},
    "sms": REQUEST_FAULTS,
    "receipt": frozenset({"lost", "late", "duplicate"}),
    "inbound": frozenset({"duplicate"}),
    "ussd": frozenset({"duplicate"}),
}
NOTHING: Final[frozenset[str]] = frozenset()


class FaultPlanError(ValueError):
    """A plan that asks for something impossible. The text lists the possible values."""


@dataclass
class FaultPlan:
    """A plan with one rate per request kind and fault, each from 0 to 1.

    The faults of one request are independent of each other.
    """

    seed: int = 0
    by: str = "key"
    slow_s: float = 2.0
    late_s: float = 3.0
    lag_s: float = 3.0
    magic: bool = True
    rates: dict[str, dict[str, float]] = field(default_factory=dict[str, dict[str, float]])
    _seen: Counter[str] = field(default_factory=Counter[str], repr=False)

    def draw(self, kind: str, key: str) -> frozenset[str]:
        """Return the faults that strike this request.

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
    """Read a plan given as JSON values. `seed` is used when the plan names none.

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
    """Return a number in [0, 1) that depends on nothing but the arguments."""
    digest = blake2b(f"{stem}|{name}".encode(), digest_size=8).digest()
    return int.from_bytes(digest) / 2**64
