"""A file of answers as votes: labels folded as on the phone, and one vote per worker and task."""

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from gateway.cli.qa.typed import AnswerFormat
from gateway.phrases.hearing import clean, fold
from gateway.qa.port import OPTIONS_MAX

VoteRow = tuple[str, str, str]  # task, worker, answer
TIES_SHOWN = 20
# These signs distinguish labels (A+ and A-, 1.5 and 1,5), although folding treats them as
# punctuation.
_SIGNS = re.compile(r"[+#%<>=&/*]|(?<![^\W\d])-(?![^\W\d])|(?<=\d)[.,](?=\d)")


@dataclass(frozen=True, slots=True)
class VoteFile:
    """The votes of a file. `spelling` maps each folded label to its representative spelling.

    `unread` are the rows with answers that are not values of the kind in `asked`.
    """

    rows: list[VoteRow]
    repeated: int
    spelling: Mapping[str, str]
    asked: AnswerFormat = field(default_factory=AnswerFormat)
    unread: Sequence[VoteRow] = ()

    def spelt(self, truths: Mapping[str, str], name: str = "truths") -> dict[str, str]:
        """Return the truths of the file `name` with the spelling of the answers.

        Raises Refused for a truth that is not a value of the kind.
        """
        if not self.spelling:
            return self.asked.truths(truths, name)
        return {task: self.spelling.get(_key(truth), truth) for task, truth in truths.items()}


def votes_of(given: Sequence[VoteRow], asked: AnswerFormat) -> VoteFile:
    """Read typed values, fold labels, and keep each worker's first readable answer per task."""
    rows, unread = asked.read(given)
    spelling = {} if asked.is_typed else _spelling(rows)
    # With more spellings than options they are typed texts and not labels of a question.
    if len(spelling) > OPTIONS_MAX:
        spelling = {}
    seen: dict[str, set[str]] = {}
    kept: list[VoteRow] = []
    for task, worker, answer in rows:
        workers = seen.setdefault(task, set())
        if worker not in workers:
            workers.add(worker)
            kept.append((task, worker, spelling.get(_key(answer), answer) if spelling else answer))
    return VoteFile(kept, len(rows) - len(kept), spelling, asked, unread)


def repeats_note(votes: VoteFile) -> str:
    """Return a sentence on the answers that do not count, or "" if all count."""
    if not votes.repeated:
        return ""
    return f"{votes.repeated:,} repeated answers were left out: of a worker's answers to one task, the first counts"


def ties_note(ties: Sequence[str]) -> str:
    """Return a sentence that names the tied tasks, or "" if there is none."""
    if not ties:
        return ""
    more = f" and {len(ties) - TIES_SHOWN:,} more" if len(ties) > TIES_SHOWN else ""
    return f"tied votes, decided by the workers' skill: {', '.join(ties[:TIES_SHOWN])}{more}"


def _spelling(rows: Sequence[VoteRow]) -> dict[str, str]:
    """Return one spelling per folded label.

    It is the most frequent one, then the plainest, then the first.
    """
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
