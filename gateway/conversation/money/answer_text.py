"""One of the worker's answers in words: the question, her answer, the right one, and who looks."""

from gateway.base.money import amount_text
from gateway.conversation.context import Context
from gateway.conversation.explained import AnswerInQuestion, Looker
from gateway.conversation.situation import WorkerView
from gateway.gsm.segments import segments

# The least and the most characters of a question that are repeated. Answers have a part of them.
_WORDS_MIN, _WORDS_MAX, _ANSWER_PART = 12, 60, 2
_TAILS = {
    "may": "why.may",
    "waiting": "why.waiting",
    "stands": "why.stands",
    "late": "why.late",
    "many": "why.many",
}


def answer_text(context: Context, worker: WorkerView, found: AnswerInQuestion) -> str:
    """Return one segment about an answer.

    It shows as much of the question and of the answers as fits.
    """
    tail = ""
    if found.fate == "wrong" and found.appeal in _TAILS:
        looker = context.say(looker_key(found.looker))
        tail = context.say(_TAILS[found.appeal], ref=found.ref, who=looker, day=found.day)
    more = ""
    if found.amount_minor and found.fate == "wrong":
        more = context.say("why.amount", amount=amount_text(found.amount_minor, worker.currency))
    text = ""
    for told in ((more, tail), (tail,)):
        for length in range(_WORDS_MAX, _WORDS_MIN - 1, -1):
            text = " ".join(filter(None, (_head(context, found, length), *told)))
            if segments(text) == 1:
                return text
    return text


def looker_key(looker: Looker) -> str:
    """Return the phrase key that names the role that looks at an appeal."""
    return {"own": "who.own", "other": "who.other", "office": "who.office"}[looker]


def _head(context: Context, found: AnswerInQuestion, length: int) -> str:
    key = {"wrong": "why.wrong", "right": "why.right", "open": "why.open"}[found.fate]
    part = length // _ANSWER_PART
    said = {
        "ref": found.ref,
        "question": _shortened(found.question, length),
        "answer": _shortened(found.answer, part),
    }
    if found.fate == "wrong":
        said["truth"] = _shortened(found.truth, part)
    return context.say(key, **said)


def _shortened(text: str, length: int) -> str:
    """Return a text of at most `length` characters, whose end shows that it goes on."""
    text = " ".join(text.split())
    return text if len(text) <= length else f"{text[: length - 2].rstrip()}.."
