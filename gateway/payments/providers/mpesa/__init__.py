"""The provider M-PESA Kenya (Safaricom Daraja): payouts by B2C v3, queries, and their callbacks.

Everything that decides comes late. The HTTP answer to a payout only says that it was taken. The
answer to a status query only says that the result will follow. Both results then arrive as a
`Result` on the URL that the gateway gave. These are the traps, and each has a test:

- One error code carries three texts.
- Codes are numbers or strings.
- Parameters are a list, an object or absent. Some names have spaces, and one name comes twice.
- The outer conversation id of a status Result is the *question's*, not the payout's.
- A time-out notice is the gateway's own request sent back.

Amounts on the wire are whole shillings.
"""

from collections.abc import Mapping

from gateway.payments.account import read
from gateway.payments.port import TokenStore
from gateway.payments.providers.mpesa.account import MpesaOptions, account_of
from gateway.payments.providers.mpesa.adapter import Mpesa

EXAMPLE: Mapping[str, object] = {
    "base_url": "http://127.0.0.1:1",
    "consumer_key": "k-secret",
    "consumer_secret": "k-secret",
    "initiator": "acme",
    "security_credential": "k-secret",
    "shortcode": "600997",
}
"""Options with which a provider of this kind can be made. Every secret in them is `k-secret`."""


def make(name: str, options: Mapping[str, object], tokens: TokenStore) -> Mpesa:
    """Make the provider `name` of the settings.

    Raises SettingsError with the name of a missing, unknown or invalid option.
    """
    return Mpesa(name, account_of(name, read(MpesaOptions, name, options)), tokens)
