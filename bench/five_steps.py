"""The five quality steps on a crowd with careless workers, beside redundancy alone.

    python -m bench.five_steps [--seeds N] [--careless SHARE] [--json FILE]

Every decision is made by the gateway's own rules: entry gold and hidden gold, pauses, the judge,
the estimate at the close, the review, the draw of the audit and what follows from it. Only the
workers are simulated. A careless worker answers at random. Costs are in prices of one answer, per
task, with gold, reviews and paid auditors. The target is what the majority of all answers reaches
on the same questions with a crowd in which no worker is careless.
"""

import argparse
import json
import random
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import exp, log
from pathlib import Path
from statistics import fmean

from gateway.qa.answers import choice
from gateway.qa.answers.port import BatchRule
from gateway.qa.checks.audit_outcome import ANSWERS_MORE, ROUNDS_MAX, asked_again, audit_outcome
from gateway.qa.checks.plan import AuditRule, QualificationRule, ReviewRule
from gateway.qa.checks.review_result import EarlierResult, review_result
from gateway.qa.checks.sampling import draw
from gateway.qa.judging.overlap import judge, parse_policy
from gateway.qa.judging.verdict_effect import AnswerCounts, Judgement, effect_of
from gateway.qa.skills.gold import Standing, gold_due, standing
from gateway.qa.skills.skill import Skill

SEEDS, CARELESS = 10, 0.3
TASKS, WORKERS, GOLD, ALL_ANSWERS = 400, 40, 40, 7
OPTIONS = ("no", "yes")
SKILL, SPREAD, UNEVEN = 0.82, 0.08, 0.6
POLICY, CONFIDENCE, GOLD_RATE = "dynamic", 0.95, 0.03
QUALIFICATION = QualificationRule(min_skill=0.75, min_gold=5)
REVIEW = ReviewRule(price_minor=3, share=0.3)
AUDIT = AuditRule(price_minor=3, promise=0.95, half_width=0.04)
"""The prices are multiples of the price of one answer: a reviewer earns three times as much."""
FIXED = tuple(range(3, 25, 2))


@dataclass
class Member:
    """A worker of the crowd, and the gateway's knowledge of her."""

    name: str
    skill: float | None
    """The chance to be right at a question of mean difficulty; None for a careless worker."""
    known: Skill = field(default_factory=Skill)
    answers: int = 0
    gold: int = 0
    trial: list[bool] = field(default_factory=list)
    asked: set[str] = field(default_factory=set)

    def says(self, truth: str, difficulty: float, dice: random.Random) -> str:
        if self.skill is None:
            return dice.choice(OPTIONS)
        right = 1.0 / (1.0 + exp(difficulty - log(self.skill / (1.0 - self.skill))))
        return truth if dice.random() < right else OPTIONS[truth == OPTIONS[0]]


@dataclass
class Questions:
    """The questions of a batch with their truths, and its gold."""

    truth: dict[str, str]
    difficulty: dict[str, float]

    @classmethod
    def drawn(cls, dice: random.Random, prefix: str, number: int) -> "Questions":
        names = [f"{prefix}{n:04}" for n in range(number)]
        return cls(
            {name: dice.choice(OPTIONS) for name in names},
            {name: dice.gauss(0.0, UNEVEN) for name in names},
        )

    def right(self, values: Mapping[str, str]) -> float:
        return fmean(values.get(task) == truth for task, truth in self.truth.items())


def crowd(dice: random.Random, careless: float) -> list[Member]:
    """Return a crowd with this share of careless workers."""
    strength = SKILL * (1.0 - SKILL) / SPREAD**2 - 1.0
    members = [
        Member(
            f"w{n:03}",
            min(max(dice.betavariate(strength * SKILL, strength * (1 - SKILL)), 0.55), 0.99),
        )
        for n in range(WORKERS)
    ]
    for member in dice.sample(members, round(careless * WORKERS)):
        member.skill = None
    return members


Votes = dict[str, list[tuple[Member, str]]]


def fixed_answers(
    asked: Questions, members: Sequence[Member], number: int, dice: random.Random
) -> Votes:
    """Return `number` answers to each question from random workers."""
    return {
        task: [
            (m, m.says(truth, asked.difficulty[task], dice)) for m in dice.sample(members, number)
        ]
        for task, truth in asked.truth.items()
    }


def majority(votes: Votes) -> dict[str, str]:
    """Return the most frequent answer to each question; the first of equally frequent ones."""
    return {
        task: Counter(v for _, v in given).most_common(1)[0][0] for task, given in votes.items()
    }


def estimated(votes: Votes, gold: Votes, truths: Mapping[str, str]) -> dict[str, tuple[str, float]]:
    """Return the gateway's estimate over all answers, as at the close of a batch."""
    rows = [(t, m.name, v) for some in (votes, gold) for t, given in some.items() for m, v in given]
    return choice.estimate(rows, truths, BatchRule(OPTIONS, "auto", ""))


