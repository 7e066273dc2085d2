"""The options that the accounts at payout providers have in common."""

from collections.abc import Mapping
from typing import TypeVar, cast

from pydantic import ConfigDict, model_validator

from gateway.base import options as plugin_options
from gateway.base.options import Options
from gateway.payments.limits import AmountLimits


class AccountOptions(Options):
    """The base of the options of every payout provider.

    An empty text counts as an option that is not given. A number is accepted where a text is
    expected, because providers name shortcodes and keys by digits.
    """

    model_config = ConfigDict(coerce_numbers_to_str=True, str_strip_whitespace=True)

    @model_validator(mode="before")
    @classmethod
    def _given(cls, options: object) -> object:
        if not isinstance(options, Mapping):
            return options
        told = cast("Mapping[str, object]", options)
        return {
            name: value
            for name, value in told.items()
            if value is not None and not (isinstance(value, str) and not value.strip())
        }


class AmountOptions(AccountOptions):
    """The options of an account whose currency and limits are settings."""

    currency: str
    """The ISO 4217 code of the currency."""
    minimum: str | int
    """The smallest payout, in major units."""
    maximum: str | int
    """The largest payout, in major units."""

    def limits(self, provider: str) -> AmountLimits:
        """Return the limits of the provider of that name. Raises SettingsError."""
        return AmountLimits.read(provider, self.currency, self.minimum, self.maximum)


A = TypeVar("A", bound=AccountOptions)


def read(model: type[A], provider: str, options: Mapping[str, object]) -> A:
    """Return the options of a payout provider. Raises SettingsError naming all that is wrong."""
    return plugin_options.read_options(model, provider, options, "payout provider")
