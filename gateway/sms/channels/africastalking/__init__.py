"""Africa's Talking SMS: sending, incoming messages, delivery reports, opt-outs, subscriptions, missed messages.

Wire format: developers.africastalking.com/docs/sms, and the requests of its Python SDK 2.0.3, which ours equal
byte for byte. It takes no id of ours and has no idempotency key, so a send whose answer was lost stays UNKNOWN.
It signs nothing: the secret in the path is all that proves a callback.
"""

from collections.abc import Mapping

from gateway.options import read
from gateway.sms.channels.africastalking.adapter import AfricasTalking, AfricasTalkingOptions


def make(name: str, options: Mapping[str, object]) -> AfricasTalking:
    """The channel `name` of the settings; SettingsError names an option that is wrong."""
    return AfricasTalking(name, read(AfricasTalkingOptions, name, options))
