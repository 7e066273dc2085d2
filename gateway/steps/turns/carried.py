"""The reading of a turn whose next question the channel can carry in the worker's language.

A question that does not fit one SMS of this channel is put aside for the worker. Other workers
still get it, on other channels, in other languages or on a screen. She gets the next question that
fits.
"""

from gateway.conversation.work.asking import barest
from gateway.phrases.capacity import Capacity
from gateway.steps.runtime import Channel, Runtime
from gateway.steps.turns.questions import question_of
from gateway.store.batches.batches import Batch
from gateway.store.turns import turns
from gateway.store.turns.situation import TurnRow

_PUT_ASIDE_MAX = 50
_SURELY_UNITS = 60  # the characters of any alphabet that one SMS holds beside a short option or two


async def read_turn_row(rt: Runtime, channel: Channel, event: turns.InboundEvent) -> TurnRow:
    """Return the row of one event, whose next question, if there is one, can be sent."""
    row = await turns.read_situation(rt.db, event)
    if channel.sms is None:
        return row
    for _ in range(_PUT_ASIDE_MAX):
        task = await _too_long(rt, channel.capacity, row)
        if task is None:
            return row
        await turns.put_aside(rt.db, task, row.worker_id)
        row = await turns.read_situation(rt.db, event)
    return row


async def _too_long(rt: Runtime, capacity: Capacity, row: TurnRow) -> int | None:
    """Return the next task if the channel cannot carry even its shortest wording."""
    if not row.next_task or row.next_held or row.worker_id is None:
        return None
    batch = await rt.batches.get(row.next_batch, row.next_revision)
    text: str = row.next_text
    return None if fits_sms(capacity, batch, text, row.language) else int(row.next_task)


def fits_sms(capacity: Capacity, batch: Batch, text: str, language: str) -> bool:
    """Return True if the shortest question about `text` fits one SMS of the channel."""
    if (
        capacity.alphabet == "any"
        and len(text) + len(batch.instructions) < _SURELY_UNITS
        and not batch.options
    ):
        return True
    return capacity.carries(barest(question_of(batch, 0, 0, text), language))
