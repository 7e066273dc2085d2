"""The settings of fair pay."""

from datetime import date
from decimal import Decimal
from typing import Annotated

from pydantic import Field

from gateway.base.currencies import Currency
from gateway.settings.section import Section


class LivingWage(Section):
    """The living-wage floor of one country."""

    currency: Currency
    """The ISO 4217 code of the currency."""
    per_hour: Annotated[Decimal, Field(gt=0, max_digits=12, decimal_places=2)]
    """The least pay of an hour, in major units."""
    source: Annotated[str, Field(min_length=3, max_length=200)]
    """The publication that names the amount, and how it was computed."""
    date: date
    """The day of the publication."""


class FairPay(Section):
    """The rules of fair pay: see docs/operators/fair-pay.md."""

    floors: dict[str, LivingWage] = Field(default_factory=dict)
    """The living-wage floor by country (ISO 3166). A country without one has no floor."""
    gap_s: Annotated[int, Field(ge=10, le=3600)] = 120
    """The number of seconds at which the time of one answer is cut, because the phone was in a
    pocket.
    """
    slower: Annotated[float, Field(ge=1, le=10)] = 1.5
    """The reserve for top-ups covers answers that take this many times the expected time."""
    arrival_first: bool = True
    """Ask each worker after her first payout whether it arrived."""
    arrival_share: Annotated[float, Field(ge=0, le=1)] = 0.05
    """The share of all other payouts whose workers are asked whether they arrived."""
    arrival_after_min: Annotated[int, Field(ge=0, le=10_080)] = 60
    """The number of minutes after a payment until its worker is asked."""
    referral_reward: dict[
        Currency, Annotated[Decimal, Field(gt=0, max_digits=12, decimal_places=2)]
    ] = Field(default_factory=dict)
    """The reward for bringing a worker, by currency, in major units. Empty means none."""
    referral_answers: Annotated[int, Field(ge=1, le=100_000)] = 50
    """The accepted answers of the new worker after which the reward is paid."""
    referral_gold: Annotated[int, Field(ge=1, le=1000)] = 5
    """The answers to gold that the new worker must have given."""
    referral_gold_share: Annotated[float, Field(gt=0, le=1)] = 0.8
    """The share of these that must be right."""
    referrals_per_worker: Annotated[int, Field(ge=1, le=10_000)] = 10
    """The largest number of rewards of one worker."""
    refunds_per_day: Annotated[int, Field(ge=0, le=10_000)] = 100
    """The largest number of SMS that are refunded to one worker per day (UTC)."""
