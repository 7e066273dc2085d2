"""The channels by which questions reach this gateway's workers, for the advice on an upload."""

from gateway.steps.batches.text_advice import DeliveryMix
from gateway.steps.runtime import Runtime


def air_of(rt: Runtime) -> DeliveryMix:
    """Return the languages, the channels and their capacities of this gateway."""
    countries = rt.settings.countries
    spoken = [c for each in countries.values() for c in (each.language, *each.languages)]
    roads = [(name, each.capacity) for name, each in sorted(rt.channels.items()) if each.sms]
    dialled = any(each.ussd for each in rt.channels.values())
    return DeliveryMix(
        countries[rt.settings.region].language, tuple(dict.fromkeys(spoken)), tuple(roads), dialled
    )
