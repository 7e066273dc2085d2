"""One event as it is answered.

It holds the situation, the language of the answer, and the effect of the facts.
"""

import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from gateway.base.ids import AssignmentId
from gateway.base.money import amount_text
from gateway.conversation.facts import (
    Agreed,
    Answered,
    Asked,
    Fact,
    FieldsTyped,
    Joined,
    LanguageChosen,
    LessonMoved,
    NameGiven,
    PayAsked,
    PinChosen,
    Restarted,
    Skipped,
    Stopped,
)
from gateway.conversation.situation import HeldQuestion, Situation, WorkerView
from gateway.gsm.septets import septets
from gateway.phrases import Phrasebook, book_in
from gateway.tasks.port import TaskKind
from gateway.tasks.question import Question

Phrasebooks = Mapping[str, Phrasebook]
KindOf = Callable[[str], TaskKind]

# The most characters of a name in the gateway's texts. The budgets of phrases count on it.
NAME_MAX = 20
# It stands for the assignment of a question that is asked in this very turn.
_NOBODYS_ASSIGNMENT = AssignmentId(0)


@dataclass(frozen=True, slots=True)
class Context:
    """One event as it is answered: the situation, the phrasebooks, and the task kinds."""

    situation: Situation
    books: Phrasebooks
    kind_of: KindOf

    @property
    def language(self) -> str:
        situation = self.situation
        if situation.worker:
            return situation.worker.language
        if situation.coordinator:
            return situation.coordinator.language
        return situation.default_language

    @property
    def book(self) -> Phrasebook:
        return book_in(self.language, self.books)

    def say(self, key: str, **values: object) -> str:
        return self.book.say(key, **values)

    def kind(self, question: Question) -> TaskKind:
        return self.kind_of(question.kind)

    def in_language(self, language: str) -> "Context":
        """Return the context in another language.

        The sender just chose it, or a stranger's command word belongs to it.
        """
        situation = self.situation
        worker = replace(situation.worker, language=language) if situation.worker else None
        return replace(self, situation=situation.changed(worker=worker, default_language=language))

    def after(self, facts: Iterable[Fact]) -> "Context":
        """Return the context as it is after `facts` are written.

        So a reply can name the new balance.
        """
        situation = self.situation
        for fact in facts:
            situation = _after(situation, fact)
        return replace(self, situation=situation)


def money(worker: WorkerView) -> str:
    return amount_text(worker.balance_minor, worker.currency)


def open_question(situation: Situation) -> HeldQuestion | None:
    """Return the held question if an answer to it still counts, else None."""
    return situation.held if situation.held and situation.held.open else None


def question_to_show(situation: Situation) -> Question | None:
    """Return the question that WORK puts to the worker.

    It is the one that she holds, else the next one, else one that she may still answer.
    """
    held = open_question(situation)
    if held and (not held.lapsed or situation.upcoming is None):
        return held.question
    return situation.upcoming


def no_work(context: Context, usual: str = "work.none") -> str:
    """Return the words that there is no question now, with the reason where one is known."""
    why = context.situation.no_work
    return context.say(why.key, date=why.date) if why else context.say(usual)


def short_name(name: str) -> str:
    """Return a name as the gateway's texts use it.

    It is the first word, of a bounded length, in GSM-7 where dropping accents allows that.

    >>> short_name("Wanjirũ wa Kamau"), short_name("")
    ('Wanjiru', '')
    """
    first = next(iter(name.split()), "")[:NAME_MAX]
    if septets(first) is None:
        plain = "".join(c for c in unicodedata.normalize("NFKD", first) if not unicodedata.combining(c))  # fmt: skip
        first = plain if septets(plain) is not None else first
    return first


def blank_name(name: str) -> str:
    """Return ` Amina` with a blank in front, or "": greetings are worded around that."""
    short = short_name(name)
    return f" {short}" if short else ""


def _after(situation: Situation, fact: Fact) -> Situation:  # noqa: C901, PLR0911, PLR0912  # one return per fact
    worker, held, cash = situation.worker, situation.held, situation.cash
    match fact:
        case Answered() if held and worker:
            if held.paid_at_once and held.question.currency == worker.currency:
                earned = worker.balance_minor + held.question.price_minor
                worker = replace(worker, balance_minor=earned)
            return situation.changed(worker=worker, held=None)
        case FieldsTyped(_, task, typed, said) if held and held.question.task == task:
            question = replace(held.question, typed=typed, said=said)
            return situation.changed(held=replace(held, question=question))
        case Skipped():
            return situation.changed(held=None)
        case Asked() if situation.upcoming:
            asked = HeldQuestion(_NOBODYS_ASSIGNMENT, situation.upcoming, lapsed=False, open=True)
            return situation.changed(held=asked, upcoming=None)
        case Agreed() | Restarted() if worker:
            name = (fact.name if isinstance(fact, Agreed) else "") or worker.name
            active = replace(worker, state="active", agreed=True, name=name)
            return situation.changed(worker=active)
        case LessonMoved(progress, step, score):
            return situation.changed(lesson=progress.at(step, score))
        case NameGiven(name) if worker:
            return situation.changed(worker=replace(worker, name=name))
        case Stopped() if worker:
            return situation.changed(worker=replace(worker, state="stopped"))
        case LanguageChosen(language) if worker:
            return situation.changed(worker=replace(worker, language=language))
        case Joined():
            joined = replace(worker, state="active", language=fact.language) if worker else None
            return situation.changed(worker=joined, default_language=fact.language)
        case PayAsked() if worker and cash:
            left = replace(worker, balance_minor=worker.balance_minor - fact.taken_minor)
            busy = replace(cash, payable_minor=0, open_ref=fact.ref, open_minor=fact.amount_minor)
            return situation.changed(worker=left, cash=busy)
        case PinChosen() if situation.pin:
            known = replace(situation.pin, known=True, typed_right=False)
            return situation.changed(pin=known)
        case _:
            return situation
