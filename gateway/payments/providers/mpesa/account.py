"""The gateway's account with Safaricom, as the settings describe it."""

import base64
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from pydantic import Field, SecretStr

from gateway.base.errors import SettingsError
from gateway.payments.account import AccountOptions

_OCCASION_MAX = 100


class MpesaOptions(AccountOptions):
    """The options of the provider in the settings."""

    base_url: str
    consumer_key: SecretStr
    consumer_secret: SecretStr
    initiator: str
    shortcode: str
    initiator_password: SecretStr | None = None
    certificate_file: str | None = None
    security_credential: SecretStr | None = None
    command_id: Literal["BusinessPayment", "SalaryPayment", "PromotionPayment"] = "BusinessPayment"
    remarks: Annotated[str, Field(min_length=2, max_length=100)] = "Payout"
    occasion: str = ""


@dataclass(frozen=True, slots=True)
class MpesaAccount:
    """The gateway's account with Safaricom.

    `credential` is the initiator's password, RSA-encrypted, in base64.
    """

    base_url: str
    consumer_key: SecretStr
    consumer_secret: SecretStr
    initiator: str
    credential: SecretStr
    shortcode: str
    command: str
    remarks: str
    occasion: str


def account_of(provider: str, told: MpesaOptions) -> MpesaAccount:
    """Return the account that the options of `provider` describe.

    Raises SettingsError when there is no credential.
    """
    return MpesaAccount(
        base_url=told.base_url.rstrip("/"),
        consumer_key=told.consumer_key,
        consumer_secret=told.consumer_secret,
        initiator=told.initiator,
        credential=told.security_credential or SecretStr(_credential(provider, told)),
        shortcode=told.shortcode,
        command=told.command_id,
        remarks=told.remarks,
        occasion=told.occasion[:_OCCASION_MAX],
    )


def _credential(name: str, told: MpesaOptions) -> str:
    """Return the initiator's password encrypted under the provider's certificate.

    It is RSA with PKCS#1 v1.5 padding, in base64.
    """
    password, file = told.initiator_password, told.certificate_file
    if not (password and file):
        raise SettingsError(
            f"payout provider {name!r}: give security_credential, or initiator_password with "
            "certificate_file"
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
    sealed = key.encrypt(password.get_secret_value().encode(), padding.PKCS1v15())
    return base64.b64encode(sealed).decode()