class Work:
    """A batch on its way through the five steps."""

    def __init__(
        self, asked: Questions, golds: Questions, members: Sequence[Member], dice: random.Random
    ) -> None:
        self.asked, self.golds, self.members, self.dice = asked, golds, members, dice
        self.votes: Votes = {task: [] for task in asked.truth}
        self.gold_votes: Votes = {task: [] for task in golds.truth}
        self.wanted = dict.fromkeys(asked.truth, 2)
        self.maximum = dict.fromkeys(asked.truth, ALL_ANSWERS)
        self.online: dict[str, tuple[str, str]] = {}
        """The value and the state of each task that is not open."""
        self.answers_paid = self.gold_paid = self.paused = 0

    def goes_on(self) -> None:
        """Ask workers at random until each task is decided, or no worker may answer."""
        idle = 0
        while len(self.online) < len(self.asked.truth) and idle < 20 * WORKERS:
            idle = 0 if self._asks(self.dice.choice(self.members)) else idle + 1

    def _asks(self, member: Member) -> bool:
        if _is_paused(member) or member.known.mean < QUALIFICATION.min_skill:
            return False
        task = next(
            (t for t in self.asked.truth if t not in self.online and t not in member.asked), None
        )
        if task is None:
            return False
        entry = len(member.trial) < QUALIFICATION.min_gold
        due = entry or gold_due(member.answers, member.gold, member.known, GOLD_RATE)
        fresh = [t for t in self.golds.truth if t not in member.asked] if due else []
        member.answers += 1
        if fresh:
            self._take_gold(member, min(fresh, key=lambda t: len(self.gold_votes[t])))
        else:
            self._take(member, task)
        return True

    def _take_gold(self, member: Member, task: str) -> None:
        truth = self.golds.truth[task]
        said = member.says(truth, self.golds.difficulty[task], self.dice)
        member.asked.add(task)
        member.gold += 1
        member.trial.append(said == truth)
        member.known = member.known.after_gold(right=said == truth)
        self.gold_votes[task].append((member, said))
        self.gold_paid += 1
        self.paused += _is_paused(member)

    def _take(self, member: Member, task: str) -> None:
        said = member.says(self.asked.truth[task], self.asked.difficulty[task], self.dice)
        member.asked.add(task)
        self.votes[task].append((member, said))
        self.answers_paid += 1
        given = self.votes[task]
        if len(given) < self.wanted[task]:
            return
        policy = parse_policy(POLICY, available=self.maximum[task], confidence=CONFIDENCE)
        verdict = judge(choice, [v for _, v in given], [m.known for m, _ in given], OPTIONS, policy)
        effect = effect_of(
            Judgement(verdict, "", {}), AnswerCounts(len(given), 0, 0, self.maximum[task])
        )
        self.wanted[task] = effect.wanted
        if effect.state != "open":
            assert effect.value is not None
            assert effect.confidence is not None
            self.online[task] = (effect.value, effect.state)
            for one, value in given:
                agrees = effect.confidence if value == effect.value else 1.0 - effect.confidence
                one.known = one.known.after_consensus(agrees)

    def results(self) -> dict[str, tuple[str, float]]:
        found = estimated(self.votes, self.gold_votes, self.golds.truth)
        return {task: found[task] for task in self.asked.truth if task in found}

    def reviewed(self, results: dict[str, tuple[str, float]]) -> tuple[dict[str, str], int]:
        """Let proven workers decide the doubtful tasks; return their values and paid answers."""
        doubtful = sorted(
            (confidence, task)
            for task, (_, confidence) in results.items()
            if confidence < REVIEW.below or self.online.get(task, ("", "review"))[1] == "review"
        )[: REVIEW.most_tasks(len(self.asked.truth))]
        found, paid = dict[str, str](), 0
        for confidence, task in doubtful:
            said = self._blindly(task)
            if said is None:
                continue
            paid += 1
            earlier = EarlierResult(results[task][0], confidence)
            result = review_result(choice, earlier, [(said[1], said[0].known)], OPTIONS)
            if result is not None and result.decided:
                found[task] = result.value
        # Hidden gold among the questions of reviewers is paid too.
        return found, paid + REVIEW.most_golds(len(self.asked.truth)) * len(doubtful) // max(
            1, REVIEW.most_tasks(len(self.asked.truth))
        )

    def _blindly(self, task: str) -> tuple[Member, str] | None:
        free = [
            m
            for m in self.members
            if m.known.mean >= REVIEW.min_skill and not _is_paused(m) and task not in m.asked
        ]
        if not free:
            return None
        member = self.dice.choice(free)
        member.asked.add(task)
        return member, member.says(self.asked.truth[task], self.asked.difficulty[task], self.dice)


