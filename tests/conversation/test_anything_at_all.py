"""Any text, in any state: an answer is understood or asked for again; nothing else ever happens."""

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.conversation.context import Context
from gateway.conversation.facts import Answered, Asked, Fact, MenuTurn, Skipped, Stopped, Turn
from gateway.conversation.menu import VIEWS, menu
from gateway.conversation.needs import sms_needs
from gateway.conversation.parsed_sms import ParsedSms, parse_text
from gateway.conversation.people.coordinators import numbers_said
from gateway.conversation.situation import Need, Situation
from gateway.conversation.turn import interpret_parsed, interpret_sms
from gateway.gsm.segments import segments
from gateway.phrases.hearing import fold
from gateway.tasks.question import Option

from .people import BOOKS, GRACE, Person, held, kind_of, question

WORDS = sorted(
    {w for b in BOOKS.values() for n in b.words.__dataclass_fields__ for w in getattr(b.words, n)}
    | {"kibera", "sw", "fr", "english", "0712345678", "+254712345678", "amina", "1", "2", "00", "100", "kes 50"}
)  # fmt: skip
STOPS = frozenset[str]().union(*(b.words.stop for b in BOOKS.values()))
RUBBISH = st.text(st.characters(codec=None), max_size=60)
COMMANDS = st.lists(st.sampled_from(WORDS), min_size=1, max_size=4).map(" ".join)
SAID = (
    RUBBISH
    | COMMANDS
    | st.builds("{}{}{}".format, COMMANDS, st.sampled_from([" ", "", "\n", "!", "*"]), RUBBISH)
)
FRUIT = [
    Option("mango", {"en": "Mango", "sw": "Embe"}),
    Option("work", {"en": "Work"}),
    Option("yes"),
]
QUESTIONS = {
    "none": None,
    "verification": question(),
    "categorisation": question(kind="categorisation", options=FRUIT),
    "transcription": question(kind="transcription"),
    "gratis": question(price_minor=0),
}


@st.composite
def situations(draw: st.DrawFn) -> Situation:
    asked = QUESTIONS[draw(st.sampled_from(sorted(QUESTIONS)))]
    upcoming = QUESTIONS[draw(st.sampled_from(sorted(QUESTIONS)))]
    return Person(
        draw(st.sampled_from(["", "Amina Wanjiku", "\u12a0\u121a\u1293"])),
        draw(st.sampled_from([None, "invited", "active", "stopped", "removed"])),
        language=draw(st.sampled_from(["en", "sw", "fr", "xx"])),
        balance_minor=draw(st.sampled_from([0, 50, 900, 123_450])),
        queue=[upcoming] if upcoming else [],
        holds=held(asked, lapsed=draw(st.booleans()), is_open=draw(st.booleans()))
        if asked
        else None,
        coordinator=draw(st.sampled_from([None, GRACE])),
    ).situation


NOS = frozenset().union(*(book.words.no for book in BOOKS.values()))


def is_only_stop(said: str) -> bool:
    words = set(fold(said).split())
    return len(words) == 1 and words <= STOPS


def check_facts(situation: Situation, facts: tuple[Fact, ...]) -> None:
    kinds = [type(f) for f in facts]
    assert len(kinds) == len(set(kinds)), "the same thing cannot happen twice in one turn"
    assert not ({Answered, Skipped} <= set(kinds))
    for fact in facts:
        match fact:
            case Answered() | Skipped():
                assert situation.held is not None
                assert situation.held.open
                assert situation.worker is not None
                assert situation.worker.state == "active"
                assert (fact.assignment, fact.task) == (
                    situation.held.assignment,
                    situation.held.question.task,
                )
            case Asked():
                assert situation.upcoming is not None
                assert fact.task == situation.upcoming.task
            case _:
                pass


def said_by_sms(situation: Situation, said: str) -> Turn:
    found = interpret_sms(situation, said, BOOKS, kind_of)
    check_facts(situation, found.facts)
    return found


def check_needs(situation: Situation, parsed: ParsedSms, found: Turn) -> None:
    """Check that what an SMS does not need changes nothing in its turn.

    There is no untrue reply for want of a look-up.
    """
    needs = sms_needs(parsed, situation, Context(situation, BOOKS, kind_of).book)
    bare = situation.changed(
        cash=situation.cash if Need.CASH in needs else None,
        pin=situation.pin if Need.PIN in needs else None,
        partner_codes=situation.partner_codes if Need.CODES in needs else frozenset(),
    )
    assert interpret_parsed(bare, parsed, BOOKS, kind_of) == found


@settings(max_examples=400)
@given(situations(), SAID)
def test_any_sms_in_any_situation(situation: Situation, said: str) -> None:
    found = said_by_sms(situation, said)
    if is_only_stop(said):
        assert found.facts == ((Stopped(),) if situation.worker else ())
    else:
        assert found.reply
        assert Stopped() not in found.facts or set(fold(said).split()) <= NOS
    if found.reply:
        assert segments(found.reply) <= 3
    parsed = parse_text(said, Context(situation, BOOKS, kind_of).book, BOOKS)
    numbers_said(parsed, situation)
    check_needs(situation, parsed, found)


@settings(max_examples=300)
@given(situations(), RUBBISH)
def test_rubbish_has_no_effect(situation: Situation, said: str) -> None:
    """Unforeseen words record nothing, unless typed words are what was asked for."""
    known = {part for word in [*WORDS, "mango", "embe"] for part in fold(word).split()}
    for book in BOOKS.values():
        answers = book.answers
        known |= {
            part for word in answers.yes | answers.no | answers.unsure for part in word.split()
        }
    meant = known | {"l", "i"}
    understood = any(
        word in meant or word.lstrip("0") in {"1", "2", "3"} for word in fold(said).split()
    )
    takes_words = situation.held is not None and kind_of(situation.held.question.kind).TAKES_WORDS
    facts = said_by_sms(situation, said).facts
    assert facts == () or understood or takes_words


@settings(max_examples=400)
@given(
    situations(),
    st.sampled_from([*sorted(VIEWS), "", "end", "nonsense"]),
    st.dictionaries(st.sampled_from(["task", "amount", "language", "code"]), st.sampled_from(["", "1", "xx", "sw", "KIBERA", "\u0663", "1000"]), max_size=3),
    st.none() | SAID,
)  # fmt: skip
def test_any_key_on_any_screen(
    situation: Situation, view: str, memory: dict[str, str], said: str | None
) -> None:
    if situation.held and memory.get("task") == "1":
        memory["task"] = str(situation.held.question.task)
    found: MenuTurn = menu(situation, view, memory, said, BOOKS, kind_of)
    check_facts(situation, found.facts)
    assert found.screen.notice or found.screen.body
    assert found.screen.end == (found.view == "end")
    assert found.screen.end or found.view in VIEWS
    assert found.screen.end or found.screen.choices
    if said is None:
        assert found.facts == ()
    elif is_only_stop(said):
        assert found.facts == ((Stopped(),) if situation.worker else ())
        assert found.screen.end
    # What was shown can be pressed: the next key of any kind finds its way, too.
    if not found.screen.end:
        menu(situation, found.view, found.memory, "1", BOOKS, kind_of)
