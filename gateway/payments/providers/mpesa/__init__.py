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

import base64
from collections.abc import Mapping
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from gateway.base.errors import SettingsError
from gateway.payments.port import TokenStore
from gateway.payments.providers.mpesa.adapter import Mpesa, MpesaAccount
from gateway.payments.wire import as_text

_OPTIONS = {
    "base_url", "consumer_key", "consumer_secret", "initiator", "initiator_password", "security_credential",
    "certificate_file", "shortcode", "command_id", "remarks", "occasion",
}  # fmt: skip
_COMMANDS = ("BusinessPayment", "SalaryPayment", "PromotionPayment")
_REMARKS_CHARS = range(2, 101)


def make(name: str, options: Mapping[str, object], tokens: TokenStore) -> Mpesa:
    """Make the provider `name` of the settings.

    Raises SettingsError with the name of a missing, unknown or invalid option.
    """
    unknown = sorted(set(options) - _OPTIONS)
    if unknown:
        raise SettingsError(
            f"payout provider {name!r}: unknown option {unknown[0]!r}; known options: {', '.join(sorted(_OPTIONS))}"
        )
    told = {key: as_text(value) for key, value in options.items()}
    for key in ("base_url", "consumer_key", "consumer_secret", "initiator", "shortcode"):
        if not told.get(key):
            raise SettingsError(f"payout provider {name!r}: option {key!r} is missing")
    command, remarks = told.get("command_id") or _COMMANDS[0], told.get("remarks") or "Payout"
    if command not in _COMMANDS:
        raise SettingsError(
            f"payout provider {name!r}: command_id must be one of {', '.join(_COMMANDS)}"
        )
    if len(remarks) not in _REMARKS_CHARS:
        raise SettingsError(f"payout provider {name!r}: remarks must have 2 to 100 characters")
    account = MpesaAccount(
        base_url=told["base_url"].rstrip("/"),
        consumer_key=told["consumer_key"],
        consumer_secret=told["consumer_secret"],
        initiator=told["initiator"],
        credential=told.get("security_credential") or _credential(name, told),
        shortcode=told["shortcode"],
        command=command,
        remarks=remarks,
        occasion=told.get("occasion", "")[:100],
    )
    return Mpesa(name, account, tokens)


def _credential(name: str, told: Mapping[str, str]) -> str:
    """Return the initiator's password encrypted under the provider's certificate.

    It is RSA with PKCS#1 v1.5 padding, in base64.
    """
    password, file = told.get("initiator_password"), told.get("certificate_file")
    if not (password and file):
        raise SettingsError(
            f"payout provider {name!r}: give security_credential, or initiator_password with certificate_file"
        )
    try:
        data = Path(file).read_bytes()
        pem = data.lstrip().startswith(b"-----")
        certificate = (
            x509.load_pem_x509_certificate(data) if pem else x509.load_der_x509_certificate(data)
        )
    except (OSError, ValueError) as bad:
        raise SettingsError(f"payout provider {name!r}: certificate_file: {bad}") from bad
    key = certificate.public_key()
    if not isinstance(key, rsa.RSAPublicKey):
        raise SettingsError(
            f"payout provider {name!r}: certificate_file: not an RSA certificate: {file}"
        )
    return base64.b64encode(key.encrypt(password.encode(), padding.PKCS1v15())).decode()
