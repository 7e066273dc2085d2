"""The states of a partner, and the allowed changes between them. Pure.

A partner applies, is screened by its social criteria, is trained, and becomes active when its work
was found good. Only an active partner is promised a share of a batch. A partner that rests keeps
its agreement: its workers may work, and it earns with them. Back among the applicants it has none.
"""

from collections.abc import Mapping
from enum import StrEnum

from gateway.base.errors import Refused


class PartnerState(StrEnum):
    """The state of a partner."""

    APPLICANT = "applicant"
    SCREENED = "screened"
    IN_TRAINING = "in_training"
    ACTIVE = "active"
    RESTING = "resting"


_S = PartnerState
NEXT: Mapping[PartnerState, frozenset[PartnerState]] = {
    _S.APPLICANT: frozenset({_S.SCREENED, _S.RESTING}),
    _S.SCREENED: frozenset({_S.IN_TRAINING, _S.APPLICANT, _S.RESTING}),
    _S.IN_TRAINING: frozenset({_S.ACTIVE, _S.SCREENED, _S.RESTING}),
    _S.ACTIVE: frozenset({_S.IN_TRAINING, _S.RESTING}),
    _S.RESTING: frozenset({_S.APPLICANT, _S.SCREENED, _S.IN_TRAINING, _S.ACTIVE}),
}
"""The states that may follow each state."""

WITHOUT_AGREEMENT = frozenset({_S.APPLICANT, _S.SCREENED})
"""The states in which a partner earns nothing, also if it was active before."""


def check_change(was: PartnerState, becomes: PartnerState) -> None:
    """Raise Refused for a change of state that is not allowed, and name the allowed ones.

    >>> check_change(PartnerState.APPLICANT, PartnerState.SCREENED)
    >>> check_change(PartnerState.APPLICANT, PartnerState.ACTIVE)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    gateway.base.errors.Refused: a partner that is applicant cannot become active; ...
    """
    if becomes in NEXT[was]:
        return
    if becomes is was:
        raise Refused(f"the partner is {was.replace('_', ' ')} already", field="state")
    allowed = ", ".join(sorted(state.replace("_", " ") for state in NEXT[was]))
    raise Refused(
        f"a partner that is {was.replace('_', ' ')} cannot become {becomes.replace('_', ' ')}; "
        f"it may become {allowed}",
        field="state",
    )


def state_named(text: str) -> PartnerState:
    """Return the state with this name, in which blanks and hyphens may stand for underscores.

    Raises Refused for another word.

    >>> state_named("in training")
    <PartnerState.IN_TRAINING: 'in_training'>
    """
    word = text.strip().casefold().replace(" ", "_").replace("-", "_")
    if word not in {str(state) for state in PartnerState}:
        raise Refused(
            f"no state {text!r}; a partner is {', '.join(str(state) for state in PartnerState)}",
            field="state",
        )
    return PartnerState(word)
