"""Double keying, replayed: wrong fields and entries per field, with the error rates of SMS.

Simulated workers type records of six fields into SMS in several styles. The product's own reader
reads them, its judge asks for further entries, and its skills learn from decided records, as in a
running gateway. A worker is wrong in 4.5 to 4.8 % of the fields that are stored (Patnaik et al.
2009). Her slips are those of a thumb (another digit, two swapped, one left out) or of an eye
(another person's name, another option). Slips that a range or a check digit refuses are drawn again
so that the rate holds after the reader, which is the harder case.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from statistics import mean

from gateway.base.ids import BatchId, TaskId
from gateway.phrases import book_in, books
from gateway.qa.answers import record
from gateway.qa.answers.port import TaskResult
from gateway.qa.judging.overlap import DoubleKeying, FixedOverlap, Policy, TaskDecision, judge
from gateway.qa.keying.records import fields_of, marks, record_tag, to_record
from gateway.qa.keying.settling import settle
from gateway.qa.skills.skill import Skill
from gateway.tasks.entry.check_digits import luhn
from gateway.tasks.entry.fields import asked_of
from gateway.tasks.kinds import entry
from gateway.tasks.question import Field, Option, Question

SEEDS = (1, 2, 3, 4, 5)
RECORDS, WORKERS = 250, 20
RATES = (0.045, 0.048)
WRONG_MAX, ENTRIES_MAX = 0.0045, 2.3
MISLED = 0.5
"""The chance that a worker is misled by a field that is hard to read. All read the same value."""
_WORDS = book_in("en", books()).answers
_NAMES = [
    f"{first} {last}"
    for first in ("Amina", "Brian", "Chege", "Dalila", "Esther", "Farah", "Grace", "Hamisi", "Ivy")
    for last in ("Otieno", "Wanjiku", "Kamau", "Mwangi", "Achieng", "Njeri", "Mutua", "Hassan")
]
_WARDS = ("Kibera", "Mathare", "Kawangware", "Mukuru", "Dandora")
FIELDS = (
    Field("patient", "name", 1, {"en": "Name"}),
    Field("fee", "money", 2, {"en": "Fee"}, least="10.00", most="5000.00", currency="KES"),
    Field("visit", "date", 3, {"en": "Date"}, least="2025-01-01", most="2026-12-31"),
    Field("age", "number", 4, {"en": "Age"}, least="0", most="120", decimals=0),
    Field("ward", "choice", 5, {"en": "Ward"}, options=tuple(Option(w.lower(), {"en": w}) for w in _WARDS)),
    Field("card", "text", 6, {"en": "Card"}, check="luhn"),
)  # fmt: skip
TAG = record_tag("en", [(f.name, "name" if f.type == "name" else "exact") for f in FIELDS])


@dataclass(slots=True)
class Keyer:
    """A simulated worker with her error rate, and the skill that the gateway knows."""

    rate: float
    skill: Skill = field(default_factory=Skill)


@dataclass(frozen=True, slots=True)
class Crowd:
    """The workers of one row of a table."""

    name: str
    rates: Callable[[Random], float]
    shared: float = 0.0
    """The share of the errors that the source suggests to every worker."""
    known: float = 0.0
    """The fields of each worker that were checked before."""


@dataclass(slots=True)
class Outcome:
    """The sums over the records of one run."""

    fields: int = 0
    wrong: int = 0
    keyed: int = 0
    """Fields that were keyed, over all entries."""
    entries: int = 0
    reviews: int = 0
    asked_back: int = 0
    stored_wrong: int = 0
    """Wrong fields among the keyed ones."""


def run_crowd(crowd: Crowd, policy: Policy, seed: int) -> Outcome:
    """Key all records of one run with one policy."""
    random = Random(seed)
    rates = [crowd.rates(random) for _ in range(WORKERS)]
    workers = [Keyer(r, Skill(crowd.known * (1.0 - r), crowd.known * r)) for r in rates]
    outcome = Outcome()
    for number in range(RECORDS):
        truth = _truth(random)
        hard = _hard_fields(random, crowd, mean(one.rate for one in workers), truth)
        _key_record(random, crowd, policy, workers, number, truth, hard, outcome)
    return outcome


def _key_record(
    random: Random,
    crowd: Crowd,
    policy: Policy,
    workers: Sequence[Keyer],
    number: int,
    truth: dict[str, str],
    hard: dict[str, str],
    outcome: Outcome,
) -> None:
    order = random.sample(range(len(workers)), len(workers))
    values, who = list[str](), list[Keyer]()
    asked: tuple[str, ...] = ()
    while True:
        keyer = workers[order[len(values)]]
        fields = asked_of(FIELDS, asked or None)
        value = _keyed(random, crowd, keyer, fields, number, truth, hard, outcome)
        values.append(value)
        who.append(keyer)
        outcome.keyed += len(fields)
        verdict = judge(record, values, [one.skill for one in who], (), policy, language=TAG)
        if verdict.decision not in (TaskDecision.ASK_MORE, TaskDecision.ASK_BETTER):
            break
        asked = verdict.fields
    outcome.entries += len(values)
    outcome.reviews += verdict.decision is not TaskDecision.ACCEPT
    best = {n: one.value for n, one in settle(values, [one.skill for one in who], TAG).items()}
    right = marks(to_record(best), to_record(truth), TAG)
    outcome.fields += len(FIELDS)
    outcome.wrong += len(FIELDS) - sum(right.values())
    assert verdict.value is not None
    result = TaskResult(verdict.value, verdict.confidence, len(values))
    for keyer, value in zip(who, values, strict=True):
        for agreement in record.agreements(value, result, TAG):
            keyer.skill = keyer.skill.after_consensus(agreement)


def _keyed(
    random: Random,
    crowd: Crowd,
    keyer: Keyer,
    fields: Sequence[Field],
    number: int,
    truth: dict[str, str],
    hard: dict[str, str],
    outcome: Outcome,
) -> str:
    """Return the record that the gateway stores after a worker's SMS."""
    meant: dict[str, str] = {}
    alone = _own_rate(crowd, keyer.rate)
    for one in fields:
        if one.name in hard and random.random() < MISLED:
            meant[one.name] = hard[one.name]
        elif random.random() < alone:
            meant[one.name] = _slip(random, one, truth[one.name])
        else:
            meant[one.name] = truth[one.name]
    question = Question(
        TaskId(number), BatchId("b"), "entry", f"Form {number}", "", (), 600, "KES", tuple(fields)
    )
    found = entry.read(_sms(random, fields, meant), question, "en", _WORDS)
    if found.value is None:
        outcome.asked_back += 1
        found = entry.read(_plain_sms(fields, meant), question, "en", _WORDS)
    assert found.value is not None, (meant, found)
    assert fields_of(found.value) == meant or marks(found.value, to_record(meant), TAG)
    outcome.stored_wrong += sum(not ok for ok in marks(found.value, to_record(truth), TAG).values())
    return found.value


