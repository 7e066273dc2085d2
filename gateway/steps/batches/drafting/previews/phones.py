"""The phones of a preview: what the conversation says to a worker who is asked these questions.

The texts are made by the functions that make them in production: `work` and `take_answer` for an
SMS, `menu` and `screen_pages` for a screen. Here stands only the worker to whom they are said.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import phonenumbers

from gateway.base.ids import AssignmentId, TaskId, WorkerId
from gateway.conversation.context import Context
from gateway.conversation.ease import EASE_MAX, pack_limit
from gateway.conversation.facts import Asked, Turn
from gateway.conversation.menu import menu
from gateway.conversation.parsed_sms import parse_text
from gateway.conversation.situation import HeldQuestion, Situation, WorkerView
from gateway.conversation.work.answering import take_answer, work
from gateway.gsm.segments import count_segments
from gateway.gsm.septets import BASIC, EXTENSION
from gateway.gsm.ussd_fit import UCS2_UNITS_MAX, count_units
from gateway.steps.batches.drafting.previews.shown import (
    CostlyCharacter,
    PreviewedScreen,
    ShownReplies,
    ShownScreens,
    ShownSms,
    SmsMoment,
)
from gateway.steps.runtime import Channel, Runtime
from gateway.steps.turns.dial import screen_pages
from gateway.steps.turns.questions import question_of
from gateway.store.batches.batches import Batch
from gateway.tasks.question import Question
from gateway.ussd.networks import Network, known

NOBODY = WorkerId(0)
"""The worker of a preview, whose order of the options it shows."""
_BALANCE_MINOR = 99_950  # as long as a busy worker's, because the receipt of an answer names it
_TO_WORK = "1"  # the key of the menu that leads to the question


@dataclass(frozen=True, slots=True)
class Phones:
    """The worker of a preview in one language, who is asked the questions of one batch."""

    rt: Runtime
    batch: Batch
    language: str
    names: Sequence[str]
    """The client's ids of the tasks."""
    questions: Sequence[Question]

    @classmethod
    def of(
        cls, rt: Runtime, batch: Batch, language: str, tasks: Sequence[tuple[str, str]]
    ) -> "Phones":
        """Return the phones for tasks, each an id and a text."""
        questions = [question_of(batch, NOBODY, n, text) for n, (_, text) in enumerate(tasks, 1)]
        return cls(rt, batch, language, [name for name, _ in tasks], questions)

    def messages(self, place: int) -> tuple[ShownSms, ...]:
        """Return every SMS that may ask one question alone, from the first to the usual one."""
        question, others = self.questions[place], self.questions[:place] or self.questions[1:]
        made = list[ShownSms]()
        for channel in self._channels():
            situation = self._situation(channel, question)
            new = replace(situation.worker, ease=0) if situation.worker else None
            made.append(
                self._sms("first", channel, work(self._context(situation.changed(worker=new))))
            )
            made.append(self._sms("later", channel, work(self._context(situation))))
            if others and question.options:
                behind = self._behind_an_answer(situation, others[0])
                made.extend([self._sms("next", channel, behind)] if behind else [])
        return _merged(made)

    def several(self) -> tuple[ShownSms, ...]:
        """Return the SMS with several questions; none where they are asked one by one."""
        made = list[ShownSms]()
        for channel in self._channels():
            situation = self._situation(channel, self.questions[0]).changed(
                more=tuple(self.questions[1:]), pack_max=pack_limit(EASE_MAX, self.batch.pack_max)
            )
            turn = work(self._context(situation))
            if sum(isinstance(fact, Asked) for fact in turn.facts) > 1:
                made.append(self._sms("several", channel, turn))
        return _merged(made)

    def screens(self, place: int) -> tuple[ShownScreens, ...]:
        """Return the screens of one question, for each group of networks with equal limits."""
        found = dict[tuple[Network, tuple[str, ...]], list[str]]()
        for name, channel in sorted(self.rt.channels.items()):
            for code in known() if channel.ussd else ():
                assert channel.ussd is not None
                limits = channel.ussd.network(code)
                found.setdefault((limits, (name,)), []).append(code)
        return tuple(
            ShownScreens(
                channels, tuple(codes), limits.input_characters, self._pages(place, limits)
            )
            for (limits, channels), codes in found.items()
        )

    def replies(self) -> ShownReplies:
        """Return the replies that the kind's own reader understands."""
        question = self.questions[0]
        context = self._context(self._situation(None, question))
        kind, book = context.kind(question), context.book
        said = [str(n) for n, _ in enumerate(question.options, 1)]
        said += [option.label(self.language) for option in question.options]
        said += [
            " ".join(words)
            for words in sorted(kind.names(question.options, self.language, book.answers))
        ]
        means = dict[str, list[str]]()
        for words in dict.fromkeys(said):
            value = kind.read(words, question, self.language, book.answers).value
            if question.options and value is not None:
                means.setdefault(value, []).append(words)
        how = kind.hint_key() or ("how.choice" if question.options else "how.text")
        return ShownReplies(
            book.say(how),
            {value: tuple(words) for value, words in means.items()},
            tuple(sorted(book.words.skip)),
        )

    def _channels(self) -> Iterable[Channel]:
        return (one for _, one in sorted(self.rt.channels.items()) if one.sms)

    def _context(self, situation: Situation) -> Context:
        return Context(situation, self.rt.books, self.rt.kind_of)

    def _situation(self, channel: Channel | None, upcoming: Question) -> Situation:
        """Return the situation of a worker with a long balance who is asked one question."""
        batch = self.batch
        worker = WorkerView(
            NOBODY, "", self.language, "active", _BALANCE_MINOR, batch.currency, EASE_MAX
        )
        alone = Situation(worker, None, upcoming, None, default_language=self.language)
        if channel is None:
            return alone
        example = phonenumbers.example_number_for_type(
            channel.region or self.rt.settings.region, phonenumbers.PhoneNumberType.MOBILE
        )
        assert example is not None, "the settings name known countries only"
        number = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)
        return alone.changed(
            capacity=channel.capacity, segment_prices=channel.prices.both_ways(number)
        )

    def _behind_an_answer(self, situation: Situation, answered: Question) -> Turn | None:
        """Return the reply to a clear answer, with the next question in it."""
        held = HeldQuestion(AssignmentId(0), answered, lapsed=False, open=True)
        context = self._context(situation.changed(held=held))
        assert situation.worker is not None
        heard = parse_text("1", context.book, self.rt.books)
        return take_answer(context, situation.worker, heard)

    def _pages(self, place: int, limits: Network) -> tuple[PreviewedScreen, ...]:
        situation = self._situation(None, self.questions[place]).changed(
            input_characters=limits.input_characters
        )
        turn = menu(situation, "home", {}, _TO_WORK, self.rt.books, self.rt.kind_of)
        texts = screen_pages(self.rt, situation, turn.screen, limits.screen_septets)
        return tuple(_screen(text, limits.screen_septets) for text in texts)

    def _sms(self, moment: SmsMoment, channel: Channel, turn: Turn) -> ShownSms:
        assert turn.reply is not None
        counted = count_segments(turn.reply)
        asked = sorted(fact.task for fact in turn.facts if isinstance(fact, Asked))
        return ShownSms(
            moment,
            (channel.name,),
            tuple(self._name(task) for task in asked),
            turn.reply,
            counted.encoding,
            counted.units,
            counted.segments,
            counted.units_left,
            costly_characters(turn.reply),
            channel.capacity.lack(turn.reply),
        )

    def _name(self, task: TaskId) -> str:
        return self.names[task - 1]


