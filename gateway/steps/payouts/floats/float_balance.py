"""The gateway's float against the provider's.

A statement books the provider's own entries, has a balance equation, and shows manual moves of the
float.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from gateway.base.errors import Refused
from gateway.base.ids import PayoutId
from gateway.base.money import amount_text, exact_amount
from gateway.payments.ledger import postings
from gateway.payments.ledger.chart_of_accounts import Posting
from gateway.payments.reconciliation.balance_equation import Equation, equation, transfers_of
from gateway.payments.reconciliation.reconcile import (
    Difference,
    DifferenceKind,
    GatewayPayout,
    LineKind,
    StatementLine,
    TellsByStatement,
)
from gateway.steps.runtime import Runtime
from gateway.store.ledger import transfers
from gateway.store.payouts import floats


@dataclass(frozen=True, slots=True)
class FloatBalance:
    """The period of a statement and its equation."""

    first: datetime
    last: datetime
    currency: str
    equation: Equation

    def told(self) -> str:
        """Return the equation in one line.

        Its words are: opening + top-ups - payouts - fees + reversals = closing.
        """

        def plain(minor: int) -> str:
            return amount_text(abs(minor), self.currency)

        e = self.equation
        terms = [
            f"opening {plain(e.opening_minor)}",
            f"+ top-ups {plain(e.top_ups_minor)}",
            f"- payouts {plain(e.payouts_minor)}",
            f"- fees {plain(e.fees_minor)}",
            f"+ reversals {plain(e.reversals_minor)}",
            *([f"- moved away {plain(e.withdrawn_minor)}"] if e.withdrawn_minor else []),
            *([f"- unmatched {plain(e.unexplained_minor)}"] if e.unexplained_minor else []),
        ]
        text = f"{self.first:%Y-%m-%d %H:%M} to {self.last:%Y-%m-%d %H:%M} UTC  {' '.join(terms)} = {plain(e.expected_minor)}"
        more = "more" if e.difference_minor > 0 else "less"
        text += (
            f"; the provider has {plain(e.difference_minor)} {more}: DIFFERENCE"
            if e.difference_minor
            else ": agrees"
        )
        if e.gap_minor:
            text += "; it opens with another balance than the one before closed with: a statement is MISSING"
        return text

    def as_dict(self) -> dict[str, object]:
        """Return the equation for JSON output."""
        e = self.equation
        return {
            "first": self.first.isoformat(),
            "last": self.last.isoformat(),
            "currency": self.currency,
            **asdict(e),
            "difference_minor": e.difference_minor,
            "gap_minor": e.gap_minor,
        }


async def equations(rt: Runtime, provider: str, limit: int) -> list[FloatBalance]:
    """Return the equations of a provider's last statements, oldest first.

    Statements without balances are left out.
    """
    known = _known(rt, provider)
    made: list[FloatBalance] = []
    for row in await floats.statements_of(rt.db, provider, limit):
        found = await equation_of(rt, provider, row.id)
        if found is not None:
            made.append(FloatBalance(row.first, row.last, known.statement_currency, found[0]))
    return made


async def top_up_float(rt: Runtime, provider: str, amount: str, receipt: str) -> tuple[int, str]:
    """Book a top-up of the float, and return the amount in minor units and its currency.

    The same receipt counts once.
    """
    currency = _known(rt, provider).statement_currency
    if not receipt.strip():
        raise Refused("say the provider's receipt", field="receipt")
    minor = exact_amount(amount, currency)
    posting = postings.float_top_up(provider, receipt.strip(), minor, currency)
    debit = await rt.accounts.get(posting.debit)
    credit = await rt.accounts.get(posting.credit)
    async with rt.db.transaction() as db:
        await transfers.post(db, posting, debit, credit)
    return minor, currency


def _known(rt: Runtime, provider: str) -> TellsByStatement:
    known = rt.providers.get(provider)
    if not isinstance(known, TellsByStatement):
        raise Refused(f"there is no provider {provider!r} whose statement can be read")
    return known


def payouts_of(
    lines: Sequence[StatementLine], matches: Mapping[str, UUID], ours: Sequence[GatewayPayout]
) -> list[UUID | None]:
    """Return the payout of each line.

    A fee has the payout of its payment, and a reversal the payout that it takes back.
    """
    known = {p.receipt: p.id for p in ours if p.receipt} | dict(matches)
    return [
        known.get(line.of if line.kind is LineKind.REVERSAL else line.receipt) for line in lines
    ]


async def book_moves(
    rt: Runtime,
    provider: str,
    lines: Sequence[StatementLine],
    of_payout: Sequence[UUID | None],
    ours: Sequence[GatewayPayout],
    currency: str,
) -> None:
    """Book the entries that only the provider knew: manual moves of the float, and fees.

    Each is booked once. A second line with the same receipt is only reported in the findings.
    """
    fees = {p.id: p.fee_minor for p in ours}
    made: list[Posting] = []
    payouts = {(x.kind, x.receipt): payout for x, payout in zip(lines, of_payout, strict=True)}
    for line in _once(lines):
        payout = payouts[line.kind, line.receipt]
        minor = line.amount_minor
        match line.kind:
            case LineKind.TOP_UP:
                made.append(postings.float_top_up(provider, line.receipt, minor, currency))
            case LineKind.WITHDRAWAL:
                made.append(postings.float_out(provider, line.receipt, minor, currency))
            case LineKind.FEE if payout is None:
                made.append(postings.unmatched_charge(provider, line.receipt, minor, currency))
            case LineKind.FEE if payout is not None:
                booked, of = fees.get(payout), PayoutId(payout)
                made += postings.charge_by_statement(of, provider, booked, minor, currency)
            case _:
                pass
    if made:
        rows = [(p, await rt.accounts.get(p.debit), await rt.accounts.get(p.credit)) for p in made]
        async with rt.db.transaction() as db:
            await transfers.post_all(db, rows)


async def amiss_of(rt: Runtime, provider: str, number: int) -> list[Difference]:
    """Return the findings on a statement's balances.

    The equation may fail, or a statement before it may be missing.
    """
    found = await equation_of(rt, provider, number)
    if found is None:
        return []
    told, last = found
    amiss: list[Difference] = []
    if told.difference_minor:
        amiss.append(
            Difference(DifferenceKind.BALANCE, last, told.closing_minor, told.expected_minor)
        )
    if told.gap_minor:
        amiss.append(Difference(DifferenceKind.GAP, last, told.opening_minor, told.before_minor))
    return amiss


async def equation_of(rt: Runtime, provider: str, number: int) -> tuple[Equation, str] | None:
    """Return the balance equation of an imported statement with its last receipt.

    Return None where the statement names no balances.
    """
    kept = await floats.lines_of(rt.db, number)
    lines = [line for line, _ in kept]
    times = [line.at for line in lines if line.at]
    before = await floats.closed_before(rt.db, provider, min(times)) if times else None
    booked = await floats.booked(rt.db, transfers_of(provider, kept))
    printed_once = list(
        {(x.kind, x.receipt, x.amount_minor, x.balance_minor): x for x in reversed(lines)}.values()
    )[::-1]
    made = equation(printed_once, booked, before)
    return (made, lines[-1].receipt) if made else None


def _once(lines: Sequence[StatementLine]) -> list[StatementLine]:
    """Return the lines without repetitions: a line printed twice moved money once."""
    first: dict[tuple[LineKind, str], StatementLine] = {}
    for line in lines:
        first.setdefault((line.kind, line.receipt), line)
    return list(first.values())
