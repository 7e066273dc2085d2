"""The price of a segment, by the phone's country and network.

The prices come from `prices.toml` and the operator's own settings. Networks have the names of
libphonenumber's carrier tables, in lower case (`safaricom`, `mtn`), and follow from the number's
prefix. A number that was carried to another network keeps its old name.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, lru_cache
from importlib import resources
from typing import TYPE_CHECKING

import phonenumbers

from gateway.base import msisdn as numbers
from gateway.base.errors import SettingsError
from gateway.base.money import MINOR_DIGITS, minor_per_major

if TYPE_CHECKING:
    from gateway.settings import Tariff

MICRO = 1_000_000


@dataclass(frozen=True, slots=True)
class SegmentPrice:
    """A price; `micro` counts millionths of a major unit, so that 0.0113 USD is whole too."""

    micro: int
    currency: str

    def times(self, segments: int) -> "SegmentPrice":
        """Return the price of `segments` segments."""
        return SegmentPrice(self.micro * segments, self.currency)


def minor(micro: int, currency: str) -> float:
    """Return millionths of a major unit as minor units, with their fraction.

    >>> minor(800_000, "KES"), minor(11_300, "USD"), minor(35_000_000, "UGX")
    (80.0, 1.13, 35.0)
    """
    return micro * minor_per_major(currency) / MICRO


class PriceList:
    """The prices of one channel; later lists override earlier ones, country by country."""

    def __init__(self, *lists: "Mapping[str, Tariff]") -> None:
        self._tariffs = {country: tariff for each in lists for country, tariff in each.items()}
        for country, tariff in self._tariffs.items():
            if tariff.currency not in MINOR_DIGITS:
                raise SettingsError(
                    f"prices.{country}.currency: unknown {tariff.currency!r}; write its code of ISO 4217, like KES"
                )

    def segment_price(self, country: str | None, network: str | None = None) -> SegmentPrice | None:
        """Return the price of one segment to a phone of this country (ISO 3166) and network.

        Return None where no price is known.

        >>> PriceList(built_in()).segment_price("KE")
        SegmentPrice(micro=800000, currency='KES')
        """
        tariff = self._tariffs.get(country or "")
        if tariff is None:
            return None
        major = tariff.networks.get((network or "").casefold(), tariff.segment)
        return SegmentPrice(int(major * MICRO), tariff.currency)

    def to(self, msisdn: str) -> SegmentPrice | None:
        """Return the price of one segment to this number (E.164)."""
        country, network = place_of(msisdn)
        return self.segment_price(country, network)

    def both_ways(self, msisdn: str) -> tuple[float, float]:
        """Return the price of one segment to this number and of one SMS from it, in the same unit.

        Both are equal where nothing else is known.

        >>> PriceList(built_in()).both_ways("+254712345678"), NO_PRICES.both_ways("+254712345678")
        ((0.8, 0.8), (1.0, 1.0))
        """
        country, network = place_of(msisdn)
        price = self.segment_price(country, network)
        if price is None:
            return 1.0, 1.0
        reply, out = self._reply(country, network), price.micro / MICRO
        return out, out if reply is None else float(reply)

    def reply_price(self, msisdn: str) -> SegmentPrice | None:
        """Return the price that a worker pays for an SMS from this number, where it is known."""
        country, network = place_of(msisdn)
        reply = self._reply(country, network)
        if not reply:
            return None
        return SegmentPrice(int(reply * MICRO), self._tariffs[country or ""].currency)

    def _reply(self, country: str | None, network: str | None) -> Decimal | None:
        tariff = self._tariffs.get(country or "")
        if tariff is None:
            return None
        return tariff.reply_networks.get((network or "").casefold(), tariff.reply)


NO_PRICES = PriceList()


@cache
def built_in() -> "Mapping[str, Tariff]":
    """Return the price list that comes with the gateway."""
    from gateway.settings import Tariff  # noqa: PLC0415  # A helper counts prices without settings.

    text = resources.files("gateway.sms").joinpath("prices.toml").read_text()
    return {country: Tariff(**given) for country, given in tomllib.loads(text).items()}


# A look-up of a prefix costs more than all other work for a message, and the same phones return
# again and again.
@lru_cache(maxsize=10_000)
def place_of(msisdn: str) -> tuple[str | None, str | None]:
    """Return the country and the network of an E.164 number, by its prefix.

    >>> place_of("+254712345678"), place_of("+256772123456")
    (('KE', 'safaricom'), ('UG', 'mtn'))
    """
    # A process with a runtime has read these tables at its start; a helper does without.
    from phonenumbers import carrier  # noqa: PLC0415

    name = carrier.name_for_number(phonenumbers.parse(msisdn, None), "en")
    return numbers.region_of(msisdn), name.casefold() or None
