"""The input where a PIN is asked for: it is checked here, and left out of everything that is kept.

A provider sends the whole transcript with each step, PIN and all. The kept transcript has `MASK`
for each secret key, and the next step's transcript is compared with the same positions masked. The
raw body of such a step is not kept, and its event is known by a keyed hash. A PIN that was dialled
ahead (`*384*20*2*3*1234#`) is not accepted at all. Input that may be a PIN is left out as well
where none is asked for (`maybe_pins_left_out`).
"""

import asyncio
import re
from collections.abc import Collection, Sequence
from dataclasses import replace

from gateway.base.errors import Refused
from gateway.base.forms import body_of, fields
from gateway.base.money import minor_per_major
from gateway.conversation.situation import PinView, Situation
from gateway.conversation.views.pin import SECRET
from gateway.steps.runtime import Channel, Runtime
from gateway.store.turns.situation import TurnRow
from gateway.ussd.port import TellsInput
from gateway.workers import pins

MASK = "\u2022"
NOT_KEPT = "(a step with a PIN is not kept)"
_DIGITS = re.compile(r"\d(?:[ .-]?\d){3}")
_DIGIT_RUN = re.compile(r"\d(?:[ .-]?\d){3,}")
_ANY_PIN = re.compile(rb"(?<![0-9])[0-9]{4,6}(?![0-9])")
_MAYBE_PIN = re.compile(rb"(?<=[*=A-Fa-f])[0-9]{4,6}(?=\*|%2[Aa]|&|\s|$)")


def masked(key: str) -> str:
    """Return a key in the form that is kept: nothing of it, not even its length.

    >>> masked("4821"), masked("48*21")
    ('\u2022', '\u2022*\u2022')
    """
    return "*".join(MASK for _ in key.split("*"))


def masked_like(transcript: str, known: str | None) -> str:
    """Return `transcript` with the positions masked that are masked in its known part.

    >>> masked_like("2*3*4821*1", "2*3*\u2022")
    '2*3*\u2022*1'
    """
    if not known or MASK not in known:
        return transcript
    secret = [n for n, key in enumerate(known.split("*")) if key == MASK]
    keys = transcript.split("*")
    for n in secret:
        if n < len(keys):
            keys[n] = MASK
    return "*".join(keys)


def left_out(known: str | None, typed: str) -> tuple[str, list[str]]:
    """Return the transcript to keep after a secret key, and the keys to process.

    Only a key that leads back is processed as it was typed.

    >>> left_out("2*3", "4821"), left_out("2*3", "00")
    (('2*3*\u2022', ['\u2022']), ('2*3*\u2022', ['00']))
    """
    leads_back = not typed.isdecimal() or typed.strip() in ("0", "00")
    return f"{known or ''}*{masked(typed)}", [typed if leads_back else MASK]


def maybe_pins_left_out(transcript: str, known: str | None) -> str:
    """Return the transcript with every new key masked that might be a PIN: four digits or more.

    A PIN is also typed where none is asked for: while it is locked, too late, or dialled ahead.
    Only on a question's screen can such a key be an answer, and a question's answer is kept on its
    own.

    >>> maybe_pins_left_out("2*3*4821*1", None), maybe_pins_left_out("2*3*4821", "2*3")
    ('2*3*•*1', '2*3*•')
    >>> maybe_pins_left_out("1*1200*7", "1*1200")
    '1*1200*7'
    """
    before = len(known.split("*")) if known else 0
    keys = transcript.split("*")
    new = [MASK if _DIGITS.search(key) else key for key in keys[before:]]
    return "*".join([*keys[:before], *new])


def step_to_keep(channel: Channel, raw: bytes) -> bytes:
    """Return the raw body of a failed step in the form to keep, without a possible PIN."""
    told = channel.ussd.typed_in if isinstance(channel.ussd, TellsInput) else ()
    return without_pins(raw, told)


def without_pins(raw: bytes, typed_in: Collection[str] = ()) -> bytes:
    """Return the raw body of a step without any possible PIN.

    `typed_in` names the fields that hold input, where the channel knows them; all other fields then
    stay as they are.

    >>> without_pins(b"session=a1&from=%2B254712345678&text=2*3*4821")
    b'session=a1&from=%2B254712345678&text=2*3*####'
    >>> without_pins(b'{"id": 7038, "text": "482199"}', ("text",))
    b'{"id":"7038","text":"####"}'
    """
    if not typed_in:
        return _MAYBE_PIN.sub(b"####", raw)
    try:
        form = fields(raw)
    except Refused:
        return _ANY_PIN.sub(b"####", raw)
    return body_of({n: _DIGIT_RUN.sub("####", v) if n in typed_in else v for n, v in form.items()})


async def judge_typed_pin(
    rt: Runtime, row: TurnRow, situation: Situation, keys: Sequence[str]
) -> Situation:
    """Return the situation with the check of the key that was typed as a PIN."""
    if situation.pin is None or not keys or row.view not in SECRET:
        return situation
    return situation.changed(pin=await _typed(rt, row, situation.pin, keys[0].strip()))


async def _typed(rt: Runtime, row: TurnRow, view: PinView, typed: str) -> PinView:
    if row.view == "pin_new":
        if not pins.acceptable(typed):
            return view
        made = await asyncio.to_thread(pins.hashed, typed, rt.vault.pepper)
        return replace(view, typed_hash=made)
    kept = row.memory.get("hash") if row.view == "pin_again" else row.pin_hash
    if not kept or view.locked:
        return view
    right = await asyncio.to_thread(pins.is_right, typed, kept, rt.vault.pepper)
    return replace(view, typed_right=right)


def pin_knowledge(rt: Runtime, row: TurnRow, currency: str) -> PinView:
    """Return the data of a worker's PIN that every turn may use."""
    return PinView(
        known=row.pin_hash is not None,
        tries_left=pins.TRIES_MAX - (row.pin_wrong or 0),
        free_minor=rt.settings.pin_free * minor_per_major(currency),
    )
