"""The hidden gold among the questions of reviewers and auditors."""

from zlib import crc32

from gateway.qa.checks.plan import GOLD_SHARE

_BLOCK = round(1.0 / GOLD_SHARE)


def check_gold_due(worker: int, answers: int) -> bool:
    """Return True when a reviewer's next question should be gold.

    `answers` counts all her answers at this kind. A proven worker has had much gold already, so the
    rule for all workers would ask her none in a short review. One of each five questions is gold
    instead, at a place that she cannot foresee.

    >>> sum(check_gold_due(7, answers) for answers in range(100))
    20
    """
    block, place = divmod(answers, _BLOCK)
    return place == crc32(f"{worker}:{block}".encode()) % _BLOCK
