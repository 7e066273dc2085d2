"""The quote of a batch's message cost before it starts.

It is counted in the real texts, for the present workers. It assumes that the answers come in equal
shares from all active workers who may be asked, and that each works on the channel she last used. A
worker who dials costs no message. A worker who texts gets one message per question, or per pack of
questions if the batch packs them (`conversation/work/pack_cost.py`), behind the receipt of the
answers before. Three of a hundred replies are unclear and asked again; more where there are several
questions. Notices, replies to HELP and the workers' own SMS are not included.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import cast

from gateway.base import plugins
from gateway.base.ids import TaskId
from gateway.base.money import amount_text
from gateway.conversation.context import Context
from gateway.conversation.situation import Situation
from gateway.conversation.work.asking import question_sms, with_question
from gateway.conversation.work.multi_question import packs, worded
from gateway.conversation.work.pack_cost import accepted, cheapest
from gateway.gsm.segments import count_segments
from gateway.phrases import books
from gateway.sms.prices import minor
from gateway.steps.runtime import Runtime
from gateway.store.batches import audiences, batch_tasks
from gateway.store.batches.batches import Batch
from gateway.tasks import kinds
from gateway.tasks.port import TaskKind
from gateway.tasks.question import Question

_SAMPLE, _ROUNDS = 500, 25
# A balance as long as a busy worker's, because the receipt of an answer names it.
_BALANCE_MINOR = 99_950
_NUMBERED_FROM = 10  # most question numbers have two digits


@dataclass(frozen=True, slots=True)
class MessagesQuote:
    """The message cost of a batch in three cases.

    - least: the first answers are enough, and every reply is clear.
    - expected: the same with the usual share of unclear replies.
    - most: every paid slot is used, no worker dials, and every question comes alone behind a
      receipt.

    `costs` holds the three amounts by currency in minor units, rounded up. `unpriced` names
    countries of workers without a listed price; their part is in the segments and not in the costs.
    """

    segments_least: int
    segments_expected: int
    segments_most: int
    costs: dict[str, tuple[int, int, int]]
    unpriced: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Each:
    """The segments of messages per answer by SMS, in the three cases of `MessagesQuote`."""

    least: float
    expected: float
    most: float


_Weights = tuple[float, float, float]


def _kind_of(name: str) -> TaskKind:
    return cast("TaskKind", cast("object", plugins.load(kinds, name)))


async def quote(rt: Runtime, batch: Batch, answers_least: int, answers_most: int) -> MessagesQuote:
    """Return the quote; `answers_least` and `answers_most` are those of the batch's own quote."""
    crowd = await audiences.crowd(rt.db, batch) or [
        (rt.settings.region, _language(rt, batch), rt.settings.sms_channel, 1, "sms")
    ]
    people = sum(each[3] for each in crowd)
    weights = await _weights(rt, batch, sorted({language for _, language, _, _, _ in crowd}))
    totals, unpriced = [0.0, 0.0, 0.0], set[str]()
    micro: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0])
    for region, language, channel, workers, reach in crowd:
        each = weights[language]
        share = workers / people
        by_sms = share if reach == "sms" else 0.0
        segments = (
            answers_least * by_sms * each.least,
            answers_least * by_sms * each.expected,
            answers_most * share * each.most,
        )
        totals = [a + b for a, b in zip(totals, segments, strict=True)]
        sms_channel = rt.channels.get(channel)
        price = sms_channel.prices.segment_price(region) if sms_channel else None
        if price is None:
            unpriced.add(region)
            continue
        sums = micro[price.currency]
        micro[price.currency] = [a + b * price.micro for a, b in zip(sums, segments, strict=True)]
    least, expected, most = (ceil(each - 1e-9) for each in totals)
    costs = {
        currency: _three([ceil(minor(round(each), currency)) for each in sums])
        for currency, sums in sorted(micro.items())
    }
    return MessagesQuote(least, expected, most, costs, tuple(sorted(unpriced)))


def _three(values: Sequence[int]) -> tuple[int, int, int]:
    return values[0], values[1], values[2]


