"""The deductions from a withdrawal: taxes by a country's table, and the operator's fee.

The fee is deducted only where the worker bears it. This module is pure, and all amounts are whole
minor units.

The worker's balance decreases by the amount sent + each tax + the fee, exact to the minor unit.
Each tax is rounded half up by itself. The amount sent is a multiple of the payable unit. The
remainder stays in the worker's balance.
"""

from bisect import bisect_left
from dataclasses import dataclass

PPM = 1_000_000


@dataclass(frozen=True, slots=True)
class Tax:
    """A tax of `rate_ppm` on the part of a withdrawal above `above_minor`.

    The threshold counts per payout, or per month (UTC) if `monthly`. If `whole`, the whole payout
    is taxed once the threshold is passed, not only the part above it.
    """

    name: str
    rate_ppm: int
    above_minor: int = 0
    monthly: bool = False
    whole: bool = False

    def base(self, taken_minor: int, before_minor: int) -> int:
        """Return the taxed part of `taken_minor`. `before_minor` was withdrawn earlier this month.

        >>> Tax("WHT", 50_000, 1000, monthly=True).base(500, 800)
        300
        >>> Tax("WHT", 50_000, 1000).base(500, 800)
        0
        >>> [Tax("WHT", 50_000, 1000, whole=True).base(taken, 0) for taken in (1000, 1001)]
        [0, 1001]
        """
        before_minor = before_minor if self.monthly else 0
        if self.whole:
            return taken_minor if before_minor + taken_minor > self.above_minor else 0
        return min(taken_minor, max(0, before_minor + taken_minor - self.above_minor))

    def on(self, base_minor: int) -> int:
        """Return the tax on an amount, rounded half up to the minor unit.

        >>> Tax("WHT", 50_000).on(10_210), Tax("WHT", 50_000).on(10_209)
        (511, 510)
        """
        return (base_minor * self.rate_ppm + PPM // 2) // PPM


@dataclass(frozen=True, slots=True)
class Withheld:
    """A tax that was withheld from one payout: `amount_minor` on `base_minor`."""

    name: str
    base_minor: int
    amount_minor: int


@dataclass(frozen=True, slots=True)
class FeeTable:
    """An operator's tariff.

    The fee is `fees[i]` for amounts up to `tops[i]`, and the last fee above the last top.
    """

    tops: tuple[int, ...] = ()
    fees: tuple[int, ...] = ()

    def fee(self, amount_minor: int) -> int:
        """Return the fee for sending an amount.

        >>> [FeeTable((10_000, 150_000), (0, 500)).fee(a) for a in (10_000, 10_100, 900_000)]
        [0, 500, 500]
        """
        if not self.tops:
            return 0
        return self.fees[min(bisect_left(self.tops, amount_minor), len(self.fees) - 1)]


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """A withdrawal. `amount_minor` is sent, and `taken_minor` leaves the worker's balance."""

    amount_minor: int
    taxes: tuple[Withheld, ...] = ()
    fee_minor: int = 0

    @property
    def tax_minor(self) -> int:
        return sum(tax.amount_minor for tax in self.taxes)

    @property
    def taken_minor(self) -> int:
        return self.amount_minor + self.tax_minor + self.fee_minor


@dataclass(frozen=True, slots=True)
class Deductions:
    """The taxes and fees that one worker bears with one payout provider.

    Payable amounts are the multiples of `unit_minor`. `before_minor` is the amount that the worker
    withdrew earlier this month, for taxes that count per month.
    """

    country: str
    unit_minor: int
    taxes: tuple[Tax, ...] = ()
    fees: FeeTable = FeeTable()
    before_minor: int = 0

    def withdrawal(self, most_minor: int) -> Withdrawal:
        """Return the largest withdrawal that takes at most `most_minor` from the balance.

        Its amount is 0 when nothing is left to send.

        >>> Deductions("KE", 100, (Tax("WHT", 50_000),)).withdrawal(10_350) == Withdrawal(
        ...     amount_minor=9800, taxes=(Withheld(name="WHT", base_minor=10316, amount_minor=516),)
        ... )
        True

        At the threshold of a tax on the whole payout, less taken may be more sent:

        >>> Deductions("KE", 100, (Tax("WHT", 50_000, 10_000, whole=True),)).withdrawal(10_350)
        Withdrawal(amount_minor=10000, taxes=(), fee_minor=0)
        """
        best = self._most(most_minor)
        for tax in self.taxes:
            free_minor = tax.above_minor - (self.before_minor if tax.monthly else 0)
            if tax.whole and 0 < free_minor < best.taken_minor:
                other = self._most(free_minor)
                best = other if other.amount_minor >= best.amount_minor else best
        return best

    def _most(self, most_minor: int) -> Withdrawal:
        """Return the withdrawal that takes the most, but at most `most_minor`."""
        for taken_minor in range(most_minor, 0, -1):
            taxes = self._withheld(taken_minor)
            left_minor = taken_minor - sum(tax.amount_minor for tax in taxes)
            for fee_minor in sorted({0, *self.fees.fees}):
                amount_minor = left_minor - fee_minor
                if (
                    amount_minor > 0
                    and amount_minor % self.unit_minor == 0
                    and self.fees.fee(amount_minor) == fee_minor
                ):
                    return Withdrawal(amount_minor, taxes, fee_minor)
        return Withdrawal(0)

    def cheaper(self, found: Withdrawal) -> Withdrawal | None:
        """Return a smaller withdrawal if it saves more fee than it reduces the amount, else None.

        >>> kenya = Deductions("KE", 100, fees=FeeTable((10_000, 150_000), (0, 500)))
        >>> less = kenya.cheaper(kenya.withdrawal(10_600))
        >>> kenya.withdrawal(10_600).amount_minor, less and (less.amount_minor, less.taken_minor)
        (10100, (10000, 10000))
        >>> kenya.cheaper(kenya.withdrawal(11_000)) is None
        True
        """
        best: Withdrawal | None = None
        loss_minor = found.fee_minor
        for top_minor in (top for top in self.fees.tops if top < found.amount_minor):
            amount_minor = top_minor // self.unit_minor * self.unit_minor
            fee_minor = self.fees.fee(amount_minor)
            cost_minor = found.amount_minor - amount_minor + fee_minor
            if amount_minor > 0 and cost_minor < loss_minor:
                loss_minor, best = cost_minor, self._sending(amount_minor, found)
        return best

    def _sending(self, amount_minor: int, more: Withdrawal) -> Withdrawal:
        """Return a withdrawal that sends at most `amount_minor`, less than `more` sends."""
        while more.amount_minor > amount_minor:
            more = self.withdrawal(more.taken_minor - 1)
        return more

    def _withheld(self, taken_minor: int) -> tuple[Withheld, ...]:
        found = [(tax, tax.base(taken_minor, self.before_minor)) for tax in self.taxes]
        made = (Withheld(tax.name, base, tax.on(base)) for tax, base in found)
        return tuple(one for one in made if one.amount_minor)
