"""The conditions under which a worker may be sent an unrequested message.

They concern her night, a phone that is off, and the number of messages. Replies and notices about
her own money are exempt. The rules are checked where prompts are made (`may_prompt` in
`store/sql/respect.sql`), and again where prompts have been held up (`hush`).
"""

from datetime import datetime
from zoneinfo import ZoneInfo

from gateway.base.ids import WorkerId
from gateway.base.msisdn import region_of, zone_of, zone_of_number
from gateway.sms.port import Delivery, Receipt
from gateway.steps.runtime import Channel, Runtime
from gateway.store.messages import prompts
from gateway.workers import quiet

_AT_ONCE = 500


def contact_rules(rt: Runtime) -> dict[str, object]:
    """Return the current rules of the gateway, in the form that `may_prompt` takes."""
    hours = quiet.parse(rt.settings.quiet_hours)
    now = rt.clock.now()
    return {
        "now": now.isoformat(),
        "hours": {
            region: now.astimezone(ZoneInfo(zone_of_region(rt, region))).hour
            for region in rt.settings.countries
        },
        "from": hours.from_hour,
        "until": hours.until_hour,
        "per_hour": rt.settings.prompts_per_hour,
        "per_day": rt.settings.prompts_per_day,
    }


def wakes_at(rt: Runtime, region: str, zone: str | None = None) -> datetime | None:
    """Return the end of the night in a region, or in a zone of its own there; None by day."""
    hours = quiet.parse(rt.settings.quiet_hours)
    return quiet.wakes_at(rt.clock.now(), zone or zone_of_region(rt, region), hours)


def own_zone(rt: Runtime, msisdn: str, region: str) -> str | None:
    """Return the zone of a number, where its country has several and the zone is certain.

    A zone that the settings give for a country holds for all its numbers.
    """
    country = rt.settings.countries.get(region)
    if region_of(msisdn) != region or (country and country.time_zone):
        return None
    zone = zone_of_number(msisdn)
    return zone if zone != zone_of(region) else None


async def may_prompt(rt: Runtime, worker: WorkerId) -> bool:
    """Return True if the worker may be sent an unrequested message now."""
    return await prompts.may_prompt(rt.db, worker, contact_rules(rt), rt.clock.now())


async def hush(rt: Runtime) -> None:
    """Cancel prompts that a channel held up until it was too late to send them."""
    await prompts.hush(rt.db, contact_rules(rt), rt.clock.now(), _AT_ONCE)


async def note_phone(rt: Runtime, channel: Channel, receipt: Receipt) -> None:
    """Record whether a delivery report shows the phone as present or away."""
    away = receipt.phone_away or receipt.delivery is Delivery.AWAY
    if away or receipt.delivery is Delivery.DELIVERED:
        await prompts.phone_reported(rt.db, channel.name, receipt.provider_id, away=away)


def zone_of_region(rt: Runtime, region: str) -> str:
    """Return the time zone of a region: the settings' own, else the usual one."""
    country = rt.settings.countries.get(region)
    return (country and country.time_zone) or zone_of(region)
