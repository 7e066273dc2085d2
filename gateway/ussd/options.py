"""What every USSD channel is told beside its own options."""

from typing import Annotated

from pydantic import Field

from gateway.options import Options

# A USSD string holds 182 septets; below 120 a screen of UCS-2 has no room for text beside its navigation.
Septets = Annotated[int, Field(ge=120, le=182)]


class UssdOptions(Options):
    """What every USSD channel is told. `budgets_septets`: the length of a screen by network code, where the
    channel's own table is wrong or silent; `budget_septets`: everywhere else."""

    service_code: str = Field(min_length=1)
    budget_septets: Septets = 160
    budgets_septets: dict[str, Septets] = Field(default_factory=dict[str, int])
