"""The social and quality criteria by which a partner is admitted. Pure.

A finding says whether a criterion is met, by which evidence, when it was seen and which person
checked it. A finding is good for a year. A change of state requires the criteria of the states up
to the new one, so that no partner becomes active on an old or missing word.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from gateway.base.errors import Refused
from gateway.workers.partners.states import PartnerState

GOOD_FOR = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Criterion:
    """A criterion of admission.

    `social` is False for a criterion of quality. `measured` criteria need a figure and the method
    by which it was found.
    """

    question: str
    social: bool
    measured: bool = False


CRITERIA: Mapping[str, Criterion] = {
    "below_living_wage": Criterion(
        "Which share of its workers earned less than a living wage before?",
        social=True,
        measured=True,
    ),
    "legal_age": Criterion(
        "Does the partner check that every worker has the legal age?", social=True
    ),
    "free_to_leave": Criterion(
        "Do workers join and leave freely, and pay nothing to take part?", social=True
    ),
    "reinvests": Criterion(
        "Has the partner agreed in writing to reinvest at least 40 % of its revenue?", social=True
    ),
    "trainers": Criterion("Which trainers teach new workers, and how long?", social=False),
    "supervision": Criterion(
        "How many workers does one coordinator look after?", social=False, measured=True
    ),
    "trial_accuracy": Criterion(
        "How many answers of a trial with known answers were right?", social=False, measured=True
    ),
    "data_protection": Criterion(
        "How does the partner protect the data of workers and clients?", social=False
    ),
}

_SOCIAL = frozenset(name for name, criterion in CRITERIA.items() if criterion.social)
NEEDED: Mapping[PartnerState, frozenset[str]] = {
    PartnerState.APPLICANT: frozenset(),
    PartnerState.SCREENED: _SOCIAL,
    PartnerState.IN_TRAINING: _SOCIAL,
    PartnerState.ACTIVE: frozenset(CRITERIA),
    PartnerState.RESTING: frozenset(),
}
"""The criteria that must be met before a partner takes a state."""


@dataclass(frozen=True, slots=True)
class CriterionFinding:
    """The newest finding about one criterion of a partner."""

    criterion: str
    met: bool
    figure: str
    method: str
    evidence: str
    seen_on: date
    checked_by: str

    def is_good(self, today: date) -> bool:
        """Return whether the criterion is met and the finding is not too old."""
        return self.met and self.seen_on + GOOD_FOR >= today


def check_finding(found: CriterionFinding, today: date) -> None:
    """Raise Refused naming the field that makes a finding worthless."""
    if found.criterion not in CRITERIA:
        raise Refused(
            f"no criterion {found.criterion!r}; there is: {', '.join(CRITERIA)}", field="criterion"
        )
    if not found.evidence:
        raise Refused("say by which evidence, like a document's number", field="evidence")
    if not found.checked_by:
        raise Refused("say which person checked it", field="checked_by")
    if found.seen_on > today:
        raise Refused(f"{found.seen_on} has not come yet", field="seen_on")
    if CRITERIA[found.criterion].measured and not (found.figure and found.method):
        raise Refused(
            f"{found.criterion} needs a figure, and the method by which it was found",
            field="method" if found.figure else "figure",
        )


def missing_for(
    state: PartnerState, findings: Iterable[CriterionFinding], today: date
) -> list[str]:
    """Return, for each criterion that keeps a partner from a state, its name and the reason.

    >>> missing_for(PartnerState.RESTING, [], date(2026, 12, 1))
    []
    >>> missing_for(PartnerState.SCREENED, [], date(2026, 12, 1))[0]
    'below_living_wage: never checked'
    """
    newest = {found.criterion: found for found in findings}
    missing: list[str] = []
    for name in sorted(NEEDED[state]):
        found = newest.get(name)
        if found is None:
            missing.append(f"{name}: never checked")
        elif not found.met:
            missing.append(f"{name}: not met when {found.checked_by} checked it on {found.seen_on}")
        elif not found.is_good(today):
            missing.append(f"{name}: checked on {found.seen_on}, more than a year ago")
    return missing
