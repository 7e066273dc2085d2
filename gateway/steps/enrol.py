"""People come in: a stranger joins, a coordinator enrols or removes. The rows of those facts.

The ledger of consent keeps a worker's own words; of a coordinator's only the command, for a phone
number stands in them.
"""

from gateway.conversation.facts import (
    Enrolled,
    Joined,
    PinReset,
    RemovedByCoordinator,
    WorkerNamed,
    ZoneChosen,
)
from gateway.msisdn import region_of
from gateway.runtime import Runtime
from gateway.settings import Country
from gateway.steps import respect
from gateway.steps.messages import message
from gateway.store import coordinators, people, turns, worker_parts
from gateway.store.db import Part, Row


def country_of(rt: Runtime, msisdn: str) -> tuple[str, Country]:
    """The country a number belongs to; numbers of countries nobody set up count as the home country's."""
    region = region_of(msisdn) or rt.settings.region
    if region not in rt.settings.countries:
        region = rt.settings.region
    return region, rt.settings.countries[region]


def joined_part(rt: Runtime, fact: Joined, msisdn: str, channel: str, via: str, said: str) -> Part:
    region, country = country_of(rt, msisdn)
    new = _new_worker(
        rt, msisdn, fact.language, region, country.currency, channel, partner=fact.code
    )
    return worker_parts.enrol_worker(new, "joined" if fact.agreed else "asked", via, channel, said)


def enrolled_parts(rt: Runtime, row: Row, fact: Enrolled, channel: str) -> list[Part]:
    """Return the invited worker and her invitation, which takes the place of one that has not gone yet; at night it
    waits for her morning. A coordinator who says the same again wants it sent again: a first one may be lost."""
    region, country = country_of(rt, fact.msisdn)
    new = _new_worker(
        rt,
        fact.msisdn,
        fact.language,
        region,
        country.currency,
        channel,
        name=fact.name,
        partner=fact.partner,
        coordinator=row["coordinator_id"],
    )
    invitation = message(
        rt,
        channel,
        None,
        fact.msisdn,
        fact.invitation,
        "invitation",
    )
    wakes = respect.wakes_at(rt, region, new.zone)
    return [
        worker_parts.enrol_worker(new, "invited", "coordinator", channel, "ADD"),
        coordinators.may_invite(
            row["coordinator_id"], rt.settings.coordinators.invitations_per_day
        ),
        turns.put_message(invitation),
        *([turns.defer_prompts(invitation.to_index, wakes)] if wakes else []),
    ]


def expected_part(
    rt: Runtime, msisdn: str, name: str, language: str | None, channel: str, partner: str | None
) -> Part:
    """Somebody whom a person has before her and tells how to join: no invitation is sent, her JOIN or YES counts."""
    region, country = country_of(rt, msisdn)
    new = _new_worker(
        rt, msisdn, language or country.language, region, country.currency, channel,
        name=name, partner=partner,
    )  # fmt: skip
    return worker_parts.enrol_worker(new, "invited", "operator", channel, "EXPECT")


async def removed_parts(rt: Runtime, row: Row, fact: RemovedByCoordinator) -> list[Part]:
    """Only a worker of this coordinator or of her centre: anybody else's number changes nothing."""
    worker = await people.theirs(rt.db, rt.vault.index(fact.msisdn), row["coordinator_id"])
    if worker is None:
        return []
    return [
        worker_parts.change_worker(
            worker, "removed", "coordinator", None, "REMOVE", row["coordinator_id"]
        )
    ]


async def named_parts(rt: Runtime, row: Row, fact: WorkerNamed) -> list[Part]:
    """Name a worker of this coordinator."""
    worker = await people.theirs(rt.db, rt.vault.index(fact.msisdn), row["coordinator_id"])
    if worker is None:
        return []
    return [worker_parts.name_worker(worker, fact.name, "coordinator", row["coordinator_id"])]


async def zone_parts(rt: Runtime, row: Row, fact: ZoneChosen) -> list[Part]:
    """Where a worker of this coordinator lives."""
    worker = await people.theirs(rt.db, rt.vault.index(fact.msisdn), row["coordinator_id"])
    return [worker_parts.set_zone(worker, fact.zone)] if worker is not None else []


async def unlocked_parts(rt: Runtime, row: Row, fact: PinReset) -> list[Part]:
    """Her PIN is forgotten, and she is told on her own phone: nobody unlocks it behind her back."""
    worker = await people.theirs(rt.db, rt.vault.index(fact.msisdn), row["coordinator_id"])
    if worker is None:
        return []
    language, channel = await people.reached(rt.db, worker)
    text = rt.books[language].say("pin.reset")
    told = message(rt, channel, worker, fact.msisdn, text, "money")
    return [worker_parts.forget_pin(worker), turns.put_message(told)]


def _new_worker(
    rt: Runtime,
    msisdn: str,
    language: str,
    region: str,
    currency: str,
    channel: str,
    *,
    name: str = "",
    partner: str | None = None,
    coordinator: int | None = None,
) -> worker_parts.NewWorker:
    return worker_parts.NewWorker(
        index=rt.vault.index(msisdn),
        sealed=rt.vault.seal(msisdn),
        name=name,
        language=language,
        partner=partner,
        coordinator=coordinator,
        region=region,
        currency=currency,
        channel=channel,
        zone=respect.own_zone(rt, msisdn, region),
    )
