"""Africa's Talking SMS: sending, and every event that it reports.

The events are incoming messages, delivery reports, opt-outs, subscriptions and missed messages.

Wire format: developers.africastalking.com/docs/sms, and the requests of its Python SDK 2.0.3, which
the requests of this adapter equal byte for byte. The provider accepts no id from the gateway and
has no idempotency key. A send whose answer was lost therefore stays UNKNOWN. It signs nothing: only
the secret in the path proves a callback.
"""

from collections.abc import Mapping

from gateway.base.options import read_options
from gateway.base.plugins import DashboardHooks
from gateway.sms.channels.africastalking.adapter import AfricasTalkingOptions, AfricasTalkingSms

EXAMPLE: Mapping[str, object] = {
    "username": "acme",
    "api_key": "k-secret",
    "sender": "21512",
    "base_url": "http://127.0.0.1:1",
}
"""Options with which a channel of this kind can be made. Every secret in them is `k-secret`."""


def hooks(options: Mapping[str, object]) -> DashboardHooks:
    """Return the further addresses that the provider's dashboard asks for, in its terms."""
    return (
        ("opt-out", "bulk SMS opt-outs"),
        ("subscription", "subscription notifications"),
    )


def make(name: str, options: Mapping[str, object]) -> AfricasTalkingSms:
    """Return the channel `name` of the settings. Raises SettingsError that names a wrong option."""
    return AfricasTalkingSms(name, read_options(AfricasTalkingOptions, name, options))
