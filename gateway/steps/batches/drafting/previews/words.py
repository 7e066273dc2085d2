"""A preview as text for a terminal."""

from collections.abc import Iterator

from gateway.base.money import amount_text
from gateway.steps.batches.drafting.previews.shown import Preview, ShownLanguage, ShownSms

_MOMENTS = {
    "first": "among a worker's first questions",
    "later": "later",
    "next": "behind the receipt of an answer",
    "several": "several questions in one SMS",
}


def as_text(preview: Preview) -> str:
    """Return the messages, the screens, the replies and the price, ready to print."""
    return "\n".join(_lines(preview))


def _lines(preview: Preview) -> Iterator[str]:
    for language in preview.languages:
        yield from _language(language)
    price = preview.price
    least, most = (amount_text(m, price.currency) for m in (price.least_minor, price.most_minor))
    yield f"Price: {amount_text(price.price_minor, price.currency)} for each answer; these tasks cost {least} to {most}"
    if preview.rotates:
        yield "Each worker sees the options in an order of her own."
    for one in preview.warnings:
        yield f"Text {one['task']}: {one['segments']} segments, {one['encoding']}; cheaper: {one['diff'] or 'no rule helps'}"


def _language(language: ShownLanguage) -> Iterator[str]:
    yield f"== {language.language} =="
    for question in language.questions:
        for sms in question.sms:
            yield from _sms(sms)
        for group in question.screens:
            for number, screen in enumerate(group.screens, 1):
                yield f"-- USSD {number} of {len(group.screens)} on {', '.join(group.networks)}: {screen.units} of {screen.units_max} {screen.encoding}"
                yield screen.text
    for sms in language.several:
        yield from _sms(sms)
    yield f"Replies: {language.replies.how}"
    for value, replies in language.replies.means.items():
        yield f"  {value}: {', '.join(replies)}"


def _sms(sms: ShownSms) -> Iterator[str]:
    size = f"{sms.segments} segment{'s'[: sms.segments > 1]} ({sms.units} {sms.encoding})"
    yield f"-- SMS, {_MOMENTS[sms.moment]}: {size}"
    yield sms.text
    for one in sms.costly:
        yield f"   costly: {one.character!r} ({one.name}) at {', '.join(map(str, one.at))}"
    if sms.cannot_go:
        yield f"   cannot go on {', '.join(sms.channels)}: {sms.cannot_go}"
