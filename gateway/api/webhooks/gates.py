"""The gates of the turnstile, by the addresses of the channels."""

from gateway.api.edge.counts import Counts
from gateway.api.edge.places import RequestLimit
from gateway.api.edge.turned_away import TurnedAway
from gateway.api.edge.turnstile import Gate
from gateway.api.webhooks.intake import Intake
from gateway.api.webhooks.routes import last_screen
from gateway.api.webhooks.stored_first import StoredFirst
from gateway.steps.runtime import Runtime


def gates_of(
    rt: Runtime, intake: Intake, counts: Counts, places: RequestLimit
) -> dict[bytes, Gate]:
    """Return a gate for the steps and one for the SMS of each channel that takes them."""
    busy, url = last_screen(rt, "ussd.busy"), rt.settings.public_url.rstrip("/")
    found = dict[bytes, Gate]()
    for name, channel in rt.channels.items():
        address = f"/in/{name}/{channel.secret.get_secret_value()}"
        if channel.ussd is not None:
            gate = TurnedAway(channel, url, intake.admission, counts, busy)
            found[f"{address}/ussd".encode()] = gate
        if channel.sms is not None:
            found[f"{address}/sms".encode()] = StoredFirst(rt, channel, url, intake, counts, places)
    return found
