"""The operator's charges to the business for a B2C payment, and the limits of a payment.

Amounts are in Kenyan cents. The bands come from a Safaricom bulk-payment tariff form (up to KES
20,000) and the press of 2023 (KES 12 above it). They are plausible, not a price list.
"""

from typing import Final

# (highest amount of the band, fee)
B2C_FEES: Final = (
    (100_00, 0),
    (1_500_00, 5_00),
    (5_000_00, 9_00),
    (20_000_00, 11_00),
    (250_000_00, 12_00),
)
PAYMENT_MIN_MINOR: Final = 10_00
PAYMENT_MAX_MINOR: Final = 250_000_00
WALLET_DAY_MAX_MINOR: Final = 500_000_00
WALLET_MAX_MINOR: Final = 500_000_00


def fee_minor(amount_minor: int) -> int:
    """Return the fee for a payment of this amount.

    >>> fee_minor(100_00), fee_minor(101_00), fee_minor(250_000_00)
    (0, 500, 1200)
    """
    for up_to_minor, fee in B2C_FEES:
        if amount_minor <= up_to_minor:
            return fee
    return B2C_FEES[-1][1]
