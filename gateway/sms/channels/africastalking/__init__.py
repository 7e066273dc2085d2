"""Africa's Talking SMS: sending, and every event that it reports.

The events are incoming messages, delivery reports, opt-outs, subscriptions and missed messages.

Wire format: developers.africastalking.com/docs/sms, and the requests of its Python SDK 2.0.3, which
the requests of this adapter equal byte for byte. The provider accepts no id from the gateway and
has no idempotency key. A send whose answer was lost therefore stays UNKNOWN. It signs nothing: only
the secret in the path proves a callback.
"""

from collections.abc import Mapping

from gateway.base.options import read_options
from gateway.sms.channels.africastalking.adapter import AfricasTalkingOptions, AfricasTalkingSms


def make(name: str, options: Mapping[str, object]) -> AfricasTalkingSms:
    """Return the channel `name` of the settings. Raises SettingsError that names a wrong option."""
    return AfricasTalkingSms(name, read_options(AfricasTalkingOptions, name, options))
