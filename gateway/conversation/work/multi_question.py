"""The asking of several questions in one SMS: the choice, the numbers and the words."""

from collections.abc import Sequence

from gateway.base.money import amount_text
from gateway.conversation.context import Context, no_work
from gateway.conversation.ease import needs_hint
from gateway.conversation.facts import Asked, Fact, Turn
from gateway.conversation.situation import PackItem, Situation
from gateway.conversation.work.asking import with_question
from gateway.conversation.work.pack_cost import cheapest
from gateway.gsm.segments import segments
from gateway.tasks.packed import ITEM_MAX, KEYS, packable
from gateway.tasks.question import Question

Numbered = tuple[int, Question]


def current_questions(situation: Situation) -> tuple[PackItem, ...]:
    """Return the numbered questions that the worker is asked now.

    There are none when the question that she holds is a single one.
    """
    held = situation.held
    if held is None or held.assignment not in {i.held.assignment for i in situation.pack}:
        return ()
    return situation.pack


def waiting_questions(situation: Situation) -> tuple[PackItem, ...]:
    """Return the numbered questions of the worker's last message that still need an answer."""
    return tuple(item for item in current_questions(situation) if item.last and item.held.open)


def ask_questions(
    context: Context, lead: str, facts: tuple[Fact, ...], left: Sequence[PackItem], *, is_next: bool
) -> Turn | None:
    """Return a turn with `lead`, the `left` questions of the last message, and new questions.

    It asks as many as is cheapest in one SMS. Return None when the situation needs no message of
    several questions: nothing is left, and there is one question, or asking one at a time is
    cheaper.
    """
    old = [(item.number, item.held.question) for item in left]
    new = _new(context, [question for _, question in old])
    if not old and (len(new) < 2 or not packs(context, new[0])):  # noqa: PLR2004
        return None
    first = _first_number(context.situation, [number for number, _ in old])
    numbered = [*old, *enumerate(new, first)]
    least = max(1, len(old))
    texts = {
        size: worded(context, lead, numbered[:size], is_next=is_next)
        for size in range(least, max(least, min(len(numbered), context.situation.pack_max)) + 1)
    }
    carries = context.situation.capacity.carries
    fitting = {size: text for size, text in texts.items() if carries(text)} or texts
    sizes = ((size, segments(text)) for size, text in fitting.items())
    best = cheapest(sizes, *context.situation.segment_prices)
    if not old and best == 1:
        return None
    asked = tuple(Asked(question.task, number) for number, question in numbered[:best])
    return Turn((*facts, *asked), texts[best])


def go_on(
    context: Context, lead: str, facts: tuple[Fact, ...], left: Sequence[PackItem] = ()
) -> Turn:
    """Return a turn with `lead`, the remaining questions and the next ones.

    Without a question the message says that there is none now.
    """
    several = ask_questions(context, lead, facts, left, is_next=True)
    if several:
        return several
    question = context.situation.upcoming
    if question is None:
        return Turn(facts, f"{lead} {no_work(context)}")
    return Turn((*facts, Asked(question.task)), put_question(context, lead, question, is_next=True))


def put_question(context: Context, lead: str, question: Question, *, is_next: bool) -> str:
    """Return `lead` and one question as one message.

    A worker who is new to it also reads the line on how to reply.
    """
    worker = context.situation.worker
    return with_question(
        lead,
        question,
        context.book,
        hint_key=context.kind(question).hint_key(),
        is_next=is_next,
        must_hint=worker is not None and needs_hint(worker.ease),
        capacity=context.situation.capacity,
    )


def ask_again(
    context: Context, lead: str, facts: tuple[Fact, ...], items: Sequence[PackItem]
) -> Turn:
    """Ask the same questions once more, word for word.

    The message contains as many of them as one SMS of the channel can hold.
    """
    numbered = [(item.number, item.held.question) for item in items]
    carries = context.situation.capacity.carries
    sizes = range(len(numbered), 0, -1)
    texts = [worded(context, lead, numbered[:size], is_next=False) for size in sizes]
    return Turn(facts, next(filter(carries, texts), texts[0]))


def worded(context: Context, lead: str, numbered: Sequence[Numbered], *, is_next: bool) -> str:
    """Return the message with these questions.

    What the questions share is said once. The price is left out where that saves a segment. So is
    the line on how to answer, but not from a message that comes by itself. The questions stand in
    the order of their numbers, because a reply of options alone is read so. A question of an
    earlier message may have a higher number than the new ones.
    """
    numbered = sorted(numbered, key=lambda one: one[0])
    first = numbered[0][1]
    hint = context.say("how.pack", example=example([number for number, _ in numbered]))
    asked = (
        first.instructions.strip(),
        *(f"{number}) {question.text.strip()}" for number, question in numbered),
        lettered(first, context.language),
    )
    # A worker who was told a lower price for one of them before is not told more for all.
    least = min((question for _, question in numbered), key=lambda one: one.price_minor)
    heads = [_price(context, least, is_next=is_next), ""] if least.price_minor else [""]
    wordings = [
        "\n".join(filter(None, (lead, head, *asked, tail)))
        for head in heads
        for tail in ((hint, "") if is_next else (hint,))
    ]
    wordings.sort(key=len, reverse=True)
    return context.situation.capacity.cheapest(wordings)


def lettered(question: Question, language: str) -> str:
    """Return `A Yes B No C Not sure`: each letter that answers, with its meaning."""
    return " ".join(
        f"{key} {o.label(language)}" for key, o in zip(KEYS, question.options, strict=False)
    )


def example(numbers: Sequence[int]) -> str:
    """Return `4A 5B`, an example of an answer to these items."""
    return " ".join(f"{number}{key}" for number, key in zip(numbers, KEYS[:2], strict=False))


def _price(context: Context, question: Question, *, is_next: bool) -> str:
    amount = amount_text(question.price_minor, question.currency)
    return context.say("ask.next_each" if is_next else "ask.each", amount=amount)


def _new(context: Context, old: Sequence[Question]) -> list[Question]:
    """Return the questions that could be asked beside `old`.

    They belong to the same batch, and none is among `old`.
    """
    situation = context.situation
    if situation.upcoming is None:
        return []
    batch = old[0].batch if old else situation.upcoming.batch
    known = {question.task for question in old}
    found: dict[int, Question] = {}
    for question in (situation.upcoming, *situation.more):
        if question.batch == batch and question.task not in known:
            found.setdefault(question.task, question)
    return list(found.values())


def packs(context: Context, question: Question) -> bool:
    """Return True when one SMS may ask several questions of this kind."""
    kind = context.kind(question)
    if not kind.PACKS or context.situation.pack_max < 2:  # noqa: PLR2004
        return False
    names = kind.names(question.options, context.language, context.book.answers)
    return packable(question.options, names)


def _first_number(situation: Situation, taken: Sequence[int]) -> int:
    """Return the number of the first new item.

    Numbers go on from the last message's, so that a late or repeated reply to that one never
    answers this one. They begin at 1 again before they grow long.
    """
    last = max((item.number for item in situation.pack if item.last), default=0)
    room = situation.pack_max
    if last + room <= ITEM_MAX:
        return last + 1
    return 1 if min(taken, default=ITEM_MAX) > room else max(taken) + 1
