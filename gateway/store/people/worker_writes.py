"""The parts that a turn may write about a worker herself (see `turns`).

They are her joining and leaving, language, hours, zone and PIN.
"""

from dataclasses import dataclass

from gateway.base.ids import WorkerId
from gateway.store.db import Write
from gateway.workers.states import BECOMES, Act


def set_reach(worker: WorkerId, reach: str) -> Write:
    return Write("set_reach", {"worker": worker, "reach": reach})


def pin_tried(worker: WorkerId, wrong_before: int, *, right: bool) -> Write:
    return Write("pin_tried", {"worker": worker, "wrong": wrong_before, "right": right})


def set_pin(worker: WorkerId, before: str | None, new_hash: str) -> Write:
    """Replace the hash of the worker's PIN that was read by a new one."""
    return Write("set_pin", {"worker": worker, "before": before, "hash": new_hash})


def forget_pin(worker: WorkerId) -> Write:
    return Write("forget_pin", {"worker": worker})


def set_name(worker: WorkerId, name: str) -> Write:
    """Store the name that the worker told the gateway."""
    return Write("set_name", {"worker": worker, "name": name})


def set_ease(worker: WorkerId, ease: int) -> Write:
    """Store how many replies by SMS were understood in a row."""
    return Write("set_ease", {"worker": worker, "ease": ease})


def set_language(worker: WorkerId, language: str) -> Write:
    return Write("set_language", {"worker": worker, "language": language})


def change_worker(
    worker: WorkerId,
    act: Act,
    via: str,
    channel: str | None,
    said: str,
    coordinator: int | None = None,
) -> Write:
    """Change the worker's state by an act of consent.

    `via` is sms, ussd, coordinator or carrier. `channel` is the one on which she said it, and
    `said` are her words.
    """
    return Write(
        "change_worker",
        {
            "worker": worker,
            "state": BECOMES[act],
            "act": act,
            "via": via,
            "channel": channel,
            "said": said,
            "coordinator": coordinator,
        },
    )


def name_worker(worker: WorkerId, name: str, via: str, coordinator: int | None) -> Write:
    """Give a worker the name that she or her coordinator said."""
    return Write(
        "name_worker", {"worker": worker, "name": name, "via": via, "coordinator": coordinator}
    )


def set_quiet(worker: WorkerId, from_hour: int, until_hour: int) -> Write:
    return Write("set_quiet", {"worker": worker, "from": from_hour, "until": until_hour})


def set_zone(worker: WorkerId, zone: str | None) -> Write:
    """Store where the worker lives, as an IANA time zone."""
    return Write("set_zone", {"worker": worker, "zone": zone})


def is_back(worker: WorkerId) -> Write:
    """Record that the worker's phone is reachable again, so that prompts may go to it."""
    return Write("is_back", {"worker": worker})


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


def enrol_worker(w: NewWorker, act: Act, via: str, channel: str | None, said: str) -> Write:
    return Write(
        "enrol_worker",
        {
            "index": w.index,
            "sealed": w.sealed,
            "name": w.name,
            "language": w.language,
            "state": BECOMES[act],
            "partner": w.partner,
            "coordinator": w.coordinator,
            "region": w.region,
            "currency": w.currency,
            "channel": w.channel,
            "act": act,
            "via": via,
            "by_channel": channel,
            "said": said,
            "zone": w.zone,
        },
    )
