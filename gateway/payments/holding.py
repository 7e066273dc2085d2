"""The payout controls, opened from their folder and asked in their order."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from types import ModuleType
from typing import TypeVar

from gateway.base import plugins
from gateway.payments import control, controls
from gateway.payments.control import Case, ControlRules, Wait

R = TypeVar("R", bound=ControlRules)


@dataclass(frozen=True, slots=True)
class Control:
    """A payout control, as its file declares it. See `gateway.payments.control`."""

    name: str
    """The name of the file, which is stored as the reason of a hold."""
    rules: type[ControlRules]
    """The class of its settings."""
    check: Callable[[Case, ControlRules, datetime], Wait | None]
    """The function that decides whether a payout waits."""
    rank: int
    """The place in the order in which controls are asked."""
    phrase: str
    """The phrase that tells the worker."""
    release_refused: str
    """The reason why one operator alone cannot end the hold, and "" when one can."""
    asks_name: Callable[[ControlRules], bool]
    """The function that tells whether the provider's name for the number is needed."""
    most_at_once: Callable[[ControlRules, str], int | None]
    """The function that returns the largest amount that ever passes, if there is one."""

    @classmethod
    def of(cls, name: str, module: ModuleType) -> "Control":
        """Read what the file of a control declares, with the defaults for what it leaves out."""
        return cls(
            name=name,
            rules=module.Rules,
            check=module.check,
            rank=getattr(module, "RANK", control.RANK),
            phrase=getattr(module, "PHRASE", control.PHRASE),
            release_refused=getattr(module, "RELEASE_REFUSED", ""),
            asks_name=getattr(module, "asks_name", _never),
            most_at_once=getattr(module, "most_at_once", _any_amount),
        )


def _never(rules: ControlRules) -> bool:
    return False


def _any_amount(rules: ControlRules, currency: str) -> int | None:
    return None


@cache
def opened() -> tuple[Control, ...]:
    """Return all controls in the order in which they are asked."""
    found = (Control.of(name, plugins.load(controls, name)) for name in plugins.kinds(controls))
    return tuple(sorted(found, key=lambda one: (one.rank, one.name)))


def rules_of(model: type[R], settings: object) -> R:
    """Return the settings of one control, taken from the section `controls` of the settings."""
    return model.model_validate(settings, from_attributes=True)


def first_wait(
    case: Case, settings: object, over: Mapping[str, bool], now: datetime
) -> tuple[Control, Wait] | None:
    """Return the first control that lets the payout wait, and its wait, or None.

    `over` says of each control that held the payout before whether that hold is over.
    """
    for one in opened():
        wait = one.check(case, rules_of(one.rules, settings), now)
        if wait and not over.get(one.name):
            return one, wait
    return None


def asks_name(settings: object) -> bool:
    """Return whether a control needs the name that the provider has for the number."""
    return any(
        one.asks_name(rules_of(one.rules, settings))
        for one in opened()
        if one.asks_name is not _never
    )


def most_at_once(settings: object, currency: str, maximum_minor: int) -> int:
    """Return the largest amount of one payout.

    It is at most `maximum_minor` and the amounts that the controls ever let pass, or the payout
    would wait for ever.
    """
    most = (
        one.most_at_once(rules_of(one.rules, settings), currency)
        for one in opened()
        if one.most_at_once is not _any_amount
    )
    return min([maximum_minor, *(minor for minor in most if minor is not None)])


def phrase_of(name: str) -> str:
    """Return the phrase for a payout that the control `name` lets wait.

    It is the general one for a control whose file is gone.
    """
    return next((one.phrase for one in opened() if one.name == name), control.PHRASE)


def not_one_operators() -> tuple[str, ...]:
    """Return the names of the controls whose holds one operator alone cannot end."""
    return tuple(one.name for one in opened() if one.release_refused)


def release_refused(names: Iterable[str]) -> str:
    """Return the reason why one operator cannot end the holds of these controls, or ""."""
    held = set(names)
    return next(
        (one.release_refused for one in opened() if one.name in held and one.release_refused), ""
    )
