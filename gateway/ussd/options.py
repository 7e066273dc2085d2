"""Reading a channel's table in config into its options: what is missing, unknown or wrong is named, once."""

from collections.abc import Mapping
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gateway.errors import SettingsError

# A USSD string holds 182 septets; below 120 a screen of UCS-2 has no room for text beside its navigation.
Septets = Annotated[int, Field(ge=120, le=182)]


class Options(BaseModel):
    """What every USSD channel is told. `budgets_septets`: the length of a screen by network code, where the
    channel's own table is wrong or silent; `budget_septets`: everywhere else."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)
    service_code: str = Field(min_length=1)
    budget_septets: Septets = 160
    budgets_septets: dict[str, Septets] = {}


O = TypeVar("O", bound=Options)  # noqa: E741  as in "options"


def read(model: type[O], channel: str, options: Mapping[str, object]) -> O:
    try:
        return model.model_validate(dict(options))
    except ValidationError as error:
        wrong = "; ".join(
            f"{'.'.join(map(str, each['loc'])) or 'options'}: {each['msg']}"
            for each in error.errors(include_input=False, include_url=False)
        )
        raise SettingsError(f"channel {channel!r}: {wrong}") from None
