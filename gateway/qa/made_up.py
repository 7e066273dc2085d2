"""A made-up crowd with known skills and truths, to see what a batch would cost before it exists."""

from dataclasses import dataclass

import numpy as np

from gateway.errors import Refused
from gateway.qa.rows import Answer


@dataclass(frozen=True, slots=True)
class Crowd:
    """`skill` is the mean chance of workers to be right, `spread` its standard deviation."""

    tasks: int
    workers: int
    options: int
    answers_per_task: int
    skill: float
    spread: float


def made_up(crowd: Crowd, seed: int) -> tuple[list[Answer], dict[str, str]]:
    """Answers and truths: skills are Beta distributed, errors and truths evenly spread.

    Raises Refused for a crowd that cannot be.
    """
    _check(crowd)
    random = np.random.default_rng(seed)
    strength = crowd.skill * (1.0 - crowd.skill) / crowd.spread**2 - 1.0
    skills = random.beta(strength * crowd.skill, strength * (1.0 - crowd.skill), crowd.workers)
    truths = random.integers(crowd.options, size=crowd.tasks)
    rows: list[Answer] = []
    for number, truth in enumerate(truths.tolist()):
        for worker in random.permutation(crowd.workers)[: crowd.answers_per_task].tolist():
            slip = 0 if random.random() < skills[worker] else random.integers(1, crowd.options)
            rows.append((f"t{number}", f"w{worker}", f"o{(truth + int(slip)) % crowd.options}"))
    return rows, {f"t{number}": f"o{truth}" for number, truth in enumerate(truths.tolist())}


def _check(crowd: Crowd) -> None:
    if crowd.workers < crowd.answers_per_task:
        raise Refused(
            f"{crowd.workers} workers cannot give {crowd.answers_per_task} answers a task"
        )
    if not 0.0 < crowd.skill < 1.0:
        raise Refused(f"skill {crowd.skill} is not between 0 and 1", field="skill")
    widest = (crowd.skill * (1.0 - crowd.skill)) ** 0.5
    if not 0.0 < crowd.spread < widest:
        limit = f"between 0 and {widest:.2f} for skill {crowd.skill}"
        raise Refused(f"spread {crowd.spread} is not {limit}", field="spread")
