"""The form of answers that are records of typed fields: each field is compared and settled alone.

`language` is the tag of `gateway.qa.keying.records.record_tag`.
"""

from collections.abc import Mapping, Sequence

from gateway.qa.answers.port import AnswerTriple, BatchRule, LearntSkills, TaskResult
from gateway.qa.keying import records, settling
from gateway.qa.skills.skill import CONSENSUS_WEIGHT, Skill
from gateway.qa.value_of_information import Belief

_PASSES = 2
"""The rounds in which error rates and settled values are estimated from each other."""
_LEAST_ENTRIES = 2


def same(one: str, other: str, language: str) -> bool:
    """Return True when two records agree in all fields that both have."""
    found = records.marks(one, other, language)
    return bool(found) and all(found.values())


def grouped(values: Sequence[str], language: str) -> Sequence[str]:
    by = records.comparison(language)
    return [
        records.to_record(
            {
                name: records.spelling(name, one, by)
                for name, one in records.fields_of(value).items()
            }
        )
        for value in values
    ]


def belief(
    values: Sequence[str], skills: Sequence[Skill], options: Sequence[str], language: str
) -> Belief:
    """Return the record of the most likely values, with that of its least certain field."""
    fields = settling.settle(values, skills, language)
    sure = min((one.confidence for one in fields.values()), default=0.0)
    value = records.to_record({name: one.value for name, one in fields.items()})
    return Belief(value, sure, (1.0 - sure) / settling.RIVALS)


def choices(options: Sequence[str]) -> int:
    return int(settling.RIVALS) + 1


def ambiguous(
    values: Sequence[str], rights: Sequence[float], options: Sequence[str], language: str
) -> float:
    """Return 0: a record is copied from a source, and has one right value in each field."""
    return 0.0


def estimate(
    rows: Sequence[AnswerTriple], gold: Mapping[str, str], rule: BatchRule
) -> dict[str, tuple[str, float]]:
    known = _skills(rows, gold, rule.language)
    return {
        task: belief(
            [value for _, value in keyed], [known[who] for who, _ in keyed], (), rule.language
        )[:2]
        for task, keyed in _by_task(rows).items()
    }


def learnt(rows: Sequence[AnswerTriple], gold: Mapping[str, str], rule: BatchRule) -> LearntSkills:
    """Return the right and wrong fields of each worker, in answers that other workers check.

    No record becomes gold.
    """
    return LearntSkills(_skills(rows, gold, rule.language), None)


def _skills(rows: Sequence[AnswerTriple], gold: Mapping[str, str], tag: str) -> dict[str, Skill]:
    tasks = {task: keyed for task, keyed in _by_task(rows).items() if task not in gold}
    known = {who: Skill() for _, who, _ in rows}
    for _ in range(_PASSES):
        counts = {who: [0.0, 0.0] for who in known}
        for keyed in tasks.values():
            _count(keyed, known, tag, counts)
        known = {who: Skill(right, wrong) for who, (right, wrong) in counts.items()}
    return known


def _count(
    keyed: Sequence[tuple[str, str]],
    known: Mapping[str, Skill],
    tag: str,
    counts: Mapping[str, list[float]],
) -> None:
    """Add the fields of one task to its workers' counts of right and wrong."""
    truth = _settled(keyed, known, tag)
    for who, value in keyed:
        for right in records.marks(value, truth, tag).values():
            counts[who][0 if right else 1] += CONSENSUS_WEIGHT


def _settled(keyed: Sequence[tuple[str, str]], known: Mapping[str, Skill], tag: str) -> str:
    """Return the fields of one task that at least two workers keyed and that are settled."""
    values = [value for _, value in keyed]
    fields = settling.settle(values, [known[who] for who, _ in keyed], tag)
    sure = {n: f.value for n, f in fields.items() if f.how in (settling.AGREED, settling.SETTLED)}
    return records.to_record(sure)


def settled_by_skill(
    rows: Sequence[AnswerTriple], gold: Mapping[str, str], tag: str
) -> dict[str, str]:
    """Return for each task that is no gold its settled fields as a record, by all answers."""
    known = _skills(rows, gold, tag)
    tasks = _by_task(rows)
    return {task: _settled(keyed, known, tag) for task, keyed in tasks.items() if task not in gold}


def _by_task(rows: Sequence[AnswerTriple]) -> dict[str, list[tuple[str, str]]]:
    found: dict[str, list[tuple[str, str]]] = {}
    for task, who, value in rows:
        found.setdefault(task, []).append((who, value))
    return found


def marks(value: str, truth: str, language: str) -> Sequence[bool]:
    return tuple(records.marks(value, truth, language).values())


def agreements(value: str, result: TaskResult, language: str) -> Sequence[float]:
    """Return 1 or 0 per field; nothing where the only entry decided."""
    if result.answers < _LEAST_ENTRIES:
        return ()
    found = records.marks(value, result.value, language)
    return tuple(float(right) for right in found.values())
