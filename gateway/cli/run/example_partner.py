"""A made-up partner that was admitted, so that a newcomer sees a partner with content."""

from datetime import UTC, datetime
from typing import Final

from gateway.steps.people import register
from gateway.steps.people.partners import admission
from gateway.steps.runtime import Runtime
from gateway.store.people.partners import criteria, profiles
from gateway.workers.partners.criteria import CriterionFinding
from gateway.workers.partners.states import PartnerState

_FOUND: Final = {
    "below_living_wage": ("0.85", "interviews of 40 workers", "report 12"),
    "legal_age": ("", "", "copies of identity cards"),
    "free_to_leave": ("", "", "contract, page 2"),
    "reinvests": ("", "", "agreement 7"),
    "trainers": ("", "", "list of trainers"),
    "supervision": ("1 to 20", "list of coordinators", "plan 3"),
    "trial_accuracy": ("0.92", "100 answers with known results", "trial batch"),
    "data_protection": ("", "", "policy 1"),
}
"""The figure, the method and the evidence of each criterion."""
_BECAUSE: Final = "made up as an example"
_CHANGES: Final = 100
_WAY: Final = {
    PartnerState.APPLICANT: PartnerState.SCREENED,
    PartnerState.SCREENED: PartnerState.IN_TRAINING,
    PartnerState.IN_TRAINING: PartnerState.ACTIVE,
}


async def admit_example(rt: Runtime, code: str, name: str, *, by: str) -> None:
    """Add a partner and admit it with made-up evidence.

    A partner that was admitted before, or that another person has changed, stays as it is. A run
    that was cut off is continued.
    """
    await register.add_partner(rt, code, name, by=by, because=_BECAUSE)
    partner = await profiles.by_code(rt.db, code)
    changes = await profiles.history(rt.db, partner.id, _CHANGES)
    if partner.admitted_at is not None or any(change.by != by for change in changes):
        return
    there = {found.criterion for found in await criteria.newest(rt.db, partner.id)}
    for criterion, (figure, method, evidence) in _FOUND.items():
        if criterion in there:
            continue
        found = CriterionFinding(
            criterion=criterion,
            met=True,
            figure=figure,
            method=method,
            evidence=f"{evidence} (made up)",
            seen_on=datetime.now(UTC).date(),
            checked_by=by,
        )
        await admission.record_criterion(rt, code, found, by=by, because=_BECAUSE)
    state = partner.state
    while state in _WAY:
        state = _WAY[state]
        await admission.change_state(rt, code, state, by=by, because=_BECAUSE)
    capacity = admission.PartnerCapacity(("en", "sw"), workers_max=20, answers_day=400, quota=0.5)
    await admission.set_capacity(rt, code, capacity, by=by, because=_BECAUSE)