def _is_paused(member: Member) -> bool:
    return standing(sum(member.trial), len(member.trial) - sum(member.trial)) is Standing.PAUSED


def five_steps(
    asked: Questions, golds: Questions, members: Sequence[Member], seed: int
) -> dict[str, float]:
    """Return accuracy after each step and the costs per task, from the first answer to delivery."""
    dice, tasks = random.Random(seed), len(asked.truth)
    work = Work(asked, golds, members, dice)
    values = dict[str, str]()
    fixed = dict[str, str]()
    paid = {"review": 0, "audit": 0}
    told: dict[str, float] = {}
    for nth in range(1, ROUNDS_MAX + 1):
        work.goes_on()
        results = work.results()
        if nth == 1:
            told["redundancy"] = asked.right({t: v for t, (v, _) in results.items()})
            found, paid["review"] = work.reviewed(results)
            fixed |= found
        values = {task: value for task, (value, _) in results.items()} | fixed
        told.setdefault("review", asked.right(values))
        sample = draw(f"{seed}:{nth}", values, AUDIT.sample(len(values)))
        paid["audit"] += len(sample)
        wrong = [task for task in sample if values[task] != asked.truth[task]]
        fixed |= {task: asked.truth[task] for task in wrong}
        values |= fixed
        outcome = audit_outcome(len(wrong), len(sample), len(values), AUDIT.allowed)
        assert outcome is not None
        told |= {"low": outcome.remaining.low, "high": outcome.remaining.high}
        again = list[str]()
        if not outcome.keeps_promise and nth < ROUNDS_MAX:
            slots = sum(work.maximum[t] - len(work.votes[t]) for t in asked.truth)
            left = REVIEW.most_minor(tasks) - paid["review"] * REVIEW.price_minor
            unsure = [(t, c) for t, (_, c) in results.items() if t not in fixed and t not in sample]
            again = asked_again(unsure, slots + left, 1)
            for task in again:
                work.wanted[task] = len(work.votes[task]) + ANSWERS_MORE
                work.maximum[task] = max(work.maximum[task], work.wanted[task])
                work.online.pop(task, None)
        told["rounds"] = nth
        if not again:
            break
    costs = {
        "gold_cost": work.gold_paid,
        "answers_cost": work.answers_paid,
        "review_cost": paid["review"] * REVIEW.price_minor,
        "audit_cost": paid["audit"] * AUDIT.price_minor,
    }
    told |= {name: cost / tasks for name, cost in costs.items()}
    return told | {
        "right": asked.right(values),
        "cost": sum(costs.values()) / tasks,
        "paused": work.paused,
    }


def compared(seed: int, careless: float) -> dict[str, dict[str, float]]:
    """Return accuracy and cost of each way to answer the same questions."""
    dice = random.Random(seed)
    asked, golds = Questions.drawn(dice, "t", TASKS), Questions.drawn(dice, "g", GOLD)
    clean, mixed = crowd(dice, 0.0), crowd(dice, careless)
    target = asked.right(majority(fixed_answers(asked, clean, ALL_ANSWERS, dice)))
    found = {"target": {"right": target, "cost": float(ALL_ANSWERS)}}
    for number in FIXED:
        votes = fixed_answers(asked, mixed, number, dice)
        best = {task: value for task, (value, _) in estimated(votes, {}, {}).items()}
        found[f"majority_{number}"] = {"right": asked.right(majority(votes)), "cost": float(number)}
        found[f"auto_{number}"] = {"right": asked.right(best), "cost": float(number)}
    found["five_steps"] = five_steps(asked, golds, mixed, seed)
    return found


def table(seeds: int, careless: float) -> list[dict[str, object]]:
    """Return the means over the seeds, and the least redundancy that reaches the target."""
    runs = [compared(seed, careless) for seed in range(seeds)]
    rows = [
        {"name": name, **{k: round(fmean(run[name][k] for run in runs), 4) for k in runs[0][name]}}
        for name in runs[0]
    ]
    target = fmean(run["target"]["right"] for run in runs)
    for rule in ("majority", "auto"):
        enough = [n for n in FIXED if fmean(r[f"{rule}_{n}"]["right"] for r in runs) >= target]
        rows.append({"name": f"least_{rule}", "cost": enough[0] if enough else None})
    gaps = [run["five_steps"]["right"] - run["target"]["right"] for run in runs]
    rows.append({"name": "five_steps_over_target", "mean": fmean(gaps), "worst": min(gaps)})
    return rows


def main() -> None:
    """Run every seed and print the table as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--careless", type=float, default=CARELESS)
    parser.add_argument("--json", default="-", help="where to write the table; - is stdout")
    chosen = parser.parse_args()
    text = json.dumps({"results": table(chosen.seeds, chosen.careless)}, indent=1) + "\n"
    if chosen.json == "-":
        sys.stdout.write(text)
    else:
        Path(chosen.json).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
