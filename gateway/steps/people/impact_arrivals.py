"""The section of the impact report on the arrival of payouts, in the workers' own words."""

from gateway.store.people.impact import ArrivalAnswers
from gateway.workers.impact.report import UNKNOWN, ImpactFigure, ImpactSection

_ASKED = (
    "workers are asked by SMS or on a screen after a first payout and in a sample of later ones"
)


def arrivals_section(found: ArrivalAnswers) -> ImpactSection:
    """Return what workers said when they were asked whether their money arrived."""
    answered = found.yes + found.no
    return ImpactSection(
        "Did the money arrive? What workers said",
        (
            _count("arrived.yes", "It arrived", found.yes),
            _count("arrived.no", "It did not arrive", found.no),
            _count("arrived.silent", "No answer", found.silent),
            ImpactFigure(
                "arrived.share",
                "Arrived, of those who answered",
                f"{100 * found.yes / answered:.1f} %" if answered else UNKNOWN,
                "share",
                f"answers that it arrived over all answers; {_ASKED}",
                found.yes / answered if answered else None,
            ),
        ),
        (),
        "A person has looked at each payout that did not arrive." if found.no else "",
    )


def _count(key: str, label: str, value: int) -> ImpactFigure:
    definition = f"answers of the period to whether a payout arrived; {_ASKED}"
    return ImpactFigure(key, label, f"{value:,}", "number", definition, value)
