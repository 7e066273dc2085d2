"""A synthetic crowd with known skills and truths, to estimate a batch's cost before it exists."""

from dataclasses import dataclass

import numpy as np

from gateway.base.errors import Refused
from gateway.qa.rows import Answer


@dataclass(frozen=True, slots=True)
class SyntheticCrowd:
    """The properties of a synthetic crowd.

    `skill` is the mean chance of workers to be right, and `spread` its standard deviation. The
    first `copiers` workers after w0 give w0's answer to the same task. The next `spammers` answer
    at random.
    """

    tasks: int
    workers: int
    options: int
    answers_per_task: int
    skill: float
    spread: float
    spammers: int = 0
    copiers: int = 0


def made_up(crowd: SyntheticCrowd, seed: int) -> tuple[list[Answer], dict[str, str]]:
    """Return answers and truths.

    Skills are Beta distributed, and errors and truths evenly spread. Raises Refused for an
    impossible crowd.
    """
    _check(crowd)
    random = np.random.default_rng(seed)
    strength = crowd.skill * (1.0 - crowd.skill) / crowd.spread**2 - 1.0
    skills = random.beta(strength * crowd.skill, strength * (1.0 - crowd.skill), crowd.workers)
    skills[1 + crowd.copiers : 1 + crowd.copiers + crowd.spammers] = 1.0 / crowd.options
    truths = random.integers(crowd.options, size=crowd.tasks)
    rows: list[Answer] = []
    for number, truth in enumerate(truths.tolist()):
        first = _said(random, truth, float(skills[0]), crowd.options)
        for worker in random.permutation(crowd.workers)[: crowd.answers_per_task].tolist():
            copies = worker <= crowd.copiers
            said = first if copies else _said(random, truth, float(skills[worker]), crowd.options)
            rows.append((f"t{number}", f"w{worker}", f"o{said}"))
    return rows, {f"t{number}": f"o{truth}" for number, truth in enumerate(truths.tolist())}


def _said(random: np.random.Generator, truth: int, skill: float, options: int) -> int:
    slip = 0 if random.random() < skill else random.integers(1, options)
    return (truth + int(slip)) % options


def _check(crowd: SyntheticCrowd) -> None:
    if crowd.workers < crowd.answers_per_task:
        raise Refused(
            f"{crowd.workers} workers cannot give {crowd.answers_per_task} answers per task"
        )
    if crowd.copiers + crowd.spammers >= crowd.workers:
        raise Refused(f"{crowd.workers} workers cannot all be copiers and spammers")
    if not 0.0 < crowd.skill < 1.0:
        raise Refused(f"skill {crowd.skill} is not between 0 and 1", field="skill")
    widest = (crowd.skill * (1.0 - crowd.skill)) ** 0.5
    if not 0.0 < crowd.spread < widest:
        limit = f"between 0 and {widest:.2f} for skill {crowd.skill}"
        raise Refused(f"spread {crowd.spread} is not {limit}", field="spread")
