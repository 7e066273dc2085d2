"""Daraja's books: shillings, Nairobi's days, and Safaricom's limits and tariff.

All amounts are Kenyan cents.
"""

from gateway.simulator.operators import tariff
from gateway.simulator.operators.books import OperatorBooks, PaymentRequest
from gateway.simulator.operators.daraja_forms import MAGIC, day


class DarajaBooks(OperatorBooks):
    """The books of Daraja. They are kept in memory if `path` is None."""

    provider = "daraja"
    currency = "KES"

    def day(self, at: float) -> str:
        return day(at)

    def fee_minor(self, amount_minor: int) -> int:
        return tariff.fee_minor(amount_minor)

    def refusal(self, payment: PaymentRequest, *, magic: bool) -> str:
        """Return the ResultCode that forbids this payment, or "" when nothing does."""
        amount = payment.amount_minor
        if magic and payment.msisdn[-5:] in MAGIC:
            return MAGIC[payment.msisdn[-5:]]
        if amount < tariff.PAYMENT_MIN_MINOR:
            return "2"
        if amount > tariff.PAYMENT_MAX_MINOR:
            return "3"
        today, held = self.db.execute(
            "SELECT (SELECT coalesce(sum(amount_minor), 0) FROM payment WHERE msisdn = ?1 AND day = ?2),"
            " (SELECT coalesce(sum(balance_minor), 0) FROM wallet WHERE msisdn = ?1)",
            (payment.msisdn, self.day(self.now())),
        ).fetchone()
        if today + amount > tariff.WALLET_DAY_MAX_MINOR:
            return "4"
        if held + amount > tariff.WALLET_MAX_MINOR:
            return "8"
        return "1" if self.short_of(payment) else ""