def _own_rate(crowd: Crowd, rate: float) -> float:
    """Return the rate of the errors that a worker makes by herself."""
    return rate * (1.0 - crowd.shared)


def _hard_fields(
    random: Random, crowd: Crowd, rate: float, truth: dict[str, str]
) -> dict[str, str]:
    """Return the fields whose source suggests a wrong value, with that value."""
    chance = rate * crowd.shared / MISLED
    return {
        one.name: _slip(random, one, truth[one.name]) for one in FIELDS if random.random() < chance
    }


def _truth(random: Random) -> dict[str, str]:
    day = date(2025, 1, 1) + timedelta(days=random.randrange(700))
    body = "".join(str(random.randrange(10)) for _ in range(11))
    card = next(body + str(digit) for digit in range(10) if luhn(body + str(digit)))
    return {
        "patient": random.choice(_NAMES),
        "fee": f"{random.randrange(10, 4999)}.{random.choice(('00', '00', '50'))}",
        "visit": day.isoformat(),
        "age": str(random.randrange(1, 99)),
        "ward": random.choice(_WARDS).lower(),
        "card": card,
    }


def _slip(random: Random, one: Field, value: str) -> str:
    """Return a wrong value that the field's rules do not refuse."""
    while True:
        match one.type:
            case "choice":
                wrong = random.choice([o.id for o in one.options])
            case "name":
                wrong = _slipped_name(random, value)
            case "date":
                wrong = _slipped_date(random, value)
            case "text":
                wrong = _slipped_code(random, value)
            case _:
                wrong = _slipped_digits(random, value)
        if wrong == value:
            continue
        found = entry.read_field(wrong, one, "en")
        if found.value is not None and not marks(
            to_record({one.name: found.value}), to_record({one.name: value}), TAG
        ).get(one.name, True):
            return found.value


def _slipped_digits(random: Random, value: str) -> str:
    places = [at for at, ch in enumerate(value) if ch.isdecimal()]
    at = random.choice(places)
    digits = list(value)
    match random.choices(("other", "swapped", "left out", "twice"), (5, 3, 1, 1))[0]:
        case "other":
            digits[at] = str(random.randrange(10))
        case "swapped":
            after = at + 1 if at + 1 in places else at - 1
            if after in places:
                digits[at], digits[after] = digits[after], digits[at]
        case "left out":
            del digits[at]
        case _:
            digits.insert(at, digits[at])
    return "".join(digits)


def _slipped_code(random: Random, value: str) -> str:
    """Return a code with two wrong digits whose check digit fits: no single slip passes it."""
    one, other = random.sample(range(len(value)), 2)
    digits = list(value)
    digits[one] = random.choice([ch for ch in "0123456789" if ch != value[one]])
    for ch in "0123456789":
        digits[other] = ch
        if ch != value[other] and luhn("".join(digits)):
            break
    return "".join(digits)


