"""Links to a coordinator's page: her number and the end of the link's validity, signed.

The signature uses the gateway's own key.
"""

import hmac
from datetime import timedelta

from gateway.base.errors import Refused
from gateway.base.msisdn import normalise
from gateway.steps.runtime import Runtime
from gateway.store.people import coordinators

GOOD_FOR = timedelta(days=7)


async def link_for(rt: Runtime, msisdn: str, by: str = "operator") -> str:
    """Return a link for the coordinator with this number. Raises Refused where there is none."""
    index = rt.vault.index(normalise(msisdn, rt.settings.region))
    async with rt.db.transaction() as db:
        row = await coordinators.by_index(db, index)
        if row.state != "active":
            raise Refused(f"{row.name} is {row.state.replace('_', ' ')} and has no page")
        ends = rt.clock.now() + GOOD_FOR
        link = await coordinators.new_link(db, row.id, ends)
        await coordinators.note(db, row.id, "link", by, f"link {link}")
    found, until = row.id, int(ends.timestamp())
    key = f"{found}.{until}.{link}.{_signature(rt, found, until, link)}"
    return f"{rt.settings.public_url.rstrip('/')}/console?key={key}"


async def coordinator_of(rt: Runtime, key: str) -> int | None:
    """Return the coordinator whose page a link opens.

    Return None when the link is not the gateway's, has expired, or was revoked.
    """
    parts = key.split(".")
    if len(parts) != 4 or not all(p.isascii() and p.isdecimal() and len(p) < 19 for p in parts[:3]):  # noqa: PLR2004
        return None
    coordinator, until, link = (int(part) for part in parts[:3])
    signed = _signature(rt, coordinator, until, link)
    good = hmac.compare_digest(parts[3].encode(), signed.encode())
    if not good or until <= rt.clock.now().timestamp():
        return None
    return coordinator if await coordinators.link_opens(rt.db, link, coordinator) else None


def _signature(rt: Runtime, coordinator: int, until: int, link: int) -> str:
    return rt.vault.index(f"console:{coordinator}:{until}:{link}").hex()
