"""The client's choices for the life of a batch: the language of its texts, and its end."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.base.errors import Refused

CLOSE, PAUSE = "close", "pause"
"""The consequences of a deadline: the batch closes with what there is, or it pauses."""


@dataclass(frozen=True, slots=True)
class Life:
    """The client's choices for the life of a batch."""

    language: str | None = None
    """The language of its texts, if the client named it."""
    any_language: bool = False
    """True if workers of other languages are asked, too."""
    open: bool = False
    """True if tasks may be added while it runs. It then does not close by itself."""
    deadline: datetime | None = None
    """The time after which no worker is asked a new question; None for no such time."""
    at_deadline: str = CLOSE
    """The consequence of the deadline: `close` or `pause`."""


PLAIN_LIFE = Life()
"""The life of a batch for which the client chose nothing."""


def languages_asked(languages: Sequence[str], life: Life) -> tuple[str, ...]:
    """Return the languages of the workers who are asked; none stands for all.

    Raises Refused where the client names workers of another language than that of the texts and
    does not say that this is meant.

    >>> languages_asked([], Life(language="sw"))
    ('sw',)
    >>> languages_asked([], Life(language="sw", any_language=True))
    ()
    """
    if life.language is None or life.any_language:
        return tuple(languages)
    others = [code for code in languages if code != life.language]
    if others:
        raise Refused(
            f"the texts are in {life.language!r}, and workers of {others[0]!r} would be asked: leave "
            "languages out, or say any_language: true if they can answer them",
            field="languages",
        )
    return (life.language,)
