"""The parts that a turn may write about a worker herself (see `turns`).

They are her joining and leaving, language, hours, zone and PIN.
"""

from dataclasses import dataclass

from gateway.ids import WorkerId
from gateway.store.db import Part
from gateway.workers.states import BECOMES, Act


def set_reach(worker: WorkerId, reach: str) -> Part:
    return Part("set_reach", (worker, reach))


def pin_tried(worker: WorkerId, wrong_before: int, *, right: bool) -> Part:
    return Part("pin_tried", (worker, wrong_before, right))


def set_pin(worker: WorkerId, before: str | None, new_hash: str) -> Part:
    """Replace the hash of the worker's PIN that was read by a new one."""
    return Part("set_pin", (worker, before, new_hash))


def forget_pin(worker: WorkerId) -> Part:
    return Part("forget_pin", (worker,))


def set_name(worker: WorkerId, name: str) -> Part:
    """Store the name that the worker told the gateway."""
    return Part("set_name", (worker, name))


def set_ease(worker: WorkerId, ease: int) -> Part:
    """Store how many replies by SMS were understood in a row."""
    return Part("set_ease", (worker, ease))


def set_language(worker: WorkerId, language: str) -> Part:
    return Part("set_language", (worker, language))


def change_worker(
    worker: WorkerId,
    act: Act,
    via: str,
    channel: str | None,
    said: str,
    coordinator: int | None = None,
) -> Part:
    """Change the worker's state by an act of consent.

    `via` is sms, ussd, coordinator or carrier. `channel` is the one on which she said it, and
    `said` are her words.
    """
    return Part("change_worker", (worker, BECOMES[act], act, via, channel, said, coordinator))


def name_worker(worker: WorkerId, name: str, via: str, coordinator: int | None) -> Part:
    """Give a worker the name that she or her coordinator said."""
    return Part("name_worker", (worker, name, via, coordinator))


def set_quiet(worker: WorkerId, from_hour: int, until_hour: int) -> Part:
    return Part("set_quiet", (worker, from_hour, until_hour))


def set_zone(worker: WorkerId, zone: str) -> Part:
    """Store where the worker lives, as an IANA time zone."""
    return Part("set_zone", (worker, zone))


def is_back(worker: WorkerId) -> Part:
    """Record that the worker's phone is reachable again, so that prompts may go to it."""
    return Part("is_back", (worker,))


@dataclass(frozen=True, slots=True)
class NewWorker:
    index: bytes
    """The blind index of the number."""
    sealed: bytes
    """The number, sealed."""
    name: str
    """The name."""
    language: str
    """The language."""
    partner: str | None
    """The code of the partner, if any."""
    coordinator: int | None
    """The coordinator who enrolled the worker, if one did."""
    region: str
    """The ISO 3166 country of the number."""
    currency: str
    """The currency in which the worker is paid."""
    channel: str
    """The channel of SMS to the worker."""
    zone: str | None = None
    """The time zone of her number, if it is not that of her country."""


def enrol_worker(w: NewWorker, act: Act, via: str, channel: str | None, said: str) -> Part:
    return Part(
        "enrol_worker",
        (
            w.index,
            w.sealed,
            w.name,
            w.language,
            BECOMES[act],
            w.partner,
            w.coordinator,
            w.region,
            w.currency,
            w.channel,
            act,
            via,
            channel,
            said,
            w.zone,
        ),
    )
