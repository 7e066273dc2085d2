"""The operator's commands on coordinators: list, disable, cut off, set a PIN, revoke links.

It also gives a turn its view of a coordinator.
"""

import asyncio
from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

from pydantic import SecretStr

from gateway.base.errors import Refused
from gateway.base.msisdn import normalise, region_of
from gateway.conversation.situation import CoordinatorView, NamedWorker
from gateway.steps.messages import contact_hours
from gateway.steps.runtime import Runtime
from gateway.store.people import coordinators as store
from gateway.store.people import number_moves, workers
from gateway.workers import pins

_DAY = timedelta(hours=24)


async def disable(
    rt: Runtime,
    msisdn: str,
    *,
    by: str,
    because: str,
    to: str | None = None,
    partner: str | None = None,
) -> int:
    """End a coordinator's work and return the number of her workers.

    They go to the coordinator with the number `to`, or to the centre with the code `partner`.
    Without either, they stay in their centre, or with the operator.
    """
    _reasoned(because)
    if partner and not await workers.partner_codes(rt.db, [partner.upper()]):
        raise Refused(f"no partner {partner!r}; add it with: gateway partner add", field="partner")
    async with rt.db.transaction() as db:
        row = await store.by_index(db, _index(rt, msisdn))
        heir = await store.by_index(db, _index(rt, to)) if to else None
        if heir and (heir.id == row.id or heir.state != "active"):
            raise Refused("the workers must go to another coordinator who is active", field="to")
        await store.set_state(db, row.id, "disabled")
        await store.revoke_links(db, row.id, "disabled")
        moved = await store.hand_over(db, row.id, heir.id if heir else None, partner)
        await store.note(db, row.id, "disabled", by, because.strip())
        return moved


async def cut_off(rt: Runtime, msisdn: str, *, by: str, because: str) -> int:
    """End a coordinator's SMS commands and console links at once, for a stolen phone.

    Return the number of links that ended. Her workers stay hers, and `gateway coordinator add` with
    the same number admits her again. Her PIN is deleted, because it stands in the SMS that her
    phone has sent.
    """
    _reasoned(because)
    async with rt.db.transaction() as db:
        row = await store.by_index(db, _index(rt, msisdn))
        await store.set_state(db, row.id, "cut_off")
        ended = await store.revoke_links(db, row.id, "cut off")
        await store.forget_pin(db, row.id)
        await store.note(db, row.id, "cut_off", by, because.strip())
        return ended


async def set_pin(rt: Runtime, msisdn: str, pin: str, *, by: str) -> None:
    """Give a coordinator a PIN that she chose.

    Only a slow hash of it is kept, and wrong tries are forgotten.
    """
    if not pins.acceptable(pin):
        raise Refused(
            "a PIN has 4 to 6 digits, not all the same and not in a row like 1234", field="pin"
        )
    hashed = await asyncio.to_thread(pins.hashed, pin, rt.vault.pepper)
    async with rt.db.transaction() as db:
        row = await store.by_index(db, _index(rt, msisdn))
        await store.set_pin(db, row.id, hashed)
        await store.note(db, row.id, "pin", by, "")


async def revoke_link(rt: Runtime, link: int, *, by: str, because: str) -> None:
    """Revoke one link to a coordinator's page."""
    _reasoned(because)
    async with rt.db.transaction() as db:
        coordinator = await store.revoke_link(db, link, because.strip())
        if coordinator is None:
            raise Refused(
                f"no link {link} that still opens; list them with: gateway coordinator links",
                status=404,
            )
        await store.note(db, coordinator, "link_revoked", by, f"link {link}: {because.strip()}")


async def with_limits(rt: Runtime, view: CoordinatorView, pin: SecretStr | None) -> CoordinatorView:
    """Return the view with the coordinator's limits and the result of her PIN's check."""
    rules = rt.settings.coordinators
    sent = await store.invited(rt.db, view.id)
    known = await store.pin(rt.db, view.id)
    again = ""
    if sent.oldest and sent.count >= rules.invitations_per_day:
        zone = ZoneInfo(contact_hours.zone_of_region(rt, rt.settings.region))
        again = f"{(sent.oldest + _DAY).astimezone(zone):%d/%m %H:%M}"
    limited = replace(
        view,
        invited_today=sent.count,
        invitations_most=rules.invitations_per_day,
        invitations_again=again,
        adds_free=rules.adds_without_pin,
        adds_per_sms_free=rules.adds_per_sms_without_pin,
        pin_tries_left=pins.TRIES_MAX - (known.wrong if known else 0),
    )
    if known is None:
        return replace(limited, pin="none")
    if limited.pin_tries_left <= 0:
        return replace(limited, pin="locked")
    if pin is None:
        return limited
    right = await asyncio.to_thread(
        pins.is_right, pin.get_secret_value(), known.hash, rt.vault.pepper
    )
    return replace(limited, pin="right" if right else "wrong")


async def named_worker(rt: Runtime, msisdn: str, coordinator: int) -> NamedWorker:
    """Return the data that a turn may use of a number that a coordinator names."""
    index = rt.vault.index(msisdn)
    state = await workers.state_of(rt.db, index)
    most = rt.settings.coordinators.invitations_per_worker
    region = region_of(msisdn) or rt.settings.region
    own = contact_hours.own_zone(rt, msisdn, region)
    wakes = contact_hours.wakes_at(rt, region, own)
    zone = ZoneInfo(own or contact_hours.zone_of_region(rt, region))
    sends_at = f"{wakes.astimezone(zone):%H:%M}" if wakes else ""
    row = await store.named_number(rt.db, index, coordinator)
    if row is None:
        known = NamedWorker("stopped" if state == "stopped" else "nobody")
        in_hold = await number_moves.in_hold(rt.db, index, rt.clock.now())
        return replace(known, invitations_most=most, sends_at=sends_at, in_hold=in_hold)
    return NamedWorker(
        state="stopped" if state == "stopped" else row.state,
        name=row.name,
        language=row.language,
        mine=bool(row.mine),
        has_pin=row.has_pin,
        invitations=row.invitations,
        invitations_most=most,
        sends_at=sends_at,
    )


def _index(rt: Runtime, msisdn: str) -> bytes:
    return rt.vault.index(normalise(msisdn, rt.settings.region))


def _reasoned(because: str) -> None:
    if not because.strip():
        raise Refused("say why; it is kept with the coordinator", field="because")
