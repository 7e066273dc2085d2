"""The answers of the other workers.

They are the expectation against which every sign of cheating is measured.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence

from gateway.qa.observed import Observation

SMOOTHING = 1.0  # The answers of all workers at large, beside those to the task itself.


class AnswerAgreement:
    """The answers per task, and how often a worker agrees with the answer of most others."""

    def __init__(self, deeds: Sequence[Observation], options: Sequence[str]) -> None:
        self.options = tuple(dict.fromkeys((*options, *(deed.answer for deed in deeds))))
        self.of_task: defaultdict[str, dict[str, str]] = defaultdict(dict)
        self.of_worker: defaultdict[str, list[Observation]] = defaultdict(list)
        for deed in deeds:
            self.of_task[deed.task].setdefault(deed.worker, deed.answer)
            self.of_worker[deed.worker].append(deed)
        self._weights: dict[str, dict[str, float]] = {}
        for task, said in self.of_task.items():
            weights = dict.fromkeys(self.options, SMOOTHING / len(self.options))
            for answer in said.values():
                weights[answer] += 1.0
            self._weights[task] = weights
        self._agreements: dict[str, tuple[int, int]] = {}
        self.usual = self._usual()

    def others(self, task: str, without: Collection[str]) -> dict[str, float]:
        """Return the share of every option among the other workers' answers to a task.

        It is smoothed by one answer spread over all options, so that nothing is impossible.
        """
        weights = self._weights[task].copy()
        said = self.of_task[task]
        for worker in without:
            if worker in said:
                weights[said[worker]] -= 1.0
        total = sum(weights.values())
        return {option: weight / total for option, weight in weights.items()}

    def agreement(self, worker: str) -> tuple[int, int]:
        """Return how many of a worker's answers agree with most others, and of how many."""
        if worker in self._agreements:
            return self._agreements[worker]
        agreed = seen = 0
        for deed in self.of_worker[worker]:
            if len(self.of_task[deed.task]) > 1:
                shares = self.others(deed.task, (worker,))
                best = max(shares.values())
                seen += 1
                agreed += shares[deed.answer] >= best
        self._agreements[worker] = agreed, seen
        return agreed, seen

    def _usual(self) -> float:
        """Return the share of all answers that agree with most others'."""
        pairs = [self.agreement(worker) for worker in self.of_worker]
        seen = sum(n for _, n in pairs)
        return sum(agreed for agreed, _ in pairs) / seen if seen else 1.0
