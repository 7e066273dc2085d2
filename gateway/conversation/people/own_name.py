"""The reading of a worker's own name.

It stands in a reply to the consent text or in `NAME Amina`, or is typed on the menu.
"""

import re

from gateway.conversation.context import Context, short_name
from gateway.conversation.facts import NameGiven, Turn
from gateway.conversation.parsed_sms import ParsedSms
from gateway.phrases.hearing import clean, fold
from gateway.workers.names import is_name

NAME_KEPT_MAX = 40
"""The most characters of a name that is kept."""
_WORDS_MAX = 4
_LETTERS = re.compile(r"[^\W\d_]+(?:['\u2019.-][^\W\d_]+)*\.?")


def name_said(context: Context, said: str) -> str:
    """Return `said` as a name to keep, or "" when it does not read as a name.

    A name has one to four words of letters. A word that means yes, no or a command, or that says
    nothing ("please"), is no name: "YES please" gives none. A name that reads as a link is none
    either, because a coordinator reads it in an SMS of the gateway.
    """
    words = [word.strip(",;:!?") for word in clean(said).rstrip(".").split()]
    if not 1 <= len(words) <= _WORDS_MAX or not all(_LETTERS.fullmatch(word) for word in words):
        return ""
    if any(_means_something(context, fold(word)) for word in words):
        return ""
    name = " ".join(words)
    return name if len(name) <= NAME_KEPT_MAX and is_name(name) else ""


def answer_name(context: Context, heard: ParsedSms) -> Turn:
    """Answer `NAME Amina`."""
    found = name_said(context, heard.rest)
    if not found:
        return Turn((), context.say("name.how"))
    return Turn((NameGiven(found),), context.say("name.done", name=short_name(found)))


def _means_something(context: Context, word: str) -> bool:
    books = (context.book, *context.books.values())
    answers = context.book.answers
    return (
        not word
        or word in context.book.fillers
        or word in answers.yes | answers.no | answers.unsure
        or any(book.command(word) for book in books)
    )
