"""The rows of joining: a worker joins, or a coordinator enrols, names or removes a worker.

The ledger of consent keeps a worker's own words. Of a coordinator's words it keeps only the
command, because they contain a phone number.
"""

from gateway.base.msisdn import region_of
from gateway.conversation.facts import (
    Enrolled,
    Joined,
    PinReset,
    RemovedByCoordinator,
    WorkerNamed,
    ZoneChosen,
)
from gateway.settings import Country
from gateway.steps.messages import contact_hours
from gateway.steps.messages.compose import message
from gateway.steps.messages.notify import Addressee, notice_write
from gateway.steps.runtime import Runtime
from gateway.store.db import Write
from gateway.store.people import coordinators, referrals, worker_writes, workers
from gateway.store.turns import turns
from gateway.store.turns.situation import TurnRow


def country_of(rt: Runtime, msisdn: str) -> tuple[str, Country]:
    """Return the region and the country of a number.

    A number of a country that is not set up counts as the home country's.
    """
    region = region_of(msisdn) or rt.settings.region
    if region not in rt.settings.countries:
        region = rt.settings.region
    return region, rt.settings.countries[region]


def joined_writes(
    rt: Runtime, fact: Joined, msisdn: str, channel: str, via: str, said: str
) -> list[Write]:
    """Return the parts that enrol a worker who joined by herself, and note who brought her."""
    home = country_of(rt, msisdn)
    new = _new_worker(rt, msisdn, fact.language, home, channel, partner=fact.code)
    act = "joined" if fact.agreed else "asked"
    brought = [referrals.referred(rt.vault.index(msisdn), fact.code)] if fact.code else []
    return [worker_writes.enrol_worker(new, act, via, channel, said), *brought]


def enrolment_writes(rt: Runtime, row: TurnRow, fact: Enrolled, channel: str) -> list[Write]:
    """Return the invited worker and her invitation.

    The invitation replaces one that has not gone yet; at night it waits for her morning. A
    coordinator who repeats the command wants it sent again, because the first one may be lost.
    """
    home = country_of(rt, fact.msisdn)
    new = _new_worker(
        rt,
        fact.msisdn,
        fact.language,
        home,
        channel,
        name=fact.name,
        partner=fact.partner,
        coordinator=row.coordinator,
    )
    invitation = message(
        rt,
        channel,
        None,
        fact.msisdn,
        fact.invitation,
        "invitation",
    )
    wakes = contact_hours.wakes_at(rt, home[0], new.zone)
    return [
        worker_writes.enrol_worker(new, "invited", "coordinator", channel, "ADD"),
        coordinators.may_invite(row.coordinator, rt.settings.coordinators.invitations_per_day),
        turns.put_message(invitation),
        *([turns.defer_prompts(invitation.to_index, wakes)] if wakes else []),
    ]


def expected_part(
    rt: Runtime, msisdn: str, name: str, language: str | None, channel: str, partner: str | None
) -> Write:
    """Return the part that records an expected worker, whom the operator's staff tell how to join.

    No invitation is sent; her own JOIN or YES counts.
    """
    home = country_of(rt, msisdn)
    new = _new_worker(
        rt, msisdn, language or home[1].language, home, channel,
        name=name, partner=partner,
    )  # fmt: skip
    return worker_writes.enrol_worker(new, "invited", "operator", channel, "EXPECT")


async def removal_writes(rt: Runtime, row: TurnRow, fact: RemovedByCoordinator) -> list[Write]:
    """Return the parts that remove a worker of this coordinator or of her centre.

    Any other number changes nothing.
    """
    worker = await workers.theirs(rt.db, rt.vault.index(fact.msisdn), row.coordinator)
    if worker is None:
        return []
    return [
        worker_writes.change_worker(
            worker, "removed", "coordinator", None, "REMOVE", row.coordinator
        )
    ]


async def naming_writes(rt: Runtime, row: TurnRow, fact: WorkerNamed) -> list[Write]:
    """Name a worker of this coordinator."""
    worker = await workers.theirs(rt.db, rt.vault.index(fact.msisdn), row.coordinator)
    if worker is None:
        return []
    return [worker_writes.name_worker(worker, fact.name, "coordinator", row.coordinator)]


async def zone_writes(rt: Runtime, row: TurnRow, fact: ZoneChosen) -> list[Write]:
    """Return the parts that set the time zone of a worker of this coordinator."""
    worker = await workers.theirs(rt.db, rt.vault.index(fact.msisdn), row.coordinator)
    return [worker_writes.set_zone(worker, fact.zone)] if worker is not None else []


async def pin_reset_writes(rt: Runtime, row: TurnRow, fact: PinReset) -> list[Write]:
    """Return the parts that delete a worker's PIN and tell her so on her own phone.

    A coordinator can therefore not unlock it without her knowledge.
    """
    worker = await workers.theirs(rt.db, rt.vault.index(fact.msisdn), row.coordinator)
    if worker is None:
        return []
    language, channel = await workers.reached(rt.db, worker)
    text = rt.books[language].say("pin.reset")
    told = notice_write(rt, Addressee(channel, fact.msisdn, worker), text, "money")
    return [worker_writes.forget_pin(worker), told]


def _new_worker(
    rt: Runtime,
    msisdn: str,
    language: str,
    home: tuple[str, Country],
    channel: str,
    *,
    name: str = "",
    partner: str | None = None,
    coordinator: int | None = None,
) -> worker_writes.NewWorker:
    region, country = home
    return worker_writes.NewWorker(
        index=rt.vault.index(msisdn),
        sealed=rt.vault.seal(msisdn),
        name=name,
        language=language,
        partner=partner,
        coordinator=coordinator,
        region=region,
        currency=country.currency,
        channel=channel,
        zone=contact_hours.own_zone(rt, msisdn, region),
    )
