"""What the operator charges the business for a B2C payment, and the limits of a payment.

Amounts in Kenyan cents. Bands as seen on a Safaricom bulk-payment tariff form (up to KES 20,000)
and in the press of 2023 (KES 12 above it): plausible, not a price list.
"""

from typing import Final

# (payments up to this amount, fee)
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
    """>>> fee_minor(100_00), fee_minor(101_00), fee_minor(250_000_00) (0, 500, 1200)"""
    for up_to_minor, fee in B2C_FEES:
        if amount_minor <= up_to_minor:
            return fee
    return B2C_FEES[-1][1]
