"""The replay of the live judge on recorded answers, step by step.

All tasks are open at once and get their recorded answers in recorded order, one per round. A task
that satisfies the rule takes no more of them. Skills are learnt as they are live: a stranger's at
first, then from gold and from every task that closed before.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gateway.qa.judging.overlap import TaskDecision, Verdict, judge
from gateway.qa.judging.ruling import Ruling
from gateway.qa.rows import Answer
from gateway.qa.skills.skill import Skill

ASKING = (TaskDecision.ASK_MORE, TaskDecision.ASK_BETTER)


@dataclass(frozen=True, slots=True)
class RehearsedAnswer:
    """One answer as it came in, with its worker, the skill just before, and the verdict just after.

    Where the policy wants more answers before it judges, `verdict` says so.
    """

    worker: str
    answer: str
    skill: Skill
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class RehearsedTask:
    """A task's answers up to its decision.

    `unused` recorded answers were not needed any more.
    """

    steps: tuple[RehearsedAnswer, ...]
    unused: int

    @property
    def verdict(self) -> Verdict:
        return self.steps[-1].verdict

    @property
    def short(self) -> bool:
        """Return True when the rule would have asked for more answers than were recorded."""
        return self.verdict.decision in ASKING


def rehearse(
    rows: Sequence[Answer],
    rule: Ruling,
    gold: Mapping[str, str] | None = None,
    language: str = "",
    message_minor: float = 0.0,
) -> dict[str, RehearsedTask]:
    """Return every task's history under a rule, by task.

    Rows are (task, worker, answer) in their order. `message_minor` is what the messages of one
    answer cost in addition to it, in minor units.
    """
    known = gold or {}
    queues: dict[str, list[Answer]] = {}
    for row in rows:
        queues.setdefault(row[0], []).append(row)
    policy, market = rule.overlap(), rule.market(message_minor)
    skills: dict[str, Skill] = {}
    steps: dict[str, list[RehearsedAnswer]] = {task: [] for task in queues}
    waiting = list(queues)
    while waiting:
        closed: list[str] = []
        still: list[str] = []
        for task in waiting:
            taken = steps[task]
            _, worker, answer = queues[task][len(taken)]
            held = skills.get(worker, Skill())
            verdict = judge(
                rule.form,
                [*(step.answer for step in taken), answer],
                [*(skills.get(step.worker, Skill()) for step in taken), held],
                rule.options,
                policy,
                language=language,
                market=market,
            )
            taken.append(RehearsedAnswer(worker, answer, held, verdict))
            more = verdict.answers_wanted > len(taken) and len(taken) < len(queues[task])
            (still if more else closed).append(task)
        for task in closed:
            _learn(skills, steps[task], known.get(task), rule, language)
        waiting = still
    return {
        task: RehearsedTask(tuple(taken), len(queues[task]) - len(taken))
        for task, taken in steps.items()
    }


def _learn(
    skills: dict[str, Skill],
    steps: list[RehearsedAnswer],
    truth: str | None,
    rule: Ruling,
    language: str,
) -> None:
    verdict = steps[-1].verdict
    believed = verdict.value if truth is None else truth
    assert believed is not None
    for step in steps:
        same = rule.form.same(step.answer, believed, language)
        held = skills.get(step.worker, Skill())
        if truth is not None:
            skills[step.worker] = held.after_gold(right=same)
        else:
            other = 0.0 if rule.is_text else 1.0 - verdict.confidence
            agreement = verdict.confidence if same else other
            skills[step.worker] = held.after_consensus(agreement)
