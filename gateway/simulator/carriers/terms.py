"""What an account at the carrier is: its prices and patience, and the gateway's URLs."""

from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class Hooks:
    """The gateway's URLs, as they are typed into the provider's dashboard; "" is not set."""

    sms: str = ""
    ussd: str = ""
    receipt: str = ""
    session_end: str = ""

    @classmethod
    def under(cls, gateway_url: str, sms: str, ussd: str = "") -> Self:
        """`sms` and `ussd` are `channel/secret`; without `ussd` one channel does both."""
        root, dial = f"{gateway_url.rstrip('/')}/in", ussd or sms
        return cls(
            sms=f"{root}/{sms}/sms",
            ussd=f"{root}/{dial}/ussd",
            receipt=f"{root}/{sms}/receipt",
            session_end=f"{root}/{dial}/session-end",
        )


@dataclass(frozen=True, slots=True)
class Terms:
    """The account at the provider. Prices in minor units."""

    api_key: str = "simulator"
    username: str = ""  # "": any
    sender_ids: frozenset[str] = frozenset()  # empty: any
    service_codes: frozenset[str] = frozenset()  # USSD codes served; empty: any
    currency: str = "KES"
    price_minor: int = 80  # for each segment sent to a phone
    session_minor: int = 10  # for each USSD session
    receipts: bool = True
    receipt_delay_s: float = 0.05
    retry_s: float = 0.5  # of an SMS to the gateway; the real one is 60 s, for 12 hours
    retry_for_s: float = 30.0
    deadline_s: float = 10.0  # a USSD answer after this ends the session

    def split_code(self, code: str) -> tuple[str, str]:
        """The served code, and what was dialled beyond it. Raises ValueError.

        >>> Terms(service_codes=frozenset({"*384*123#"})).split_code("*384*123*5*12#")
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
