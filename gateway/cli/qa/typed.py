"""Typed values in a file of answers, read as on the phone: a date, a number, a name, or any text.

The reader is the one of the task kind (`gateway.tasks.kinds`). A value that a worker would have
been asked about is therefore no answer here either: it is left out and named, never guessed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from gateway.base.errors import Refused
from gateway.tasks.values import TRANSCRIPTION

if TYPE_CHECKING:
    from gateway.tasks.port import TaskKind


VoteRow = tuple[str, str, str]  # task, worker, answer
UNREAD_SHOWN = 5


@dataclass(frozen=True, slots=True)
class AnswerFormat:
    """The description of a file's answers, as a client describes a batch.

    `value` is the task kind of a typed value, and None for options and for plain texts. An empty
    `language` or `currency` is unknown, so the notation of the answers is uncertain.
    """

    kind: str | None = None
    value: "TaskKind | None" = None
    language: str = ""
    currency: str = ""

    @property
    def is_typed(self) -> bool:
        """Return whether the answers are declared as typed."""
        return self.kind == TRANSCRIPTION

    @property
    def tag(self) -> str:
        """Return the language tag by which `gateway.qa` compares typed answers."""
        from gateway.qa.typed.normalise import tag

        return tag(self.language, self.value.COMPARED if self.value else "")

    def kind_of(self, rows: Sequence[VoteRow]) -> str:
        """Return the kind that was given, or else the kind that the answers resemble."""
        from gateway.qa.trials.report import guessed_kind

        return self.kind or guessed_kind(rows)

    def read(self, rows: Sequence[VoteRow]) -> tuple[list[VoteRow], list[VoteRow]]:
        """Return the rows with answers in stored form, and the rows with unreadable answers."""
        if self.value is None:
            return list(rows), []
        known: dict[str, str | None] = {}
        read: list[VoteRow] = []
        unread: list[VoteRow] = []
        for task, worker, answer in rows:
            if answer not in known:
                known[answer] = self._value(answer)
            value = known[answer]
            if value is None:
                unread.append((task, worker, answer))
            else:
                read.append((task, worker, value))
        if not read:
            raise Refused(f"no answer is a {self.value.VALUE}{_named(unread)}", field="answer")
        return read, unread

    def truths(self, truths: Mapping[str, str], name: str) -> dict[str, str]:
        """Return truths in stored form.

        Raises Refused naming the file and the task of a truth that is not a value of this kind.
        """
        if self.value is None:
            return dict(truths)
        read: dict[str, str] = {}
        for task, truth in truths.items():
            try:
                read[task] = self._value(truth) or self.value.check_truth(truth, ())
            except Refused as bad:
                raise Refused(f"{name}, task '{task}': {bad}", field="truth") from bad
        return read

    def unread_note(self, unread: Sequence[VoteRow]) -> str:
        """Return a sentence on the answers that were not read, or "" if all were."""
        if self.value is None or not unread:
            return ""
        return (
            f"{len(unread):,} answers are no certain {self.value.VALUE} and were left out, as the phone would have asked "
            f"back{_named(unread)}; --language and --currency tell how the workers write"
        )

    def _value(self, said: str) -> str | None:
        from gateway.base.ids import BatchId, TaskId
        from gateway.phrases import book_in, books
        from gateway.tasks.question import Question

        assert self.value is not None
        question = Question(TaskId(0), BatchId(""), self.value.VALUE, "", "", (), 0, self.currency)
        words = book_in(self.language, books()).answers
        return self.value.read(said, question, self.language, words).value


def answer_format(
    kind: str | None, value: str | None, language: str, currency: str
) -> AnswerFormat:
    """Return the description that the options of a command give.

    Raises Refused for a kind or a value that does not exist, and for a value that is not typed.
    """
    from gateway.base import plugins
    from gateway.tasks import kinds
    from gateway.tasks.values import kind_asked, kinds_asked

    language, currency = language.lower(), currency.upper()
    if kind is not None and kind not in kinds_asked():
        raise Refused(f"no kind {kind!r}; there is: {', '.join(kinds_asked())}", field="kind")
    if value is None:
        return AnswerFormat(kind, None, language, currency)
    name = kind_asked(kind or TRANSCRIPTION, value)
    if name == TRANSCRIPTION:
        return AnswerFormat(TRANSCRIPTION, None, language, currency)
    typed = cast("TaskKind", cast("object", plugins.load(kinds, name)))  # each kind is a module
    return AnswerFormat(TRANSCRIPTION, typed, language, currency)


def _named(unread: Sequence[VoteRow]) -> str:
    shown = "; ".join(
        f"task {task}, worker {worker}: {answer[:40]!r}"
        for task, worker, answer in unread[:UNREAD_SHOWN]
    )
    more = f"; and {len(unread) - UNREAD_SHOWN:,} more" if len(unread) > UNREAD_SHOWN else ""
    return f" ({shown}{more})"
