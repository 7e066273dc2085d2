"""What a turn may write about a worker herself: her joining and leaving, language, hours, zone, PIN (see `turns`)."""

from dataclasses import dataclass

from gateway.ids import WorkerId
from gateway.store.db import Part
from gateway.workers.states import BECOMES, Act


def set_reach(worker: WorkerId, reach: str) -> Part:
    return Part("set_reach", (worker, reach))


def pin_tried(worker: WorkerId, wrong_before: int, *, right: bool) -> Part:
    return Part("pin_tried", (worker, wrong_before, right))


def set_pin(worker: WorkerId, before: str | None, new_hash: str) -> Part:
    """Her new PIN's hash, in place of the one that was read."""
    return Part("set_pin", (worker, before, new_hash))


def forget_pin(worker: WorkerId) -> Part:
    return Part("forget_pin", (worker,))


def set_name(worker: WorkerId, name: str) -> Part:
    """Keep the name that the worker told us."""
    return Part("set_name", (worker, name))


def set_ease(worker: WorkerId, ease: int) -> Part:
    """Keep how many replies by SMS were understood in a row."""
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
    """`via`: sms, ussd, coordinator or carrier; `channel`: by which she said it; `said`: in which words."""
    return Part("change_worker", (worker, BECOMES[act], act, via, channel, said, coordinator))


def name_worker(worker: WorkerId, name: str, via: str, coordinator: int | None) -> Part:
    """Give a worker the name that she or her coordinator said."""
    return Part("name_worker", (worker, name, via, coordinator))


def set_quiet(worker: WorkerId, from_hour: int, until_hour: int) -> Part:
    return Part("set_quiet", (worker, from_hour, until_hour))


def set_zone(worker: WorkerId, zone: str) -> Part:
    """Where she lives: an IANA time zone."""
    return Part("set_zone", (worker, zone))


def is_back(worker: WorkerId) -> Part:
    """Her phone has shown itself: prompts may go to it again."""
    return Part("is_back", (worker,))


@dataclass(frozen=True, slots=True)
class NewWorker:
    index: bytes
    sealed: bytes
    name: str
    language: str
    partner: str | None
    coordinator: int | None
    region: str
    currency: str
    channel: str
    zone: str | None = None
    """Where her number belongs to, if that is not where her country is."""


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
