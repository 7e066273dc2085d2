"""The preview of a batch's questions, before it exists or after it was made. Nothing is stored."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from gateway.base.errors import Refused
from gateway.base.ids import ClientId
from gateway.steps.batches.drafting.previews.phones import Phones
from gateway.steps.batches.drafting.previews.shown import (
    Preview,
    SegmentPriceShown,
    ShownLanguage,
    ShownPrice,
    ShownQuestion,
)
from gateway.steps.batches.prepare import Filled, write_specs
from gateway.steps.batches.quote import filled
from gateway.steps.batches.routes_on_air import air_of
from gateway.steps.batches.submit.create import BatchSpec, imagined_batch
from gateway.steps.runtime import Runtime
from gateway.store.batches import batch_tasks
from gateway.store.batches.batches import Batch
from gateway.tasks.intake import RowRules, check_rows

TASKS_MAX = 10
"""The most tasks of one preview: enough for a message with as many questions as there may be."""


async def preview_of_spec(
    rt: Runtime, client: ClientId, spec: BatchSpec, rows: Iterable[Mapping[str, object]]
) -> Preview:
    """Return the preview of a batch that does not exist, with these tasks.

    Raises Refused naming the field, or the row and the field, as making the batch would.
    """
    batch = await imagined_batch(rt, client, spec)
    workers = rt.vault.pseudonyms(client)
    specs = check_rows(rows, RowRules(rt.kind_of(batch.kind), batch.options, workers, batch.fields))
    found = write_specs(specs, batch, air_of(rt), _not_kept)
    return _preview(rt, batch, [(one.name, one.text) for one in specs], found)


async def preview_of_batch(rt: Runtime, batch_id: str, most: int) -> Preview:
    """Return the preview of the first tasks of a batch. Raises Refused where it has none."""
    batch = await rt.batches.fresh(batch_id)
    tasks = await batch_tasks.first_texts(rt.db, batch.id, most)
    if not tasks:
        raise Refused("the batch has no tasks yet; POST them to /tasks first", status=409)
    return _preview(rt, batch, tasks, replace(await filled(rt, batch)))


def languages_of(rt: Runtime, batch: Batch) -> tuple[str, ...]:
    """Return the languages in which workers may be asked."""
    spoken = [one for one in air_of(rt).languages if one in rt.books]
    return batch.languages or tuple(spoken)


def _preview(rt: Runtime, batch: Batch, tasks: Sequence[tuple[str, str]], found: Filled) -> Preview:
    return Preview(
        languages=tuple(_language(rt, batch, one, tasks) for one in languages_of(rt, batch)),
        rotates=batch.handling.rotate,
        price=_price(rt, batch, found),
        warned=found.warned,
        warnings=found.warnings,
    )


def _language(
    rt: Runtime, batch: Batch, language: str, tasks: Sequence[tuple[str, str]]
) -> ShownLanguage:
    phones = Phones.of(rt, batch, language, tasks)
    questions = tuple(
        ShownQuestion(name, phones.messages(place), phones.screens(place))
        for place, name in enumerate(phones.names)
    )
    return ShownLanguage(language, questions, phones.several(), phones.replies())


def _price(rt: Runtime, batch: Batch, found: Filled) -> ShownPrice:
    countries = sorted(
        code for code, one in rt.settings.countries.items() if one.currency == batch.currency
    )
    prices = [
        (name, country, price)
        for name, channel in sorted(rt.channels.items())
        for country in countries
        if channel.sms and (price := channel.prices.segment_price(country))
    ]
    return ShownPrice(
        currency=batch.currency,
        price_minor=batch.price_minor,
        partner_price_minor=batch.partner_price_minor,
        answers_least=found.least,
        answers_most=found.most,
        least_minor=found.least * batch.price_minor,
        most_minor=found.most * batch.cost_minor,
        segments=tuple(
            SegmentPriceShown(name, country, price.currency, price.micro)
            for name, country, price in prices
        ),
    )


def _not_kept(_line: bytes) -> None:
    """Drop the line of a task, since a preview stores nothing."""
