"""The advice on the SMS cost of a client's texts, given at upload and in the quote.

It names the texts that need a second segment, and a cheaper wording with its diff. Nothing is
changed: the author of a text decides.
"""

from dataclasses import dataclass, replace

from gateway.base.errors import Refused
from gateway.conversation.work.asking import options_text
from gateway.gsm.segments import Capacity, SegmentCount, count_segments
from gateway.gsm.septets import BASIC, SMS_PART_UNITS, SMS_SEPTETS
from gateway.sms.economy import cheaper
from gateway.steps.turns.questions import question_of
from gateway.store.batches.batches import Batch

SHOWN_MAX = 20
ANY_LENGTH = 1_000_000


@dataclass(frozen=True, slots=True)
class Advice:
    """The advice on a task whose question is more than one plain SMS."""

    row: int
    """The row of the upload; 1 is the first."""
    task: str
    """The client's id of the task."""
    encoding: str
    """The encoding of the whole question."""
    segments: int
    """The segments of the whole question."""
    segments_then: int
    """The segments of the question with the suggested text."""
    suggestion: str | None
    """A cheaper text; None when there is none."""
    diff: str | None
    """The suggested text with its changes shown; None when there is none."""
    loses_letters: bool
    """True if letters lose their marks, so that a speaker of the language should read the text."""
    kept: str
    """The characters that nothing can replace and that make the text UCS-2."""
    cannot_go: str | None = None
    """The reason why the question cannot be asked: "cannot go on channel X in am: 5 parts, 4 can be
    sent".
    """


@dataclass(frozen=True, slots=True)
class DeliveryMix:
    """The channels and languages by which questions reach workers."""

    language: str
    """The language of the country, where a batch names none."""
    languages: tuple[str, ...] = ()
    """All languages that the batch's workers may read."""
    roads: tuple[tuple[str, Capacity], ...] = ()
    """The SMS channels by name, each with its capacity."""
    dialled: bool = True
    """True if some channel shows questions on screens too."""


class Adviser:
    """The examination of a batch's texts, one after the other.

    `warned` counts the texts that cost more than one segment or need UCS-2, and `shown` holds the
    first of them.
    """

    def __init__(self, batch: Batch, air: DeliveryMix) -> None:
        languages = batch.languages or (air.language,)
        self._air = air
        asked_in = batch.languages or air.languages or languages
        self._arounds = {each: _around(batch, each) for each in asked_in}
        self._surely = _surely_carried(air) - max(sum(map(len, a)) for a in self._arounds.values())
        # With several languages no letter is changed; marks without a meaning may still be changed.
        self._language = languages[0] if len(languages) == 1 else None
        self._around = before, after = _around(batch, languages[0])
        self._plain = BASIC.issuperset(before + after)
        self._room = SMS_SEPTETS - len(before) - len(after)
        self.shown: list[Advice] = []
        self.warned = 0

    def see(self, row: int, name: str, text: str) -> None:
        """Examine one text. Raises Refused for a text that no worker could ever be asked."""
        lack = self._lack(text) if len(text) > self._surely else None
        if not lack and self._plain and len(text) <= self._room and BASIC.issuperset(text):
            return
        before, after = self._around
        weight = count_segments(before + text + after)
        if not lack and weight.segments == 1 and weight.encoding != "UCS2":
            return
        self.warned += 1
        if lack or len(self.shown) < SHOWN_MAX:
            advice = _advice(row, name, text, weight, self._language, self._around)
            self._show(replace(advice, cannot_go=lack))

    def _show(self, advice: Advice) -> None:
        """Keep the first pieces of advice.

        Texts that cannot be asked precede those that only cost more.
        """
        self.shown.append(advice)
        self.shown.sort(key=lambda each: (each.cannot_go is None, each.row))
        del self.shown[SHOWN_MAX:]

    def _lack(self, text: str) -> str | None:
        """Return the channel and the language in which a question cannot be asked; or None."""
        lacks = [
            f"cannot go on channel {name} in {language}: {lack}"
            for name, capacity in self._air.roads
            for language, (before, after) in self._arounds.items()
            if (lack := capacity.lack(f"{before}{text}{after}".strip()))
        ]
        if (
            lacks
            and not self._air.dialled
            and len(lacks) == len(self._air.roads) * len(self._arounds)
        ):
            raise Refused(f"{lacks[0]}; no other channel can carry it", field="text")
        return lacks[0] if lacks else None


def _surely_carried(air: DeliveryMix) -> int:
    """Return the number of characters of any alphabet that every SMS channel can carry."""
    least = [
        min(each.parts_max * SMS_PART_UNITS, each.characters_max or ANY_LENGTH) // 2
        if each.alphabet == "any"
        else 0
        for _, each in air.roads
    ]
    return min(least, default=ANY_LENGTH)


def _around(batch: Batch, language: str) -> tuple[str, str]:
    """Return the text before and after a task's text in the shortest question of its own."""
    options = options_text(question_of(batch, 0, 0, ""), language)
    return f"{batch.instructions}\n", f"\n{options}" if options else ""


def _advice(
    row: int,
    name: str,
    text: str,
    weight: SegmentCount,
    language: str | None,
    around: tuple[str, str],
) -> Advice:
    found = cheaper(text, language, around)
    better = found if found and found.segments_saved > 0 else None
    return Advice(
        row=row,
        task=name,
        encoding=weight.encoding,
        segments=weight.segments,
        segments_then=better.after.segments if better else weight.segments,
        suggestion=better.text if better else None,
        diff=better.diff() if better else None,
        loses_letters=better.loses_letters if better else False,
        kept=found.kept if found else "",
    )
