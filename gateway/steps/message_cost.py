"""What the messages of a batch will cost, before it starts: counted in the real texts, for the workers there are.

Each answer takes one message that asks for it: alone (the first one), or behind the receipt of the answer before. Replies
to HELP, invitations and the workers' own SMS are not in it; work by USSD costs no message at all. So this is what the
batch costs if all of it goes by SMS, one task a message.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from gateway.conversation.asking import question_sms, with_question
from gateway.ids import TaskId
from gateway.money import amount_text
from gateway.runtime import Runtime
from gateway.sms.prices import minor
from gateway.sms.segments import count
from gateway.store import batches
from gateway.store.batches import Batch
from gateway.tasks.question import Question

_SAMPLE = 500
# A balance as long as a busy worker's: the receipt of an answer names it.
_BALANCE_MINOR = 99_950


@dataclass(frozen=True, slots=True)
class MessagesQuote:
    """`least`: every first answer enough, each question alone; `most`: every paid slot used, each behind a receipt.
    `costs`: by currency, least, expected and most in minor units, rounded up. `unpriced`: countries whose workers
    stand in no price list; their part is in the segments and not in the costs."""

    segments_least: int
    segments_expected: int
    segments_most: int
    costs: dict[str, tuple[int, int, int]]
    unpriced: tuple[str, ...]


async def quote(rt: Runtime, batch: Batch, answers_least: int, answers_most: int) -> MessagesQuote:
    """`answers_*`: as in the batch's own quote."""
    texts = await batches.sample_of_texts(rt.db, batch.id, _SAMPLE)
    crowd = await batches.crowd(rt.db, batch) or [
        (rt.settings.region, _language(rt, batch), rt.settings.sms_channel, 1)
    ]
    people = sum(each[3] for each in crowd)
    weights = {language: _segments(rt, batch, texts, language) for _, language, _, _ in crowd}
    totals, unpriced = [0.0, 0.0, 0.0], set[str]()
    micro: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0])
    for region, language, channel, workers in crowd:
        alone, behind = weights[language]
        share = workers / people
        low, high = min(alone, behind), max(alone, behind)
        segments = (
            answers_least * share * low,
            answers_least * share * behind,
            answers_most * share * high,
        )
        totals = [a + b for a, b in zip(totals, segments, strict=True)]
        road = rt.channels.get(channel)
        price = road.prices.segment_price(region) if road else None
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


def _segments(
    rt: Runtime, batch: Batch, texts: Sequence[str], language: str
) -> tuple[float, float]:
    """The mean segments of a question of this batch: alone, and behind the receipt of an answer."""
    if not texts:
        return 0.0, 0.0
    book, hint = rt.books[language], rt.kind_of(batch.kind).hint_key()
    price, total = (amount_text(m, batch.currency) for m in (batch.price_minor, _BALANCE_MINOR))
    lead = book.say("answer.saved", amount=price, total=total)
    alone = behind = 0
    for text in texts:
        question = Question(
            task=TaskId(0),
            batch=batch.id,
            kind=batch.kind,
            text=text,
            instructions=batch.instructions,
            options=batch.options,
            price_minor=batch.price_minor,
            currency=batch.currency,
        )
        alone += count(question_sms(question, language, rt.books, hint_key=hint)).segments
        behind += count(with_question(lead, question, book, hint_key=hint, is_next=True)).segments
    return alone / len(texts), behind / len(texts)
