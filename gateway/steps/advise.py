"""What a client's texts cost on the air, told at upload and in the quote: which need a second segment, and a cheaper wording with its
diff. Nothing is changed: whoever wrote a text decides."""

from dataclasses import dataclass

from gateway.conversation.asking import options_text
from gateway.phrases.septets import BASIC, SMS_SEPTETS
from gateway.sms.economy import cheaper
from gateway.sms.segments import Count, count
from gateway.steps.questions import question_of
from gateway.store.batches import Batch

SHOWN_MAX = 20


@dataclass(frozen=True, slots=True)
class Advice:
    """A task whose question is more than one plain SMS. `row`: 1 = the first of the upload. `encoding`, `segments`: of the
    whole question. `suggestion`, `diff`: a text that makes it cheaper, None when there is none; `segments_then`: with it.
    `loses_letters`: letters lose their marks, so a speaker should read it. `kept`: characters that nothing can replace
    and that make it UCS-2."""

    row: int
    task: str
    encoding: str
    segments: int
    segments_then: int
    suggestion: str | None
    diff: str | None
    loses_letters: bool
    kept: str


class Adviser:
    """Looks at the texts of a batch one after the other. `shown`: the first that cost more than one segment or need
    UCS-2; `warned`: how many there are. `language`: of the country, where the batch names none."""

    def __init__(self, batch: Batch, language: str) -> None:
        languages = batch.languages or (language,)
        # Of several languages none has the say about letters; the marks that mean nothing may still be changed.
        self._language = languages[0] if len(languages) == 1 else None
        self._around = before, after = _around(batch, languages[0])
        self._plain = BASIC.issuperset(before + after)
        self._room = SMS_SEPTETS - len(before) - len(after)
        self.shown: list[Advice] = []
        self.warned = 0

    def see(self, row: int, name: str, text: str) -> None:
        if self._plain and len(text) <= self._room and BASIC.issuperset(text):
            return
        before, after = self._around
        weight = count(before + text + after)
        if weight.segments == 1 and weight.encoding != "UCS2":
            return
        self.warned += 1
        if len(self.shown) < SHOWN_MAX:
            self.shown.append(_advice(row, name, text, weight, self._language, self._around))


def _around(batch: Batch, language: str) -> tuple[str, str]:
    """What stands before and after a task's text in the shortest question of its own."""
    options = options_text(question_of(batch, 0, 0, ""), language)
    return f"{batch.instructions}\n", f"\n{options}" if options else ""


def _advice(
    row: int,
    name: str,
    text: str,
    weight: Count,
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
