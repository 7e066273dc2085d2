"""The settings of fair pay."""

from typing import Annotated

from pydantic import Field

from gateway.settings.section import Section


class FairPay(Section):
    """The rules of fair pay: see docs/operators/fair-pay.md."""

    refunds_per_day: Annotated[int, Field(ge=0, le=10_000)] = 100
    """The largest number of SMS that are refunded to one worker per day (UTC)."""
