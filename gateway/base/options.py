"""The reading of a plug-in's table in the configuration into its options.

Everything that is missing, unknown or wrong is named at once.
"""

from collections.abc import Mapping
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from gateway.base.errors import SettingsError


class Options(BaseModel):
    """The base of every plug-in's options. Unknown options and later changes are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


O = TypeVar("O", bound=Options)  # noqa: E741  as in "options"


def read_options(
    model: type[O], name: str, options: Mapping[str, object], what: str = "channel"
) -> O:
    """Return the options of a plug-in. Raises SettingsError naming all that is wrong.

    The error never shows a value, because it may be a secret under a wrong name.
    """
    try:
        return model.model_validate(dict(options))
    except ValidationError as error:
        wrong = "; ".join(
            f"{'.'.join(map(str, each['loc'])) or 'options'}: {each['msg']}"
            for each in error.errors(include_input=False, include_url=False)
        )
        raise SettingsError(f"{what} {name!r}: {wrong}") from None