def _slipped_date(random: Random, value: str) -> str:
    day = date.fromisoformat(value)
    days = random.choice((1, -1, 10, -10, 30, -30, 365, -365, 7, 2))
    return (day + timedelta(days=days)).isoformat()


def _slipped_name(random: Random, value: str) -> str:
    if random.random() < 0.2:
        return random.choice(_NAMES)
    at = random.randrange(len(value))
    letter = random.choice("aeiounmrst")
    return random.choice((value[:at] + value[at + 1 :], value[:at] + letter + value[at + 1 :]))


def _written(one: Field, value: str) -> str:
    if one.type == "money":
        return value.removesuffix(".00")
    if one.type == "date":
        day = date.fromisoformat(value)
        return f"{day.day} {day:%B} {day.year}"
    return value


def _sms(random: Random, fields: Sequence[Field], meant: dict[str, str]) -> str:
    """Return the values as a worker sends them, in one of several styles."""
    pieces = [_written(one, meant[one.name]) for one in fields]
    if random.random() < 0.3 and len(fields) > 1:
        pieces = [f"{one.number}) {piece}" for one, piece in zip(fields, pieces, strict=True)]
    return random.choice((", ", "; ", "\n", ",")).join(pieces)


def _plain_sms(fields: Sequence[Field], meant: dict[str, str]) -> str:
    """Return the values as the gateway's reply asks for them."""
    return "\n".join(_written(one, meant[one.name]) for one in fields)


def _sms_rate(random: Random) -> float:
    return random.uniform(*RATES)


def _mixed(random: Random) -> float:
    """Return a rate of a crowd with careful, usual and careless workers."""
    return random.choices((0.001, _sms_rate(random), 0.2), (3, 6, 1))[0]


SMS = Crowd("SMS, 4.5 to 4.8 %", _sms_rate)
POLICIES: tuple[tuple[str, Policy], ...] = (
    ("one entry", FixedOverlap(1, 0.0)),
    ("three entries, majority per field", FixedOverlap(3, 0.0)),
    ("double", DoubleKeying()),
)
SHARED = tuple(
    Crowd(f"SMS, {share:.0%} of the errors are suggested by the source", _sms_rate, share)
    for share in (0.1, 0.2, 0.3, 0.5)
)
OTHERS = (
    Crowd("30 % of workers at 0.1 %, 60 % as by SMS, 10 % at 20 %", _mixed),
    Crowd("all workers at 20 %", lambda _: 0.2),
    Crowd("all workers at 0.05 %", lambda _: 0.0005),
    Crowd("all workers at 0.05 %, known from 4,000 fields each", lambda _: 0.0005, known=4000),
)


def row(
    crowd: Crowd,
    name: str,
    policy: Policy,
    *,
    seeds: Sequence[int] = SEEDS,
    bars: bool = False,
) -> dict[str, object]:
    """Return one row of the table, over all seeds."""
    runs = [run_crowd(crowd, policy, seed) for seed in seeds]
    fields, keyed = sum(r.fields for r in runs), sum(r.keyed for r in runs)
    wrong, per_field = sum(r.wrong for r in runs) / fields, keyed / fields
    found: dict[str, object] = {
        "name": f"data entry: {crowd.name}: {name}",
        "ours": round(100 * wrong, 3),
        "floor": round(100 * WRONG_MAX, 3) if bars else None,
        "ratio": round(per_field, 3),
        "unit": "% wrong fields",
        "note": (
            f"the ratio is entries per field; {sum(r.entries for r in runs) / (len(runs) * RECORDS):.2f} "
            f"answers per record, {100 * sum(r.stored_wrong for r in runs) / keyed:.2f} % of keyed fields wrong, "
            f"{100 * max(r.wrong / r.fields for r in runs):.3f} % in the worst of {len(runs)} seeds, "
            f"{sum(r.reviews for r in runs)} of {len(runs) * RECORDS} records to review, "
            f"{sum(r.asked_back for r in runs)} SMS asked back"
        ),
    }
    if bars:
        found["missed"] = [
            text
            for text, misses in (
                (f"{100 * wrong:.3f} % wrong fields", wrong > WRONG_MAX),
                (f"{per_field:.2f} entries per field", per_field > ENTRIES_MAX),
            )
            if misses
        ]
    return found


def run() -> list[dict[str, object]]:
    """Return all rows: the bars, then shared errors, then other crowds."""
    rows = [row(SMS, name, policy, bars=name == "double") for name, policy in POLICIES]
    rows += [row(crowd, "double", DoubleKeying(), seeds=SEEDS[:3]) for crowd in (*SHARED, *OTHERS)]
    return rows


if __name__ == "__main__":
    print(json.dumps({"results": run()}, indent=1))
