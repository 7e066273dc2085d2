"""The typed answers that are probably something else.

They look like a menu key, like a reply to several questions, or like a command word. Such a text is
never taken at once. By SMS the worker sends it again behind the word ANSWER. On a screen the worker
types it once more.
"""

import re

from gateway.conversation.context import Context
from gateway.conversation.work.keying import values_shown
from gateway.gsm.septets import gsm_only, septets, unaccented
from gateway.phrases import Phrasebook
from gateway.phrases.hearing import clean, fold
from gateway.tasks.packed import KEYS
from gateway.tasks.question import Question

PAGING = frozenset({"98", "99"})
"""The keys that turn pages on a screen."""
_SHOWN_MAX = 20  # The most characters of the worker's words that are repeated.
_ECHO_MAX = 36
_RECORD_ECHO_MAX = 110
_KEY_DIGITS_MAX = 2
_LETTER = f"[{KEYS.casefold()}]"
# "1A 2B" is also written "Q1 A, Q2 B" and "No.1 A", and the request for money may follow.
_NUMBER = r"(?:(?:q|qn|question|no|nr|number) ?)?\d{1,2}"
_PACK_STYLE = re.compile(rf"(?:(?:{_NUMBER} ?{_LETTER} ?)+|(?:{_LETTER} ?\d{{1,2}} ?)+)(?:pay)?")
_LETTERS = re.compile(rf"{_LETTER}+")


def is_doubtful(context: Context, question: Question, said: str) -> bool:
    """Return True when words are asked for and `said` looks like something else.

    It looks like a key or like a reply to several questions.
    """
    kind = context.kind(question)
    if not kind.TAKES_WORDS or kind.KEYS_ARE_ANSWERS:
        return False
    if kind.read(said, question, context.language, context.book.answers).value is None:
        return False  # It is no answer anyway, and the reply says why.
    words = fold(said)
    if all(word.isdecimal() and len(word) <= _KEY_DIGITS_MAX for word in words.split()):
        return True
    if len(words) == 1 or _PACK_STYLE.fullmatch(words):
        return True
    # Letters alone answer the numbered questions of the last message when there is one per
    # question.
    asked = sum(item.last for item in context.situation.pack)
    letters = words.removesuffix(" pay").replace(" ", "")
    return len(letters) == asked and _LETTERS.fullmatch(letters) is not None


def ask_back(context: Context, said: str) -> str:
    """Return the SMS that asks whether `said` is meant as the answer.

    It also says how to confirm that.
    """
    return context.say("answer.sure", said=shortened_words(said))


def command_or_answer(context: Context, said: str) -> str:
    """Return the line that says how to give a command word as the answer."""
    return context.say("answer.as_word", said=shortened_words(said))


def echo(context: Context, question: Question, value: str, said: str) -> str:
    """Return the line that repeats a date, a number or a name as understood.

    It is "" for other answers.
    """
    if question.fields:
        heard, limit = values_shown(context, question, value), _RECORD_ECHO_MAX
    else:
        heard, limit = context.kind(question).echo(value, said, context.language), _ECHO_MAX
    return context.say("answer.got", value=sendable(heard, context.book, limit)) if heard else ""


def sendable(words: str, book: Phrasebook, limit: int) -> str:
    """Return as much of `words` as a reply can repeat at no additional price.

    Without the words the reply has the price of its language.
    """
    if septets(book.say("answer.got", value="")) is None:
        return words[:limit]
    return gsm_only(unaccented(clean(words)), limit)


def shortened_words(said: str) -> str:
    """Return as much of `said` as a short text can repeat."""
    return gsm_only(clean(said), _SHOWN_MAX)
