"""How questions reach the workers of this gateway, as an upload's advice needs to know it."""

from gateway.runtime import Runtime
from gateway.steps.advise import Air


def air_of(rt: Runtime) -> Air:
    """Return how questions reach workers of this gateway: languages, channels and what they carry."""
    countries = rt.settings.countries
    spoken = [c for each in countries.values() for c in (each.language, *each.languages)]
    roads = [(name, each.capacity) for name, each in sorted(rt.channels.items()) if each.sms]
    dialled = any(each.ussd for each in rt.channels.values())
    return Air(
        countries[rt.settings.region].language, tuple(dict.fromkeys(spoken)), tuple(roads), dialled
    )
