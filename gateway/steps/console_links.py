"""Links to a coordinator's page: her number and the end of the link's time, signed with the gateway's own key."""

import hmac
from datetime import timedelta

from gateway.errors import Refused
from gateway.msisdn import normalise
from gateway.runtime import Runtime

GOOD_FOR = timedelta(days=7)


async def link_for(rt: Runtime, msisdn: str) -> str:
    """A link for the coordinator with this number. Raises Refused where there is none."""
    index = rt.vault.index(normalise(msisdn, rt.settings.region))
    found = await rt.db.value("select id from coordinator where msisdn_index = $1", index)
    if found is None:
        raise Refused("no coordinator has this number", status=404)
    until = int((rt.clock.now() + GOOD_FOR).timestamp())
    key = f"{found}.{until}.{_signature(rt, found, until)}"
    return f"{rt.settings.public_url.rstrip('/')}/console?key={key}"


def coordinator_of(rt: Runtime, key: str) -> int | None:
    """Whose page a link opens; None when it is none of ours, or its time is over."""
    parts = key.split(".")
    if len(parts) != 3 or not all(p.isascii() and p.isdecimal() and len(p) < 19 for p in parts[:2]):  # noqa: PLR2004
        return None
    coordinator, until = int(parts[0]), int(parts[1])
    good = hmac.compare_digest(parts[2].encode(), _signature(rt, coordinator, until).encode())
    return coordinator if good and until > rt.clock.now().timestamp() else None


def _signature(rt: Runtime, coordinator: int, until: int) -> str:
    return rt.vault.index(f"console:{coordinator}:{until}").hex()
