"""The sign of copying: two workers who make the same mistakes too often.

The difficulty of their questions does not explain it. Being right together proves nothing. Being
wrong together, with the same answer, on questions where the others are right, does. An answer is
wrong when most others (without the two) did not say it. Two sources say how likely the slip was:
the others' answers to the question, and each worker's own habit of taking one option for another.
So neither hard questions nor lenient readers are accused. Any likeness beyond that which all
workers show is taken for their nature (an empirical null, Efron 2004).

Ties are a shared payout number, a referral or a partner. Ties and answers within a minute of each
other make a pair worth a closer look, with the same number of false alarms in sum. Alone they mean
nothing. Copying from a worker who makes no mistakes cannot be seen here, and does no harm either.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import combinations
from statistics import NormalDist, median, quantiles

from gateway.qa.cheating._crowd import AnswerAgreement
from gateway.qa.observed import FALSE_SHARE, Finding, Observed
from gateway.qa.significance import at_least, beyond_luck

SHARED_MIN = 8  # The number of questions that both answered, and others too.
WRONG_MIN = 3  # The number of these that both answered with the same mistake.
TIED = 8.0  # A tied pair gets this multiple of the attention of an untied one.
TOGETHER_S = 60.0
# The number of answers per question's value. A worker with few is taken to err as all do.
HABIT_PRIOR = 5.0
# The number of answers. A task with few others is taken to be about as hard as all are.
DIFFICULTY_PRIOR = 12.0
SLIP_MAX = 0.95
PAIRS_MIN = 40  # Fewer pairs do not show which likeness is the nature of these workers.
USUAL_SHARE = 0.95  # This share of the pairs is taken to be innocent.
CHANCE_MIN = 1e-15
_NORMAL = NormalDist()


@dataclass(frozen=True, slots=True)
class _Pair:
    """Two workers, with their shared questions, their same mistakes, and the chance of these."""

    one: str
    other: str
    same_mistakes: int
    shared: int
    expected: float
    chance: float
    ties: tuple[str, ...]
    gap_s: float | None


def look(observed: Observed) -> list[Finding]:
    """Return one finding per group of workers who copy each other.

    See `gateway.qa.observed.CheatingRule`.
    """
    crowd = AnswerAgreement(observed.deeds, observed.options)
    times = {(deed.task, deed.worker): deed.at for deed in observed.deeds}
    pairs = _tempered(list(_pairs(crowd, times, observed.ties)))
    attention = [TIED if _near(pair) else 1.0 for pair in pairs]
    mean = sum(attention) / max(1, len(pairs))
    # This is the weighted false discovery rate (Genovese, Roeder and Wasserman 2006): weights
    # average to one.
    weighed = [min(1.0, p.chance * mean / w) for p, w in zip(pairs, attention, strict=True)]
    believed = beyond_luck(weighed, FALSE_SHARE)
    sure = [pair for pair, is_sure in zip(pairs, believed, strict=True) if is_sure]
    return [_finding(group) for group in _groups(sure)]


def _near(pair: _Pair) -> bool:
    return bool(pair.ties) or (pair.gap_s is not None and pair.gap_s <= TOGETHER_S)


def _pairs(
    crowd: AnswerAgreement,
    times: Mapping[tuple[str, str], float | None],
    ties: Mapping[str, Mapping[str, str]],
) -> Iterator[_Pair]:
    shared: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for task, answers in crowd.of_task.items():
        if len(answers) > 2:  # noqa: PLR2004  # other workers must say what is wrong
            for pair in combinations(sorted(answers), 2):
                shared[pair].append(task)
    habits = _Habits(crowd)
    for (one, other), tasks in sorted(shared.items()):
        if len(tasks) < SHARED_MIN:
            continue
        hits = sum(_alike(crowd, task, one, other) for task in tasks)
        chances = (
            [habits.same_mistake(task, one, other) for task in tasks] if hits >= WRONG_MIN else []
        )
        gaps = [
            abs(first - second)
            for task in tasks
            if (first := times[task, one]) is not None
            and (second := times[task, other]) is not None
        ]
        yield _Pair(
            one,
            other,
            hits,
            len(tasks),
            sum(chances),
            max(CHANCE_MIN, at_least(hits, chances)) if chances else 1.0,
            _ties(one, other, ties),
            median(gaps) if gaps else None,
        )


def _tempered(pairs: list[_Pair]) -> list[_Pair]:
    """Return the pairs with their chances relative to the likeness that most pairs show."""
    if len(pairs) < PAIRS_MIN:
        return pairs
    scores = [_NORMAL.inv_cdf(1.0 - min(max(p.chance, CHANCE_MIN), 0.5)) for p in pairs]
    usual = quantiles(scores, n=100)[round(100 * USUAL_SHARE) - 1]
    spread = max(1.0, usual / _NORMAL.inv_cdf(USUAL_SHARE))
    return [
        pair if pair.chance >= 1.0 else replace(pair, chance=_NORMAL.cdf(-score / spread))
        for pair, score in zip(pairs, scores, strict=True)
    ]


def _alike(crowd: AnswerAgreement, task: str, one: str, other: str) -> bool:
    """Return True when both gave the same answer, and most others another."""
    answers = crowd.of_task[task]
    if answers[one] != answers[other]:
        return False
    shares = crowd.others(task, (one, other))
    return shares[answers[one]] < max(shares.values())


class _Habits:
    """The habits of workers: how often each says one answer where the others say another.

    It is in units of the rate of all workers.
    """

    def __init__(self, crowd: AnswerAgreement) -> None:
        self._crowd = crowd
        self._said: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
        self._all: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for worker, deeds in crowd.of_worker.items():
            for deed in deeds:
                if len(crowd.of_task[deed.task]) > 1:
                    shares = crowd.others(deed.task, (worker,))
                    believed = max(shares, key=shares.__getitem__)
                    self._said[worker, believed][deed.answer] += 1
                    self._all[believed][deed.answer] += 1

    def same_mistake(self, task: str, one: str, other: str) -> float:
        """Return the chance that two strangers with these habits make one same mistake."""
        shares = self._crowd.others(task, (one, other))
        most = max(shares.values())
        believed = max(shares, key=shares.__getitem__)
        others = len(self._crowd.of_task[task]) - 2
        chance = 0.0
        for answer, share in shares.items():
            if share < most:
                slip = (share * others + DIFFICULTY_PRIOR * self._usual(believed, answer)) / (
                    others + DIFFICULTY_PRIOR
                )
                first = slip * self._habit(one, believed, answer)
                second = slip * self._habit(other, believed, answer)
                chance += min(SLIP_MAX, first) * min(SLIP_MAX, second)
        return min(chance, SLIP_MAX)

    def _usual(self, believed: str, answer: str) -> float:
        every = self._all[believed]
        return max(every[answer] / max(1, every.total()), 0.01)

    def _habit(self, worker: str, believed: str, answer: str) -> float:
        usual = self._usual(believed, answer)
        own = self._said[worker, believed]
        return (own[answer] + HABIT_PRIOR * usual) / (own.total() + HABIT_PRIOR) / usual


def _ties(one: str, other: str, ties: Mapping[str, Mapping[str, str]]) -> tuple[str, ...]:
    first, second = ties.get(one, {}), ties.get(other, {})
    found = [name for name in sorted(first) if first[name] == second.get(name)]
    found += [
        name
        for name in sorted({*first, *second})
        if first.get(name) == other or second.get(name) == one
    ]
    return tuple(dict.fromkeys(found))


def _groups(pairs: list[_Pair]) -> list[list[_Pair]]:
    """Return pairs that share workers as lists."""
    group_of: dict[str, list[_Pair]] = {}
    for pair in pairs:
        first, second = group_of.get(pair.one, []), group_of.get(pair.other, [])
        merged = [*first, *(second if second is not first else []), pair]
        for member in {name for p in merged for name in (p.one, p.other)}:
            group_of[member] = merged
    return list({id(group): group for group in group_of.values()}.values())


def _finding(group: list[_Pair]) -> Finding:
    group = sorted(group, key=lambda pair: (pair.chance, pair.one, pair.other))
    worst = group[0]
    members = sorted({name for pair in group for name in (pair.one, pair.other)})
    ties = Counter(tie for pair in group for tie in pair.ties)
    return Finding(
        "copying",
        tuple(members),
        worst.chance,
        f"{worst.one} and {worst.other} made the same mistake {worst.same_mistakes} times in "
        f"{worst.shared} shared questions, where about {worst.expected:.1f} would be expected"
        + (f"; they share: {', '.join(worst.ties)}" if worst.ties else ""),
        {
            "pairs": [
                {
                    "workers": [pair.one, pair.other],
                    "same mistakes": pair.same_mistakes,
                    "expected": round(pair.expected, 2),
                    "shared": pair.shared,
                    "chance": pair.chance,
                    "ties": list(pair.ties),
                    "median gap, s": pair.gap_s,
                }
                for pair in group
            ],
            "ties": dict(ties),
        },
    )
