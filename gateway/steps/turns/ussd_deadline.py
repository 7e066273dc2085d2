"""The answer to a USSD key in time, whatever the database does.

The provider gives up after ten seconds, the gateway after eight. The worker's input is kept as it
came, and the step continues behind a kind last screen. If this process dies, `catch_up` processes
the kept input. When the step recorded an answer or a payout after all, the worker is told in one
SMS.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import structlog

from gateway.base.errors import Failed, Refused
from gateway.base.forms import fields
from gateway.base.msisdn import normalise
from gateway.steps.messages.notify import Addressee, notify
from gateway.steps.people.pin_input import step_to_keep
from gateway.steps.runtime import Channel, Runtime
from gateway.steps.turns.arrival.ussd_identity import event_id
from gateway.steps.turns.dial import Dialled, dial
from gateway.store.db import AWAY
from gateway.store.turns import inbox
from gateway.ussd.port import ShownScreen, UssdStep

log = structlog.get_logger()

Keep = Callable[[str], Awaitable[object]]
"""A function that stores the event with this id for later."""

# This fits between the gateway's eight seconds and the provider's ten.
_KEEP_S = 1.0
_unfinished = set[asyncio.Task[None]]()


async def answer_in_time(
    rt: Runtime, channel: Channel, step: UssdStep, raw: bytes, keep: Keep
) -> ShownScreen:
    """Return the screen for one key press, within `ussd_answer_s`.

    Raises what `dial` raises within that time, except when the database is away: then too the step
    is kept.
    """
    walk = asyncio.create_task(dial(rt, channel, step, raw))
    done, _ = await asyncio.wait({walk}, timeout=rt.settings.ussd_answer_s)
    if not done:
        log.warning("ussd step is late", channel=channel.name)
        finishing = asyncio.create_task(_finish(rt, channel, step, raw, walk))
        _unfinished.add(finishing)  # The event loop itself holds tasks only weakly.
        finishing.add_done_callback(_unfinished.discard)
        return await _last_screen(rt, channel, step, keep)
    try:
        return walk.result().screen
    except AWAY as away:
        log.warning("ussd step is kept for later", channel=channel.name, why=repr(away))
        return await _last_screen(rt, channel, step, keep)


async def settle() -> None:
    """Wait for the late steps of this process."""
    while _unfinished:
        await asyncio.wait(_unfinished)


async def take_late(rt: Runtime, channel: Channel, raw: bytes) -> None:
    """Process a USSD step that was kept because it could not be processed in time.

    Send the worker one SMS when it had an effect worth telling, because its screen was never shown.
    A transcript that does not extend the session's known one changes nothing. Raises Refused when
    the channel takes no USSD.
    """
    if channel.ussd is None:
        raise Refused(f"channel {channel.name!r} takes no ussd", status=404)
    step = channel.step_in(fields(raw))
    await _tell(rt, channel, step, await dial(rt, channel, step, raw))


async def _last_screen(rt: Runtime, channel: Channel, step: UssdStep, keep: Keep) -> ShownScreen:
    """Return the last screen, which promises only what is true.

    It says that the gateway keeps the worker's input once the input is kept.
    """
    said = "ussd.sorry"
    with suppress(TimeoutError, Failed):
        async with asyncio.timeout(_KEEP_S):
            await keep(event_id(rt, step))
            said = "ussd.slow"
    country = rt.settings.countries[rt.settings.region]
    return ShownScreen(rt.books[country.language].say(said), end=True)


async def _finish(
    rt: Runtime, channel: Channel, step: UssdStep, raw: bytes, walk: asyncio.Task[Dialled]
) -> None:
    try:
        await _tell(rt, channel, step, await walk)
    except AWAY:
        return  # The step is kept, and processed when the database is back.
    except Exception as broken:
        log.exception("late ussd step failed", channel=channel.name)
        with suppress(*AWAY):
            await inbox.keep_failed(
                rt.db,
                rt.vault,
                channel.name,
                "ussd",
                event_id(rt, step),
                step_to_keep(channel, raw),
                repr(broken),
            )


async def _tell(rt: Runtime, channel: Channel, step: UssdStep, came: Dialled) -> None:
    """Send one SMS about the effects of a late step, because its screen was never shown."""
    if came.worker is None or not came.worth_telling:
        return
    sms_channel = channel.name if channel.sms else rt.settings.sms_channel
    msisdn = normalise(step.msisdn, rt.settings.region)
    cause = f"late:{channel.name}:{event_id(rt, step)}"
    to = Addressee(sms_channel, msisdn, came.worker)
    await notify(rt, rt.db, to, came.worth_telling, "reply", cause)
