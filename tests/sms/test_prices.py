"""A segment's price: by country and network, the operator's own list first, and nothing guessed."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.base.errors import SettingsError
from gateway.settings import Settings, Tariff
from gateway.sms.prices import MICRO, PriceList, SegmentPrice, built_in, minor

WANJIKU, OKELLO, NEEMA = "+254712345678", "+256772123456", "+255754123456"


def shilling(segment: str, **networks: str) -> Tariff:
    return Tariff.model_validate({"currency": "KES", "segment": segment, "networks": networks})


def test_the_list_in_the_package_knows_kenya_and_guesses_nothing():
    prices = PriceList(built_in())
    assert prices.to(WANJIKU) == SegmentPrice(800_000, "KES")
    assert prices.to(NEEMA) is None
    assert prices.segment_price(None) is None


def test_a_network_may_differ_and_its_name_is_written_as_one_likes():
    prices = PriceList({"KE": shilling("0.80", Airtel="0.95")})
    assert prices.to("+254733123456") == SegmentPrice(950_000, "KES")
    assert prices.to(WANJIKU) == SegmentPrice(800_000, "KES")
    assert prices.segment_price("KE", "AIRTEL") == SegmentPrice(950_000, "KES")


def test_the_operators_list_wins_country_by_country():
    prices = PriceList(built_in(), {"KE": shilling("0.60")}, {"KE": shilling("0.55")})
    assert prices.to(WANJIKU) == SegmentPrice(550_000, "KES")
    assert prices.segment_price("NG") == PriceList(built_in()).segment_price("NG")


def test_prices_come_from_the_environment_too():
    settings = Settings(prices={"UG": {"currency": "UGX", "segment": "35"}})  # type: ignore[arg-type]
    assert PriceList(settings.prices).to(OKELLO) == SegmentPrice(35 * MICRO, "UGX")


def test_an_unknown_currency_is_said_by_name():
    with pytest.raises(SettingsError, match=r"prices\.KE\.currency"):
        PriceList({"KE": Tariff(currency="KSH", segment=Decimal(1))})


@given(st.decimals(0, 1000, places=6), st.integers(1, 10))
def test_no_fraction_is_lost_on_the_way(major, segments):
    price = PriceList({"KE": Tariff(currency="KES", segment=major)}).segment_price("KE")
    assert price is not None
    assert Decimal(price.times(segments).micro) / MICRO == major * segments
    assert minor(price.micro, "KES") == pytest.approx(float(major * 100))
