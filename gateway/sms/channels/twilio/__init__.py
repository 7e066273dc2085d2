"""Twilio: sending, incoming messages, status callbacks, and the signature on each of them.

Wire format: www.twilio.com/docs/messaging and the requests of its Python SDK 9.13.0. At Twilio, YES
re-opens a subscription, and END and CANCEL stop it. Never ask for these words as answers on this
channel.
"""

from collections.abc import Mapping

from gateway.base.options import read_options
from gateway.sms.channels.twilio.adapter import Twilio, TwilioOptions

EXAMPLE: Mapping[str, object] = {
    "account_sid": "AC1",
    "auth_token": "k-secret",
    "sender": "+254200000000",
    "base_url": "http://127.0.0.1:1",
}
"""Options with which a channel of this kind can be made. Every secret in them is `k-secret`."""


def make(name: str, options: Mapping[str, object]) -> Twilio:
    """Return the channel `name` of the settings. Raises SettingsError that names a wrong option."""
    return Twilio(name, read_options(TwilioOptions, name, options))
