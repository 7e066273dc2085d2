"""The order of options on a worker's menu: her own per batch, so that answering "always 1" shows.

The order follows from batch, worker and options, so it need not be stored. A question that is asked
again, on any channel, keeps its order however late the answer comes. The key that the worker
pressed can be told from the stored answer.
"""

from collections.abc import Sequence
from functools import cache, lru_cache
from hashlib import blake2b

from gateway.phrases import books
from gateway.phrases.hearing import fold
from gateway.tasks.packed import KEYS
from gateway.tasks.question import Option


def rotated(options: Sequence[Option], batch: str, worker: int) -> tuple[Option, ...]:
    """Return the options in this worker's order.

    >>> ids = [Option("shop"), Option("house"), Option("school")]
    >>> [[o.id for o in rotated(ids, "b", worker)] for worker in (1, 2)]
    [['house', 'shop', 'school'], ['house', 'school', 'shop']]
    """
    return tuple(options[place] for place in _order(tuple(o.id for o in options), batch, worker))


def may_rotate(options: Sequence[Option]) -> bool:
    """Return True if another order would confuse no worker.

    No label may be or begin with a sign that could be read as another option's key (`2 beds`, `B`).
    No label may be a bare yes or no, which workers answer by habit.

    >>> may_rotate([Option("shop"), Option("house")]), may_rotate([Option("yes"), Option("maybe")])
    (True, False)
    >>> may_rotate([Option("2 beds"), Option("3 beds")]), may_rotate([Option("A"), Option("B")])
    (False, False)
    """
    labels = [label for o in options for label in (o.id, *o.labels.values())]
    return not any(label[:1].isdecimal() or fold(label) in _fixed() for label in labels)


@cache
def _fixed() -> frozenset[str]:
    """Return the folded words and letters of every language that must keep the client's order."""
    said = (book.answers for book in books().values())
    habits = (ways for answers in said for ways in (answers.yes, answers.no))
    return frozenset(key.casefold() for key in KEYS).union(*habits)


@lru_cache(maxsize=4096)
def _order(ids: tuple[str, ...], batch: str, worker: int) -> tuple[int, ...]:
    def drawn(place: int) -> bytes:
        return blake2b(f"{batch}:{worker}:{ids[place]}".encode(), digest_size=8).digest()

    return tuple(sorted(range(len(ids)), key=drawn))
