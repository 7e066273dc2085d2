"""The wording of a question: the richest one that costs the fewest SMS segments."""

from collections.abc import Iterator, Sequence
from functools import lru_cache

from gateway.base.money import amount_text
from gateway.conversation.context import Phrasebooks
from gateway.gsm.segments import ANY, Capacity
from gateway.phrases import Phrasebook, book_in
from gateway.tasks.question import Field, Option, Question

# Up to this number the options stand in one line. More are easier to read on one line each.
LINE_OPTIONS_MAX = 3


_HINTS = {
    "number": "how.number",
    "money": "how.number",
    "date": "how.date",
    "name": "how.name",
    "choice": "how.choice",
    "text": "how.text",
}
"""The line on how to answer where one field of a record is asked for."""


def field_line(field: Field, language: str) -> str:
    """Return `3 Size (1 Small, 2 Large)`: a field's number and name, and its options."""
    options = ", ".join(f"{n} {one.label(language)}" for n, one in enumerate(field.options, 1))
    return f"{field.number} {field.label(language)}{f' ({options})' if options else ''}"


def _fields_left(question: Question) -> list[Field]:
    """Return the fields for which a message asks: those that are not typed, else all."""
    left = [field for field in question.fields if field.name not in question.typed]
    return left or list(question.fields)


def option_lines(question: Question, language: str) -> Sequence[str]:
    """Return `1 Yes`, `2 No`, ...: each key that answers, with its meaning.

    Of a record, return each field with its number.
    """
    if question.fields:
        return [field_line(field, language) for field in _fields_left(question)]
    return numbered_options(question.options, language)


@lru_cache(maxsize=512)
def numbered_options(options: tuple[Option, ...], language: str) -> Sequence[str]:
    """Return the options with their keys. All questions of a batch share them."""
    return tuple(f"{key} {o.label(language)}" for key, o in enumerate(options, start=1))


def options_text(question: Question, language: str) -> str:
    lines = option_lines(question, language)
    return (" " if len(lines) <= LINE_OPTIONS_MAX else "\n").join(lines)


def question_sms(
    question: Question, language: str, books: Phrasebooks, *, hint_key: str | None = None
) -> str:
    """Return a question as an SMS of its own.

    `hint_key` is the kind's line on how to answer (`TaskKind.hint_key`).
    """
    return with_question("", question, book_in(language, books), hint_key=hint_key, is_next=False)


def with_question(
    lead: str,
    question: Question,
    book: Phrasebook,
    *,
    hint_key: str | None = None,
    is_next: bool,
    must_hint: bool = False,
    capacity: Capacity = ANY,
) -> str:
    """Return one message with `lead` and the question.

    `lead` says what happened to the last answer, or is empty. The price and the line on how to
    answer are left out where that saves a segment. The client's words and the options never are.
    `is_next` says that this is the next question. `must_hint` keeps the line on how to answer
    whatever it costs, because the worker is new or was not understood.
    """
    hint_key = hint_key or ("how.choice" if question.options else "how.text")
    if question.fields and len(fields := _fields_left(question)) == 1:
        hint_key = _HINTS[fields[0].type]
    asked = (question.instructions.strip(), question.text.strip(), options_text(question, book.language))  # fmt: skip
    wordings = [
        "\n".join(filter(None, (lead, head, *asked, hint)))
        for head in _heads(question, book, is_next=is_next)
        for hint in ((book.say(hint_key),) if must_hint else (book.say(hint_key), ""))
    ]
    if must_hint and not any(map(capacity.carries, wordings)):
        return with_question(lead, question, book, is_next=is_next, capacity=capacity)
    wordings.sort(key=len, reverse=True)  # Among equally expensive wordings, the longest one wins.
    return capacity.cheapest(wordings)


def barest(question: Question, language: str) -> str:
    """Return the shortest message that asks this question: its own words and its options."""
    asked = (question.instructions, question.text, options_text(question, language))
    return "\n".join(filter(None, map(str.strip, asked)))


def _heads(question: Question, book: Phrasebook, *, is_next: bool) -> Iterator[str]:
    if question.price_minor:
        price = amount_text(question.price_minor, question.currency)
        yield book.say("ask.next_price" if is_next else "ask.price", amount=price)
    yield book.say("ask.next") if is_next else ""
