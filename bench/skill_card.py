"""The error of a new worker's skill estimate with a skill card, beside that with entry gold alone.

Workers of a public crowd's skills (Beta(6, 2)) have given answers at one gateway, which judged some
by gold and most by the consensus. Each comes to another gateway, where she is right a little less
or more often than before (`drop`, and a normal spread). Without a card that gateway asks five gold
questions. With a card it asks one. `ours` is the mean absolute error of the estimate with a card,
and `floor` that without one.
"""

import argparse
import json
from dataclasses import dataclass
from datetime import date

import numpy as np

from gateway.qa.skills.card import LEVELS, claim
from gateway.qa.skills.gold import ENTRY_GOLD, entry_gold_for
from gateway.qa.skills.skill import CONSENSUS_WEIGHT, Skill

GOLD_SHARE, SPREAD = 0.1, 0.05
TODAY = date(2026, 11, 30)

CASES: dict[str, dict[str, float]] = {
    "25 answers": {"answers": 25},
    "50 answers": {"answers": 50},
    "100 answers": {"answers": 100},
    "500 answers": {"answers": 500},
    "25 to 200 answers": {},
    "25 to 200 answers, 10 points worse here": {"drop": 0.1},
    "25 to 200 answers, 6 months old": {"months": 6},
    "25 to 200 answers, a year old": {"months": 12},
}


@dataclass(frozen=True, slots=True)
class Compared:
    """The two estimates over all workers."""

    error_without: float
    error_with_card: float
    gold_without: int
    gold_with_card: int


def compare(
    seed: int, workers: int = 2000, *, drop: float = 0.0, answers: float = 0, months: float = 0
) -> Compared:
    """Return both errors. `answers` is the number at the first gateway; 0 draws each one's."""
    rng = np.random.default_rng(seed)
    without, carded = 0.0, 0.0
    gold = entry_gold_for(ENTRY_GOLD, carded=True)
    given = date(TODAY.year, TODAY.month, 1)
    years, month = divmod(TODAY.month - 1 + int(months), 12)
    later = date(TODAY.year + years, month + 1, 28)
    for _ in range(workers):
        before = float(rng.beta(6, 2))
        here = float(np.clip(before - drop + rng.normal(0, SPREAD), 0.05, 0.99))
        count = int(answers) or int(rng.choice(LEVELS[1:5]))
        skill = _worked(rng, before, count)
        card = claim("verification", skill, learned=True, accepted=count, today=given)
        begun = card.evidence(later)
        without += abs(_asked(rng, Skill(), here, ENTRY_GOLD).mean - here)
        carded += abs(_asked(rng, begun, here, gold).mean - here)
    return Compared(without / workers, carded / workers, ENTRY_GOLD, gold)


def _worked(rng: np.random.Generator, right: float, answers: int) -> Skill:
    """Return the skill that the first gateway knows after this number of answers."""
    gold = max(ENTRY_GOLD, round(answers * GOLD_SHARE))
    skill = _asked(rng, Skill(), right, gold)
    agreed = int(rng.binomial(answers - gold, right))
    # The consensus itself is right with 90 %, and agrees by chance where both are wrong.
    seen = 0.9 * agreed + 0.1 * (answers - gold - agreed)
    return Skill(
        skill.right + CONSENSUS_WEIGHT * seen,
        skill.wrong + CONSENSUS_WEIGHT * (answers - gold - seen),
    )


def _asked(rng: np.random.Generator, skill: Skill, right: float, gold: int) -> Skill:
    found = int(rng.binomial(gold, right))
    return Skill(skill.right + found, skill.wrong + gold - found)


def run(seeds: list[int], workers: int) -> list[dict[str, object]]:
    rows = list[dict[str, object]]()
    for name, options in CASES.items():
        found = [compare(seed, workers, **options) for seed in seeds]
        ours = float(np.mean([one.error_with_card for one in found]))
        floor = float(np.mean([one.error_without for one in found]))
        worst = max(one.error_with_card - one.error_without for one in found)
        rows.append(
            {
                "name": f"skill card: {name}",
                "ours": round(ours, 4),
                "floor": round(floor, 4),
                "ratio": round(floor / ours, 2),
                "unit": "mean absolute error of the share right",
                "p50_ms": None,
                "p99_ms": None,
                "note": f"{found[0].gold_with_card} gold beside {found[0].gold_without}; the worst "
                f"seed differs by {worst:+.4f}",
            }
        )
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3, 4, 5])
    parser.add_argument("--workers", type=int, default=2000)
    given = parser.parse_args()
    print(json.dumps({"results": run(given.seeds, given.workers)}, indent=1))


if __name__ == "__main__":
    main()
