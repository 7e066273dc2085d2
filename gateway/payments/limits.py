"""The limits of one account at a provider: its currency, and its least and greatest amount."""

from dataclasses import dataclass

from gateway.base.errors import SettingsError
from gateway.base.money import minor_per_major
from gateway.base.msisdn import is_number
from gateway.payments.port import Order
from gateway.payments.wire import as_minor


@dataclass(frozen=True, slots=True)
class AmountLimits:
    """The currency of an account and the limits of a payment, in minor units."""

    currency: str
    minimum_minor: int
    maximum_minor: int

    @classmethod
    def read(cls, provider: str, currency: str, minimum: object, maximum: object) -> "AmountLimits":
        """Read the limits from options in major units.

        Raises SettingsError for amounts that are no limits, and Refused for an unknown currency.
        """
        minor_per_major(currency)
        low, high = as_minor(minimum, currency), as_minor(maximum, currency)
        if not low or not high or low > high:
            raise SettingsError(
                f"payout provider {provider!r}: minimum and maximum must be amounts above zero, minimum first"
            )
        return cls(currency, low, high)

    def wrong(self, order: Order) -> str:
        """Return the reason why this order must not be sent at all, or "" when it may be sent.

        >>> order = Order("k", "+254712345678", 1050, "KES", "", "", "")
        >>> AmountLimits("KES", 1000, 10_000).wrong(order)
        '1050 is not a whole amount within the limits'
        """
        if order.currency != self.currency:
            return f"this account pays in {self.currency}, not {order.currency}"
        whole = order.amount_minor % minor_per_major(order.currency) == 0
        if not whole or not self.minimum_minor <= order.amount_minor <= self.maximum_minor:
            return f"{order.amount_minor} is not a whole amount within the limits"
        return "" if is_number(order.msisdn) else "not a phone number"
