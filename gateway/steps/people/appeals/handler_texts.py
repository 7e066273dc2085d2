"""The texts about an appeal to the person who looks at it."""

from gateway.gsm.segments import segments
from gateway.gsm.septets import gsm_only
from gateway.phrases import Phrasebook
from gateway.steps.people.appeals.shown_answers import shown_answers
from gateway.steps.people.find_worker import number_tail
from gateway.steps.runtime import Runtime
from gateway.store.people.appeals import Appeal

_NAME_MAX = 12
# The most and the least characters of a question that are repeated.
_WORDS_MAX, _WORDS_MIN = 60, 8


async def to_coordinator(rt: Runtime, appeal: Appeal, book: Phrasebook) -> str:
    """Return one segment with the question, both answers and the deadline."""
    language, truth = appeal.handler_language or "", appeal.truth or ""
    answer, truth = await shown_answers(rt, appeal.batch, appeal.value, truth, language)
    text = ""
    for length in range(_WORDS_MAX, _WORDS_MIN - 1, -1):
        text = book.say(
            "appeal.to_coordinator",
            name=worker_shown(rt, appeal),
            ref=appeal.ref,
            question=_cut(appeal.text, length),
            answer=_cut(answer, length // 2),
            truth=_cut(truth or "-", length // 2),
            day=f"{appeal.due_at:%d/%m}",
        )
        if segments(text) == 1:
            return text
    return text


async def reminder(rt: Runtime, appeal: Appeal, book: Phrasebook) -> str:
    """Return the reminder some days before the deadline."""
    return book.say(
        "appeal.remind",
        name=worker_shown(rt, appeal),
        ref=appeal.ref,
        day=f"{appeal.due_at:%d/%m}",
    )


def to_office(appeal: Appeal, what: str) -> str:
    """Return the SMS to the numbers of `controls.tell`; `what` says what happened."""
    before = appeal.decided_by if appeal.decided_kind in ("person", "coordinator") else "a rule"
    if appeal.decided_kind == "client":
        before = "the client's truth"
    return gsm_only(
        f"Gateway: appeal {appeal.ref} of worker {appeal.worker} {what} "
        f"(decided before: {before[:20]}). By {appeal.due_at:%d/%m}: gateway appeals show {appeal.ref}",
        160,
    )


def worker_shown(rt: Runtime, appeal: Appeal) -> str:
    """Return the worker's name with the end of the number.

    A coordinator may look after several workers of one name, or of none.
    """
    name = gsm_only(appeal.worker_name, _NAME_MAX).strip() if appeal.worker_name else ""
    return f"{name} {number_tail(rt, appeal.worker_sealed)}".strip() or "?"


def _cut(text: str, length: int) -> str:
    text = " ".join(text.split())
    return text if len(text) <= length else f"{text[: length - 2].rstrip()}.."
