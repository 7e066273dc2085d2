"""Twilio: sending, incoming messages, status callbacks, and the signature on each of them.

Wire format: www.twilio.com/docs/messaging and the requests of its Python SDK 9.13.0. YES re-opens
and END, CANCEL stop a subscription at Twilio itself: never ask for these words as answers on this
channel.
"""

from collections.abc import Mapping

from gateway.options import read
from gateway.sms.channels.twilio.adapter import Twilio, TwilioOptions


def make(name: str, options: Mapping[str, object]) -> Twilio:
    """The channel `name` of the settings; SettingsError names an option that is wrong."""
    return Twilio(name, read(TwilioOptions, name, options))
