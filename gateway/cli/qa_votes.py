"""A file of answers as votes: labels folded as on the phone, and one vote per worker and task."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from gateway.phrases.hearing import clean, fold
from gateway.qa.overlap import SKILL_MAX
from gateway.qa.port import OPTIONS_MAX
from gateway.qa.prior import RIGHT, WRONG

Row = tuple[str, str, str]  # task, worker, answer
Result = tuple[str, str, float, int]  # task, value, confidence, answers
TIES_SHOWN = 20
_LONE = RIGHT / (RIGHT + WRONG)  # what an unknown worker's answer is worth
# Signs that make a label another one (A+ and A-, 1.5 and 1,5), which folding takes for punctuation.
_SIGNS = re.compile(r"[+#%<>=&/*]|(?<![^\W\d])-(?![^\W\d])|(?<=\d)[.,](?=\d)")


@dataclass(frozen=True, slots=True)
class Votes:
    """The votes of a file. `spelling` maps each folded label to the spelling that stands for it."""

    rows: list[Row]
    repeated: int
    spelling: Mapping[str, str]

    def spelt(self, truths: Mapping[str, str]) -> dict[str, str]:
        """Return the truths in the spelling of the answers."""
        if not self.spelling:
            return dict(truths)
        return {task: self.spelling.get(_key(truth), truth) for task, truth in truths.items()}


def votes_of(rows: Sequence[Row], *, typed: bool) -> Votes:
    """Fold labels unless the answers are typed texts, and keep each worker's first answer to a task."""
    spelling = {} if typed else _spelling(rows)
    if len(spelling) > OPTIONS_MAX:  # These are no labels of a question, but typed texts.
        spelling = {}
    seen: dict[str, set[str]] = {}
    kept: list[Row] = []
    for task, worker, answer in rows:
        workers = seen.setdefault(task, set())
        if worker not in workers:
            workers.add(worker)
            kept.append((task, worker, spelling.get(_key(answer), answer) if spelling else answer))
    return Votes(kept, len(rows) - len(kept), spelling)


def ties_of(votes: Votes) -> list[str]:
    """Return the tasks where two labels have equally many votes and none has more; none for typed texts."""
    if not votes.spelling:
        return []
    counts: dict[str, Counter[str]] = {}
    for task, _, answer in votes.rows:
        counts.setdefault(task, Counter())[answer] += 1
    most = {task: of_task.most_common(2) for task, of_task in counts.items()}
    return [task for task, two in most.items() if len(two) > 1 and two[0][1] == two[1][1]]


def sobered(
    results: Iterable[Result], votes: Votes, gold: Mapping[str, str]
) -> list[Result]:  # fmt: skip
    """Lower confidences that nothing supports: a lone answer is never certain.

    Where all answers of a file are the same label, no model can learn how good the workers are:
    then each answer counts as that of a worker of whom nothing is known.
    """
    one_label = len(set(votes.spelling.values())) == 1
    found: list[Result] = []
    for task, value, confidence, answers in results:
        most = 1.0
        if task not in gold and one_label:
            right, wrong = _LONE**answers, (1.0 - _LONE) ** answers
            most = right / (right + wrong)
        if task not in gold and answers == 1:
            most = min(most, SKILL_MAX)
        found.append((task, value, min(confidence, most), answers))
    return found


def repeats_note(votes: Votes) -> str:
    """Return a sentence on the answers that do not count; empty where all count."""
    if not votes.repeated:
        return ""
    return f"{votes.repeated:,} repeated answers were left out: of a worker's answers to one task, the first counts"


def ties_note(ties: Sequence[str]) -> str:
    """Return a sentence that names the tied tasks; empty where there is none."""
    if not ties:
        return ""
    more = f" and {len(ties) - TIES_SHOWN:,} more" if len(ties) > TIES_SHOWN else ""
    return f"tied votes, decided by the workers' skill: {', '.join(ties[:TIES_SHOWN])}{more}"


def _spelling(rows: Sequence[Row]) -> dict[str, str]:
    """Return one spelling per folded label: the most frequent, then the plainest, then the first."""
    counts = Counter(answer for _, _, answer in rows)
    best: dict[str, tuple[int, bool, str]] = {}
    for answer, count in counts.items():
        key, shown = _key(answer), clean(answer)
        rank = (count, shown == fold(answer), shown)
        if key not in best or rank[:2] > best[key][:2]:
            best[key] = rank
    return {key: shown for key, (_, _, shown) in best.items()}


def _key(label: str) -> str:
    plain = unicodedata.normalize("NFKC", clean(label)).replace("\u2212", "-")
    folded = fold(plain) or plain.casefold()
    return f"{folded} {''.join(_SIGNS.findall(plain))}".strip()
