"""The plan of a batch's quality steps: which ones the client ordered, and by which numbers."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from math import ceil
from typing import Any

from gateway.qa.checks.audit_outcome import ROUNDS_MAX
from gateway.qa.checks.sampling import sample_size

ACCEPT_H = 168
"""The hours after the delivery in which the client may refuse it. Then it counts as accepted."""
AUDITOR_SKILL = 0.85
"""The least chance of a paid auditor to be right at this kind of task."""
USUAL_DOUBTFUL = 0.05
"""The share of tasks that is usually reviewed: 4 % in the crowds of `bench/five_steps.py`."""
GOLD_SHARE = 0.2
"""The share of hidden gold among the reviewers' questions."""


@dataclass(frozen=True, slots=True)
class QualificationRule:
    """The rule by which workers may answer the batch."""

    min_skill: float = 0.75
    """The least chance to be right at this kind of task. A new worker is believed to have 0.75."""
    min_gold: int = 5
    """The gold tasks among a new worker's first questions of this kind."""


@dataclass(frozen=True, slots=True)
class ReviewRule:
    """The rule by which paid reviewers look at doubtful tasks again."""

    price_minor: int
    """The price of one review answer, in minor units."""
    below: float = 0.8
    """Tasks with a confidence below this are reviewed, and tasks that were not decided."""
    reviewers: int = 1
    """The number of reviewers of each task."""
    share: float = 0.25
    """The greatest share of the batch's tasks for which money is set aside."""
    min_skill: float = 0.85
    """The least chance of a reviewer to be right at this kind of task."""
    within_h: int = 72
    """The hours after which the review ends, whatever is still open."""
    staff: str = ""
    """The code of the partner whose quality staff reviews; "" for all workers with the skill."""

    def most_tasks(self, tasks: int) -> int:
        """Return the number of tasks that may be reviewed in a batch of `tasks` tasks."""
        return ceil(self.share * tasks)

    def most_golds(self, tasks: int) -> int:
        """Return the number of gold answers for which money is set aside beside the reviews."""
        return ceil(GOLD_SHARE * self.most_tasks(tasks) * self.reviewers)

    def most_minor(self, tasks: int) -> int:
        """Return the money to set aside, in minor units.

        >>> ReviewRule(price_minor=1000).most_minor(100)
        30000
        """
        answers = self.most_tasks(tasks) * self.reviewers + self.most_golds(tasks)
        return answers * self.price_minor

    def expected_minor(self, tasks: float) -> float:
        """Return the expected cost of the reviews of `tasks` tasks, in minor units.

        >>> ReviewRule(price_minor=1000).expected_minor(100)
        6000.0
        """
        reviewed = min(self.share, USUAL_DOUBTFUL) * tasks * self.reviewers
        return reviewed * (1 + GOLD_SHARE) * self.price_minor


@dataclass(frozen=True, slots=True)
class AuditRule:
    """The rule by which a random sample is judged before the delivery."""

    half_width: float = 0.05
    """Half the width of the wished 95 % interval of the share of errors."""
    promise: float = 0.95
    """The promised share of right results."""
    price_minor: int = 0
    """The price of one answer of a reviewer who was not involved; 0: persons with a key audit."""
    within_h: int = 168
    """The hours after which the batch is delivered, even if the audit is not complete."""

    @property
    def allowed(self) -> float:
        """Return the share of errors that the promise allows."""
        return round(1.0 - self.promise, 9)

    def sample(self, tasks: int) -> int:
        """Return the size of the sample from `tasks` decided tasks."""
        return sample_size(self.half_width, self.allowed, tasks)

    def most_minor(self, tasks: int) -> int:
        """Return the money to set aside for the audits of a batch of `tasks` tasks."""
        most = self.sample(tasks)
        return ROUNDS_MAX * (most + ceil(GOLD_SHARE * most)) * self.price_minor

    def expected_minor(self, tasks: float) -> float:
        """Return the expected cost in minor units: one audit, which keeps its promise."""
        sample = self.sample(round(tasks))
        return (sample + ceil(GOLD_SHARE * sample)) * self.price_minor


@dataclass(frozen=True, slots=True)
class QualityPlan:
    """The quality steps that a client ordered. A step that is None is not used."""

    qualification: QualificationRule | None = None
    review: ReviewRule | None = None
    audit: AuditRule | None = None
    accept_h: int = ACCEPT_H

    def most_minor(self, tasks: int) -> int:
        """Return the money to set aside for review and audits of `tasks` tasks, in minor units."""
        parts = (self.review, self.audit)
        return sum(part.most_minor(tasks) for part in parts if part is not None)

    def expected_minor(self, tasks: float) -> float:
        """Return the expected cost of review and audit of `tasks` tasks, in minor units."""
        parts = (self.review, self.audit)
        return sum(part.expected_minor(tasks) for part in parts if part is not None)

    @property
    def is_default(self) -> bool:
        """Return True when the batch is closed without any of these steps."""
        return self == NO_STEPS

    def as_data(self) -> dict[str, Any]:
        """Return the plan for a JSON column, which `plan_of` reads back.

        >>> plan = QualityPlan(review=ReviewRule(1000))
        >>> plan_of(plan.as_data()) == plan
        True
        """
        return asdict(self)


NO_STEPS = QualityPlan()
"""The plan of a client who orders no steps."""


def plan_of(data: Mapping[str, Any]) -> QualityPlan:
    """Return the plan that `QualityPlan.as_data` wrote."""
    return QualityPlan(
        _part(QualificationRule, data.get("qualification")),
        _part(ReviewRule, data.get("review")),
        _part(AuditRule, data.get("audit")),
        data.get("accept_h", ACCEPT_H),
    )


def _part(of: Any, data: Mapping[str, Any] | None) -> Any:
    if data is None:
        return None
    names = {one.name for one in fields(of)}
    return of(**{name: value for name, value in data.items() if name in names})
