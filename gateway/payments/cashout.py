"""The amount of a balance that is paid out: whole units within the provider's limits.

The rest stays in the worker's balance.
"""

from dataclasses import dataclass
from enum import StrEnum

from gateway.base.errors import SettingsError
from gateway.base.money import whole_units


class CashOutReason(StrEnum):
    """The reason why nothing, or less than the worker asked for, can be paid.

    Each reason is a text in every language.
    """

    OK = "ok"
    EMPTY = "empty"  # The worker has not earned anything yet.
    BELOW_MINIMUM = "below_minimum"
    ABOVE_MAXIMUM = "above_maximum"
    MORE_THAN_BALANCE = "more_than_balance"


@dataclass(frozen=True, slots=True)
class CashOut:
    """The amount that a `PAY` pays out, and what stays.

    All amounts are in minor units. `pay_minor` is 0 unless `why` is OK. `could_minor` is what a
    `PAY` without an amount would pay now.
    """

    why: CashOutReason
    pay_minor: int
    left_minor: int
    could_minor: int


def payable(balance_minor: int, currency: str, provider_min: int, provider_max: int) -> int:
    """Return the most that one payout can pay, or 0 when the provider would not take it.

    All amounts are in minor units.

    >>> payable(10350, "KES", 1000, 25_000_000), payable(999, "KES", 1000, 25_000_000)
    (10300, 0)
    """
    if not 0 < provider_min <= provider_max:
        raise SettingsError(
            f"a provider's limits must satisfy 0 < {provider_min} <= {provider_max} (minor units)"
        )
    most_minor = whole_units(min(max(balance_minor, 0), provider_max), currency)
    return most_minor if most_minor >= provider_min else 0


def check_cash_out(
    asked_minor: int | None,
    balance_minor: int,
    currency: str,
    provider_min: int,
    provider_max: int,
) -> CashOut:
    """Return the result of `PAY` or `PAY <amount>`.

    `asked_minor` is None when the worker asks for her whole balance. Cents that she asks for stay
    in the balance.

    >>> check_cash_out(5050, 10350, "KES", 1000, 25_000_000)
    CashOut(why=<CashOutReason.OK: 'ok'>, pay_minor=5000, left_minor=5350, could_minor=10300)
    >>> check_cash_out(20000, 10350, "KES", 1000, 25_000_000).why
    <CashOutReason.MORE_THAN_BALANCE: 'more_than_balance'>
    """
    could_minor = payable(balance_minor, currency, provider_min, provider_max)
    wanted_minor = could_minor if asked_minor is None else whole_units(asked_minor, currency)
    why = _why(asked_minor, wanted_minor, balance_minor, provider_min, provider_max)
    pay_minor = wanted_minor if why is CashOutReason.OK else 0
    return CashOut(why, pay_minor, balance_minor - pay_minor, could_minor)


def _why(
    asked_minor: int | None,
    wanted_minor: int,
    balance_minor: int,
    provider_min: int,
    provider_max: int,
) -> CashOutReason:
    if balance_minor <= 0:
        return CashOutReason.EMPTY
    if asked_minor is not None and asked_minor > balance_minor:
        return CashOutReason.MORE_THAN_BALANCE
    if wanted_minor < provider_min:
        return CashOutReason.BELOW_MINIMUM
    if wanted_minor > provider_max:
        return CashOutReason.ABOVE_MAXIMUM
    return CashOutReason.OK
