"""The trial of another rule on records of fields, by the answers that there are.

A record has no single value that a rule could aggregate. So each task is judged again after each of
its answers, as it was when they arrived, until the rule wants no further one.
"""

from collections.abc import Mapping, Sequence

from gateway.base.errors import Refused
from gateway.qa.judging.overlap import (
    CONFIDENCE,
    DOUBLE,
    TaskDecision,
    Verdict,
    judge,
    parse_policy,
)
from gateway.qa.judging.ruling import Ruling
from gateway.qa.rows import Answer
from gateway.qa.skills.skill import Skill
from gateway.qa.trials.dry_run import DryRun, RuleOutcome, ValueChange
from gateway.steps.quality.comparison import compared_as
from gateway.steps.runtime import Runtime
from gateway.store.batches.batches import Batch
from gateway.store.quality import rulings

_SHORT = (TaskDecision.ASK_MORE, TaskDecision.ASK_BETTER)
_PERSON = (TaskDecision.REVIEW, TaskDecision.AMBIGUOUS)


async def try_on_records(
    rt: Runtime,
    batch: Batch,
    rows: Sequence[Answer],
    rules: tuple[Ruling, Ruling],
    gold: Mapping[str, str],
) -> DryRun:
    """Replay records under the present and the new rule, with the present skills of the workers.

    Raises Refused for a policy that records cannot have.
    """
    new = rules[1]
    if new.policy != DOUBLE and not new.policy.startswith("fixed:"):
        raise Refused(
            f"data entry has the policies double and fixed:N, not {new.policy!r}", field="policy"
        )
    skills = await rulings.skills_in(rt.db, batch.id, batch.kind)
    given = dict[str, list[tuple[str, Skill]]]()
    for task, worker, value in rows:
        given.setdefault(task, []).append((value, skills.get(worker, Skill())))
    (before, was), (after, becomes) = (_outcome(rt, batch, given, rule, gold) for rule in rules)
    changes = tuple(
        ValueChange(task, was[task] or "", becomes[task] or "", gold.get(task))
        for task in sorted(was)
        if was[task] != becomes[task]
    )
    return DryRun(len(given), before, after, changes)


def _outcome(
    rt: Runtime,
    batch: Batch,
    given: Mapping[str, Sequence[tuple[str, Skill]]],
    rule: Ruling,
    gold: Mapping[str, str],
) -> tuple[RuleOutcome, dict[str, str | None]]:
    form, language = rt.kind_of(batch.kind).ANSWERS, compared_as(rt.kind_of, batch)
    replayed = {task: _replayed(rt, batch, answers, rule) for task, answers in given.items()}
    taken = sum(count for task, (count, _) in replayed.items() if task not in gold)
    real = [verdict for task, (_, verdict) in replayed.items() if task not in gold]
    scored = [
        form.same(verdict.value or "", gold[task], language)
        for task, (_, verdict) in replayed.items()
        if task in gold
    ]
    outcome = RuleOutcome(
        version=rule.version,
        answers=taken,
        cost_minor=taken * rule.price_minor,
        accuracy=sum(scored) / len(scored) if scored else None,
        review=sum(verdict.decision in _PERSON for verdict in real),
        short=sum(verdict.decision in _SHORT for verdict in real),
    )
    return outcome, {task: verdict.value for task, (_, verdict) in replayed.items()}


def _replayed(
    rt: Runtime, batch: Batch, answers: Sequence[tuple[str, Skill]], rule: Ruling
) -> tuple[int, Verdict]:
    """Return the number of answers that the rule wanted, and its last verdict."""
    form, language = rt.kind_of(batch.kind).ANSWERS, compared_as(rt.kind_of, batch)
    policy = parse_policy(rule.policy, available=None, confidence=rule.confidence or CONFIDENCE)
    values, skills = [value for value, _ in answers], [skill for _, skill in answers]
    for count in range(1, len(answers)):
        verdict = judge(
            form, values[:count], skills[:count], batch.option_ids, policy, language=language
        )
        if verdict.decision not in _SHORT:
            return count, verdict
    return len(answers), judge(form, values, skills, batch.option_ids, policy, language=language)
