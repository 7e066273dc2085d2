"""The living-wage floor of a project's stages, before it starts."""

from collections.abc import Sequence

from gateway.base.errors import Refused
from gateway.base.money import amount_text, typed_amount
from gateway.steps.batches.projects.quote import StageReserve
from gateway.store.batches.projects import Project


def check_floors(project: Project, reserves: Sequence[StageReserve]) -> None:
    """Raise Refused where a stage is below the floor, with the project's price that reaches it.

    A check of an answer costs a share of the project's price, so it may be below the floor alone.
    """
    below = [each for each in reserves if each.pay.refused]
    if not below:
        return
    worst = max(below, key=lambda each: _price_needed(project, each))
    floor = worst.pay.quote.floor
    assert floor is not None
    expected, least = (
        amount_text(minor, project.currency)
        for minor in (worst.pay.quote.hourly_minor, floor.hourly_minor)
    )
    raise Refused(
        f"stages below the living-wage floor of {floor.country}: "
        f"{', '.join(each.stage.name for each in below)}. In {worst.stage.name} workers would earn "
        f"about {expected} an hour, and the floor is {least} ({floor.source}); make the project "
        f"with a price of at least {typed_amount(_price_needed(project, worst), project.currency)}",
        field="price",
    )


def _price_needed(project: Project, each: StageReserve) -> int:
    """Return the price of the project at which a stage reaches the floor, in minor units."""
    needed = each.pay.quote.price_for_floor_minor or 0
    return -(-needed * project.price_minor // each.stage.price_minor)
