"""The living wages that the settings file offers as examples: valid, and true to their sources."""

import re
import tomllib
from decimal import Decimal
from pathlib import Path

from gateway.settings import Settings
from gateway.settings.fair_pay import LivingWage

FILE = Path(__file__).parents[2] / "config" / "gateway.toml"
HOURS_A_MONTH = Decimal("173.3")


def test_each_example_is_valid_and_is_the_published_month_divided_by_its_hours() -> None:
    lines = re.findall(r"^#     (.*)$", FILE.read_text(), re.MULTILINE)
    floors = tomllib.loads("\n".join(lines))["fair_pay"]["floors"]
    assert len(floors) >= 5
    for country, given in floors.items():
        floor = LivingWage.model_validate(given)
        month = re.search(rf"{floor.currency} ([\d,]+) a month", floor.source)
        assert month, f"{country}: the source names the amount per month"
        per_hour = Decimal(month[1].replace(",", "")) / HOURS_A_MONTH
        assert abs(floor.per_hour - per_hour) <= max(Decimal("0.01"), per_hour / 2000), country


def test_no_floor_is_set_by_default() -> None:
    assert not Settings.model_fields["fair_pay"].get_default(call_default_factory=True).floors
