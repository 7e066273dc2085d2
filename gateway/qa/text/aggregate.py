"""The aggregation of all typed answers of a batch: trust in workers, texts and confidences.

`medoid` is for short exact strings, `rover` for sentences. `auto` looks at how long the answers
are.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np

from gateway.base.errors import Refused
from gateway.qa.confidence.calibration import Calibration, calibration
from gateway.qa.confidence.certificate import Certificate, TooLittleGold, certificate
from gateway.qa.port import UNKNOWN, Codes, Floats
from gateway.qa.skills.skill import PRIOR_RIGHT, PRIOR_WRONG
from gateway.qa.text.batch import TRUST, TypedTask, group_answers, trusts
from gateway.qa.text.medoid import medoid
from gateway.qa.text.rover import rover
from gateway.qa.typed.near import group_confidence, is_near
from gateway.qa.typed.normalise import EXACT, normalise

METHODS = ("auto", "medoid", "rover")
SENTENCE_WORDS = 4  # Answers of fewer words are names and numbers, which are kept as typed.
RIGHT, WRONG = 0, 1
NOT_RIGHT = (0.0, 1.0)  # Among countless texts a guess is never right.
ROUNDS = 2  # The rounds of each method, with trust learnt anew in between.


@dataclass(frozen=True, slots=True)
class TextEstimate:
    """The value of every task, as close to a worker's typing as it can be, and its confidence.

    `confidence` is the chance that the value is near-equal to the truth, after `calibration`.
    `certificate` describes the same of tasks that are not gold. `skill[worker]` is the chance that
    an answer of that worker is near-equal to the value.
    """

    method: str
    tasks: tuple[str, ...]
    value: tuple[str, ...]
    confidence: tuple[float, ...]
    skill: Mapping[str, float]
    calibration: Calibration
    certificate: Certificate | TooLittleGold

    @property
    def checked(self) -> bool:
        """Return True when any truth was known.

        Otherwise the confidences rest on other batches.
        """
        return self.certificate.gold > 0


def aggregate(
    rows: Iterable[Sequence[str]],
    gold: Mapping[str, str] | None = None,
    *,
    method: str = "auto",
    language: str = "",
) -> TextEstimate:
    """Aggregate (task, worker, answer) rows.

    `gold` maps tasks to texts known to be true. Raises Refused for an unknown method, and without
    any row.
    """
    return with_gold(unaided(rows, method=method, language=language), gold)


@dataclass(frozen=True, slots=True)
class Unaided:
    """Typed answers, and their estimate without gold, which stays the same for any gold."""

    tasks: Sequence[TypedTask]
    method: str
    language: str
    found: "_Found"


def unaided(rows: Iterable[Sequence[str]], *, method: str = "auto", language: str = "") -> Unaided:
    """Return the estimate of the answers without gold.

    Raises Refused as `aggregate` does.
    """
    if method not in METHODS:
        raise Refused(
            f"unknown text method '{method}'; known methods: {', '.join(METHODS)}", field="method"
        )
    tasks = group_answers(rows, language)
    if not tasks:
        raise Refused("there are no answers to aggregate", field="answer")
    if method == "auto":
        method = _for_length(tasks)
    elif method == "rover" and _are_values(tasks):
        raise Refused(
            "rover combines texts, and parts of two values do not make a value: use medoid",
            field="method",
        )
    return Unaided(tasks, method, language, _found(tasks, {}, method))


def with_gold(answers: Unaided, gold: Mapping[str, str] | None = None) -> TextEstimate:
    """Return the estimate, with what `gold` teaches of workers and of confidences."""
    tasks, found, language = answers.tasks, answers.found, answers.language
    known = {task: normalise(text, language) for task, text in (gold or {}).items()}
    # Only what was found without gold says how right the others are. Then gold teaches trust in
    # workers.
    right = _right(tasks, found, known)
    learnt = calibration(_pairs(found.raw), _independent(tasks), right, NOT_RIGHT)
    certified: Certificate | TooLittleGold = TooLittleGold(0)
    if known:
        count = int((right != UNKNOWN).sum())
        certified = certificate(int((right == RIGHT).sum()), count, len(tasks) - count)
        found = _found(tasks, known, answers.method)
    confidence = learnt.apply(_pairs(found.raw), _independent(tasks))[:, RIGHT].tolist()
    trust = trusts(_telling(tasks, known), found.believed)
    values = [
        gold[t.name]
        if gold and t.name in gold
        else _as_typed(t, found.believed[t.name], trust, language)
        for t in tasks
    ]
    return TextEstimate(
        answers.method,
        tuple(t.name for t in tasks),
        tuple(values),
        tuple(1.0 if t.name in known else c for t, c in zip(tasks, confidence, strict=True)),
        found.skill,
        learnt,
        certified,
    )


@dataclass(frozen=True, slots=True)
class _Found:
    """The consensus of a batch.

    It has the normalised consensus per task, the workers' skills by it, and the chance of each
    task's group to be right.
    """

    believed: Mapping[str, str]
    skill: Mapping[str, float]
    raw: tuple[float, ...]


def _found(tasks: Sequence[TypedTask], known: dict[str, str], method: str) -> _Found:
    believed = _agree(tasks, known, method)
    skill = _skills(tasks, believed, known)
    return _Found(believed, skill, tuple(_confidence(t, believed[t.name], skill) for t in tasks))


def _pairs(chances: Sequence[float]) -> Floats:
    """Return chances as posteriors over two options: the value is `RIGHT`, or it is not."""
    right = np.array(chances)
    return np.stack((right, 1.0 - right), 1)


def _independent(tasks: Sequence[TypedTask]) -> Codes:
    """Return 1 per task, because the answers need no further softening.

    Typed answers are counted in groups, whose chances include shared mistakes already
    (`near.RIVALS`).
    """
    return np.ones(len(tasks), np.intp)


def _right(tasks: Sequence[TypedTask], found: _Found, known: Mapping[str, str]) -> Codes:
    """Return per task with a known truth whether the found value is near it, else `UNKNOWN`."""
    return np.array(
        [
            UNKNOWN
            if t.name not in known
            else RIGHT
            if is_near(found.believed[t.name], known[t.name])
            else WRONG
            for t in tasks
        ],
        np.intp,
    )


def _for_length(tasks: Sequence[TypedTask]) -> str:
    if _are_values(tasks):
        return "medoid"  # Words of two values make no third value.
    words = median(len(text.split()) for task in tasks for text in task.texts)
    return "rover" if words >= SENTENCE_WORDS else "medoid"


def _are_values(tasks: Sequence[TypedTask]) -> bool:
    return all(text.startswith(EXACT) for task in tasks for text in task.texts)


def _agree(tasks: Sequence[TypedTask], known: dict[str, str], method: str) -> dict[str, str]:
    """Return the normalised consensus per task."""
    believed = {t.name: medoid(t, np.ones(len(t.texts))) for t in tasks} | known
    for _ in range(ROUNDS):
        weights = _weights(tasks, believed, known)
        believed = {t.name: medoid(t, weights[t.name]) for t in tasks} | known
    for _ in range(ROUNDS if method == "rover" else 0):
        weights = _weights(tasks, believed, known)
        believed = {t.name: rover(t, weights[t.name], believed[t.name]) for t in tasks} | known
    return believed


def _telling(tasks: Sequence[TypedTask], known: Mapping[str, str]) -> list[TypedTask]:
    """Return the tasks that say something about workers.

    A lone answer is its task's value, and agreeing with oneself shows no skill.
    """
    return [task for task in tasks if len(task.texts) > 1 or task.name in known]


def _weights(
    tasks: Sequence[TypedTask], believed: Mapping[str, str], known: Mapping[str, str]
) -> dict[str, Floats]:
    """Return the trust in the worker of every answer, per task."""
    trust = trusts(_telling(tasks, known), believed)
    return {t.name: np.array([trust.get(worker, TRUST) for worker in t.workers]) for t in tasks}


def _skills(
    tasks: Sequence[TypedTask], believed: Mapping[str, str], known: Mapping[str, str]
) -> dict[str, float]:
    """Return the chance that an answer of each worker is near-equal to the value of its task."""
    right = {worker: PRIOR_RIGHT for task in tasks for worker in task.workers}
    seen = dict.fromkeys(right, PRIOR_RIGHT + PRIOR_WRONG)
    for task in _telling(tasks, known):
        for text, worker in zip(task.texts, task.workers, strict=True):
            right[worker] += is_near(text, believed[task.name])
            seen[worker] += 1.0
    return {worker: right[worker] / seen[worker] for worker in sorted(right)}


def _confidence(task: TypedTask, believed: str, skill: Mapping[str, float]) -> float:
    return group_confidence(believed, task.texts, [skill[worker] for worker in task.workers])


def _as_typed(task: TypedTask, believed: str, trust: Mapping[str, float], language: str) -> str:
    """Return the spelling of the most trusted worker who typed exactly that.

    Where there is none, return the spelling word by word.
    """
    by_trust = sorted(
        range(len(task.raw)), key=lambda i: (-trust.get(task.workers[i], TRUST), task.raw[i])
    )
    spelt: dict[str, str] = {}
    for i in by_trust:
        if task.texts[i] == believed:
            return task.raw[i]
        for word in task.raw[i].split():
            spelt.setdefault(normalise(word, language), word)
    return " ".join(spelt.get(word, word) for word in believed.split())
