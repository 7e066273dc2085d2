"""One event being answered: the situation with the language to answer in, and what the facts will make of it."""

import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from gateway.conversation.facts import (
    Agreed,
    Answered,
    Asked,
    Fact,
    Joined,
    LanguageChosen,
    Named,
    PayAsked,
    PinChosen,
    Restarted,
    Skipped,
    Stopped,
)
from gateway.conversation.situation import HeldQuestion, Situation, WorkerView
from gateway.ids import AssignmentId
from gateway.money import amount_text
from gateway.phrases import Phrasebook, book_in
from gateway.phrases.septets import septets
from gateway.tasks.port import TaskKind
from gateway.tasks.question import Question

Books = Mapping[str, Phrasebook]
KindOf = Callable[[str], TaskKind]

NAME_MAX = 20  # characters of a name in our texts; budgets of phrases count on it
_NOBODYS_ASSIGNMENT = AssignmentId(0)  # for a question that is asked in this very turn


@dataclass(frozen=True, slots=True)
class Talk:
    situation: Situation
    books: Books
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

    def in_language(self, language: str) -> "Talk":
        """The same talk in another language: one that was just chosen, or that a stranger's word gave away."""
        situation = self.situation
        worker = replace(situation.worker, language=language) if situation.worker else None
        return replace(self, situation=situation.changed(worker=worker, default_language=language))

    def after(self, facts: Iterable[Fact]) -> "Talk":
        """The talk as it stands once `facts` are written down: so that a reply speaks of the new balance."""
        situation = self.situation
        for fact in facts:
            situation = _after(situation, fact)
        return replace(self, situation=situation)


def money(worker: WorkerView) -> str:
    return amount_text(worker.balance_minor, worker.currency)


def open_question(situation: Situation) -> HeldQuestion | None:
    """The held question, if an answer to it still counts."""
    return situation.held if situation.held and situation.held.open else None


def question_to_show(situation: Situation) -> Question | None:
    """What WORK puts to the worker: the question she holds, else the next one, else one she may still answer."""
    held = open_question(situation)
    if held and (not held.lapsed or situation.upcoming is None):
        return held.question
    return situation.upcoming


def no_work(talk: Talk, usual: str = "work.none") -> str:
    """That there is no question now, and why, where there is more to say than that."""
    why = talk.situation.no_work
    return talk.say(why.key, date=why.date) if why else talk.say(usual)


def short_name(name: str) -> str:
    """A name as our texts use it: the first word, of a bounded length, in GSM-7 where dropping accents allows.

    >>> short_name("Wanjir\u0169 wa Kamau"), short_name("")
    ('Wanjiru', '')
    """
    first = next(iter(name.split()), "")[:NAME_MAX]
    if septets(first) is None:
        plain = "".join(c for c in unicodedata.normalize("NFKD", first) if not unicodedata.combining(c))  # fmt: skip
        first = plain if septets(plain) is not None else first
    return first


def blank_name(name: str) -> str:
    """` Amina` with its blank in front, or nothing: greetings are worded around that."""
    short = short_name(name)
    return f" {short}" if short else ""


def _after(situation: Situation, fact: Fact) -> Situation:  # noqa: C901, PLR0911  # one return a fact
    worker, held, cash = situation.worker, situation.held, situation.cash
    match fact:
        case Answered() if held and worker:
            if held.paid_at_once and held.question.currency == worker.currency:
                earned = worker.balance_minor + held.question.price_minor
                worker = replace(worker, balance_minor=earned)
            return situation.changed(worker=worker, held=None)
        case Skipped():
            return situation.changed(held=None)
        case Asked() if situation.upcoming:
            asked = HeldQuestion(_NOBODYS_ASSIGNMENT, situation.upcoming, lapsed=False, open=True)
            return situation.changed(held=asked, upcoming=None)
        case Agreed() | Restarted() if worker:
            name = (fact.name if isinstance(fact, Agreed) else "") or worker.name
            active = replace(worker, state="active", agreed=True, name=name)
            return situation.changed(worker=active)
        case Named(name) if worker:
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
