"""The capacity of one channel for one SMS: parts, characters and alphabet."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from gateway.gsm.septets import segments, septets

PARTS_USUAL = 10


@dataclass(frozen=True, slots=True)
class Capacity:
    """The limits of a channel for one message.

    `parts_max` limits the SMS parts. `characters_max` limits the characters; None stands for no
    limit of its own. `alphabet` is "gsm7" where the channel can send only the default alphabet.
    """

    parts_max: int = PARTS_USUAL
    characters_max: int | None = None
    alphabet: Literal["any", "gsm7"] = "any"

    def carries(self, text: str) -> bool:
        """Return True if one message can hold `text`."""
        return self.lack(text) is None

    def lack(self, text: str) -> str | None:
        """Return the reason why one message cannot hold `text`, or None.

        >>> Capacity(parts_max=1).lack("a" * 161), Capacity(characters_max=3).lack("abcd")
        ('2 parts, 1 can be sent', '4 characters, 3 can be sent')
        >>> Capacity(alphabet="gsm7").lack("ŋ"), Capacity().lack("hi")
        ("'ŋ' is not in the GSM alphabet, and nothing else can be sent", None)
        """
        most = self.characters_max
        if most is not None and len(text) > most:
            return f"{len(text):,} characters, {most:,} can be sent"
        if self.alphabet == "gsm7" and septets(text) is None:
            odd = next(ch for ch in text if septets(ch) is None)
            return f"{odd!r} is not in the GSM alphabet, and nothing else can be sent"
        parts = segments(text)
        return f"{parts} parts, {self.parts_max} can be sent" if parts > self.parts_max else None

    def cheapest(self, wordings: Iterable[str]) -> str:
        """Return the first wording with the fewest parts among those that one message can hold.

        Where none can be sent, return the cheapest of all; the caller then sends another text.
        """
        every = list(wordings)
        return min([w for w in every if self.carries(w)] or every, key=segments)


ANY = Capacity()