def costly_characters(text: str) -> tuple[CostlyCharacter, ...]:
    """Return the characters that make an SMS dearer, with their places.

    >>> [(one.character, one.at, one.why) for one in costly_characters("[ŋ] ŋ")]
    [('ŋ', (1, 4), 'outside_gsm')]
    >>> [(one.character, one.why) for one in costly_characters("[a]")]
    [('[', 'counts_twice'), (']', 'counts_twice')]
    """
    odd = dict.fromkeys(ch for ch in text if ch not in BASIC and ch not in EXTENSION)
    # Once one character makes the SMS UCS-2, no other counts twice.
    twice = () if odd else dict.fromkeys(ch for ch in text if ch in EXTENSION)
    return tuple(
        CostlyCharacter(
            ch,
            unicodedata.name(ch, f"U+{ord(ch):04X}"),
            tuple(n for n, other in enumerate(text) if other == ch),
            "outside_gsm" if odd else "counts_twice",
        )
        for ch in odd or twice
    )


def _screen(text: str, screen_septets: int) -> PreviewedScreen:
    encoding, units = count_units(text)
    most = screen_septets if encoding == "GSM7" else min(UCS2_UNITS_MAX, screen_septets // 2)
    return PreviewedScreen(text, encoding, units, most)


def _merged(made: Iterable[ShownSms]) -> tuple[ShownSms, ...]:
    """Return the messages, with equal ones of several channels as one."""
    found = dict[ShownSms, list[str]]()
    for one in made:
        found.setdefault(replace(one, channels=()), []).extend(one.channels)
    return tuple(replace(one, channels=tuple(names)) for one, names in found.items())
