"""The settings of the payout controls and of the rules about persons and money around them.

Each control declares its own settings in its file (`gateway.payments.controls`). They are put
together here, so that they are checked with all others at the start.
"""

import importlib
from typing import TYPE_CHECKING, Annotated, Any, cast

from pydantic import BaseModel, Field, create_model

from gateway.base import plugins
from gateway.settings.section import Section

_FOLDER = "gateway.payments.controls"


class MoneyRules(Section):
    """The rules about persons and money that are no control of a single payout."""

    tell: tuple[str, ...] = ()
    """The phone numbers of the persons who are told of the ledger's head once per day and of
    appeals of workers without a coordinator. They are also told of each addition, disabling, new
    key and expiry of a person who decides about money.
    """
    person_days: Annotated[int, Field(ge=1, le=3650)] = 180
    """The number of days for which the key of a person who decides about money is valid (`gateway
    persons`). Then another person renews it.
    """
    heads_to_coordinators: bool = False
    """Send the ledger's head once per day to coordinators, too."""
    unknown_share: Annotated[float, Field(gt=0, le=1)] = 0.2
    """The share of the payments of ten minutes whose outcome is unknown. Above it, sending stops
    until the provider answers. The rule applies from `unknown_least` such payments on.
    """
    unknown_least: Annotated[int, Field(ge=1)] = 10
    """The least number of payments with an unknown outcome to which `unknown_share` applies."""


def _with_controls(base: type[Section]) -> type[Section]:
    """Return the section with the settings of all payout controls.

    Controls that declare the same setting share it. Raises TypeError where they disagree about it.
    """
    folder = importlib.import_module(_FOLDER)
    fields: dict[str, Any] = {}
    for name in plugins.kinds(folder):
        rules = cast("type[BaseModel]", plugins.load(folder, name).Rules)
        for setting, field in rules.model_fields.items():
            told = repr(fields[setting][1]) if setting in fields else repr(field)
            if setting in base.model_fields or told != repr(field):
                raise TypeError(
                    f"payout control {name}: the setting {setting} is declared elsewhere, too"
                )
            fields[setting] = (field.annotation, field)
    return create_model("Controls", __base__=base, __module__=__name__, **fields)


if TYPE_CHECKING:
    Controls = MoneyRules
else:
    Controls = _with_controls(MoneyRules)
