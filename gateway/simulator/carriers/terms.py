"""The account at the carrier: its prices, its deadlines and the gateway's URLs."""

from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class CarrierHooks:
    """The gateway's URLs, as typed into the provider's dashboard. "" means not set."""

    sms: str = ""
    ussd: str = ""
    receipt: str = ""
    session_end: str = ""

    @classmethod
    def under(cls, gateway_url: str, sms: str, ussd: str = "") -> Self:
        """Return the URLs of a gateway's channels.

        `sms` and `ussd` are `channel/secret`. Without `ussd` one channel serves both.
        """
        root, dial = f"{gateway_url.rstrip('/')}/in", ussd or sms
        return cls(
            sms=f"{root}/{sms}/sms",
            ussd=f"{root}/{dial}/ussd",
            receipt=f"{root}/{sms}/receipt",
            session_end=f"{root}/{dial}/session-end",
        )


@dataclass(frozen=True, slots=True)
class CarrierTerms:
    """The conditions of the account at the provider. Prices are in minor units."""

    api_key: str = "simulator"
    username: str = ""  # "" accepts any
    sender_ids: frozenset[str] = frozenset()  # An empty set accepts any.
    # The served USSD codes. An empty set serves any code.
    service_codes: frozenset[str] = frozenset()
    currency: str = "KES"
    price_minor: int = 80  # per segment sent to a phone
    session_minor: int = 10  # per USSD session
    receipts: bool = True
    receipt_delay_s: float = 0.05
    # The interval between attempts to post an SMS. The real provider waits 60 s, for 12 hours.
    retry_s: float = 0.5
    retry_for_s: float = 30.0
    deadline_s: float = 10.0  # a later USSD answer ends the session

    def split_code(self, code: str) -> tuple[str, str]:
        """Return the served code and the rest that was dialled beyond it.

        Raises ValueError when no served code matches.

        >>> CarrierTerms(service_codes=frozenset({"*384*123#"})).split_code("*384*123*5*12#")
        ('*384*123#', '5*12')
        """
        served = self.service_codes
        if code in served or not served:
            return code, ""
        for one in served:
            stem = one.removesuffix("#") + "*"
            if code.startswith(stem):
                return one, code.removesuffix("#")[len(stem) :]
        raise ValueError(f"no service on {code}; there is {', '.join(sorted(served))}")
