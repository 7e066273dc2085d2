"""The settings of the watch over the money that stands ready for workers."""

from typing import Annotated

from pydantic import Field

from gateway.base.currencies import Currency
from gateway.settings.section import Section


class Reserves(Section):
    """The rules of the alarm. See `gateway.payments.reserves`."""

    percent: Annotated[int, Field(ge=0, le=1000)] = 100
    """The alarm rises while the floats and reserves are less than this share of what workers and
    partners are owed. With 0 there is no alarm.
    """
    bank: dict[Currency, Annotated[int, Field(ge=0)]] = Field(default_factory=dict)
    """The money at a bank that is set aside for workers, per currency, in whole units. A currency
    that is missing has the cash that the ledger knows, which includes what clients paid in advance.
    """