def _language(rt: Runtime, batch: Batch) -> str:
    country = rt.settings.countries[rt.settings.region]
    return batch.languages[0] if batch.languages else country.language


async def _weights(rt: Runtime, batch: Batch, languages: Sequence[str]) -> dict[str, _Each]:
    """Return the message segments of the batch by language.

    They are read as kept, or computed by a helper and kept.
    """
    row = await batch_tasks.filled_of(rt.db, batch.id)
    kept = cast("dict[str, _Weights]", row["weights"] or {})
    known = {language: _Each(*each) for language, each in kept.items()}
    missing = [language for language in languages if language not in known]
    if not missing:
        return known
    texts = await batch_tasks.sample_of_texts(rt.db, batch.id, _SAMPLE)
    found = cast("dict[str, _Weights]", await rt.helpers.run("weigh_texts", batch, texts, missing))
    await batch_tasks.keep_weights(rt.db, batch.id, row["filled"], found)
    return known | {language: _Each(*each) for language, each in found.items()}


def weigh_texts(
    batch: Batch, texts: Sequence[str], languages: Sequence[str]
) -> dict[str, _Weights]:
    """Return the message segments of these texts per language.

    They are the least, the expected and the most segments per answer.
    """
    found = {language: _weigh(batch, texts, language) for language in languages}
    return {language: (one.least, one.expected, one.most) for language, one in found.items()}


def _weigh(batch: Batch, texts: Sequence[str], language: str) -> _Each:
    if not texts:
        return _Each(0.0, 0.0, 0.0)
    questions = [
        Question(
            task=TaskId(number),
            batch=batch.id,
            kind=batch.kind,
            text=text,
            instructions=batch.instructions,
            options=batch.options,
            price_minor=batch.price_minor,
            currency=batch.currency,
        )
        for number, text in enumerate(texts)
    ]
    situation = Situation(
        None, None, None, None, default_language=language, pack_max=batch.pack_max
    )
    context = Context(situation, books(), _kind_of)
    alone, behind = _one_by_one(context, questions)
    least, usual = min(alone, behind), behind / accepted(1)
    if packs(context, questions[0]):
        least, usual = _packed(context, questions)
    return _Each(least, usual, max(alone, behind, usual) / accepted(1))


def _one_by_one(context: Context, questions: Sequence[Question]) -> tuple[float, float]:
    """Return the mean segments of a question: alone, and behind the receipt of an answer."""
    first = questions[0]
    hint = context.kind(first).hint_key()
    price, total = (amount_text(m, first.currency) for m in (first.price_minor, _BALANCE_MINOR))
    lead = context.say("answer.saved", amount=price, total=total)
    alone = behind = 0
    for question in questions:
        text = question_sms(question, context.language, context.books, hint_key=hint)
        next_text = with_question(lead, question, context.book, hint_key=hint, is_next=True)
        alone += count_segments(text).segments
        behind += count_segments(next_text).segments
    return alone / len(questions), behind / len(questions)


def _packed(context: Context, questions: Sequence[Question]) -> tuple[float, float]:
    """Return the segments per answer for the cheapest number of questions per SMS.

    The first figure assumes that all replies are clear, the second the usual share.
    """
    first, most = questions[0], context.situation.pack_max
    segments = answers = clear = 0.0
    at = 0
    for _ in range(_ROUNDS):
        numbered = list(enumerate(questions[at : at + most], _NUMBERED_FROM))
        if not numbered:
            break
        lead = context.say(
            "pack.saved",
            count=len(numbered),
            amount=amount_text(first.price_minor * len(numbered), first.currency),
            total=amount_text(_BALANCE_MINOR, first.currency),
        )
        weights = [
            (size, count_segments(worded(context, lead, numbered[:size], is_next=True)).segments)
            for size in range(1, len(numbered) + 1)
        ]
        size = cheapest(weights, 1.0, 1.0)
        segments += weights[size - 1][1]
        answers, clear = answers + size, clear + accepted(size)
        at += size
    return segments / answers, segments / clear
