"""The import of a provider's statement.

The state machine settles the payouts that the statement settles; the rest waits for an operator.
Each finding is processed before the statement counts as done, and every action is harmless when
repeated. An import that was cut off is therefore simply done again.
"""

import hashlib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from gateway.base.errors import Conflict, Refused
from gateway.base.failpoints import reach
from gateway.base.ids import PayoutId, derived_id
from gateway.payments.ledger import postings
from gateway.payments.ledger.chart_of_accounts import Code, Posting
from gateway.payments.payout import Hinted, StatusAnswered
from gateway.payments.port import PaymentStatus, Status
from gateway.payments.reconciliation.reconcile import (
    Difference,
    DifferenceKind,
    GatewayPayout,
    LineKind,
    StatementLine,
    TellsByStatement,
    reconcile,
)
from gateway.payments.states import PayoutEvent, PayoutState
from gateway.steps.payouts.disburse import happened
from gateway.steps.payouts.floats.float_balance import amiss_of, book_moves, payouts_of
from gateway.steps.runtime import Runtime
from gateway.store.ledger import transfers
from gateway.store.payouts import floats, payouts, reconciliations

BEFORE = timedelta(days=3)
"""The longest time after its sending at which a payment may appear on a statement."""
AFTER = timedelta(hours=1)
"""The allowance for the provider's clock, whose times have no fractions."""
_TRIES = 5


@dataclass(frozen=True, slots=True)
class Imported:
    """The outcome of an import."""

    lines: int
    matched: int
    findings: tuple[Difference, ...]


async def import_statement(rt: Runtime, provider: str, source: str | bytes) -> Imported:
    """Compare a statement with the books; the same file again changes nothing.

    Raises Refused for a file that is not a statement.
    """
    known = rt.providers.get(provider)
    if not isinstance(known, TellsByStatement):
        raise Refused(f"there is no provider {provider!r} whose statement can be read")
    lines = known.read_statement(source)
    times = [line.at for line in lines if line.at is not None]
    if not times:
        raise Refused("the statement has no lines")
    content = source.encode() if isinstance(source, str) else source
    digest = hashlib.sha256(f"{provider}\n".encode() + content).digest()
    ours = await reconciliations.payouts_in_period(
        rt.db, rt.vault, provider, min(times) - BEFORE, max(times) + AFTER
    )
    found = reconcile(ours, lines)
    if await reconciliations.imported(rt.db, digest) is not None:
        return Imported(len(lines), found.matched, found.findings)
    reach("statement.read")
    number = await reconciliations.insert_statement(rt.db, provider, digest, len(lines))
    reach("statement.begun")
    async with rt.db.transaction() as db:
        await reconciliations.store_findings(db, number, provider, found.findings)
    reach("statement.noted")
    by_receipt = {line.receipt: line for line in lines if line.kind is LineKind.PAYMENT}
    for finding in found.findings:
        await _act(rt, provider, finding, by_receipt.get(finding.receipt), known.statement_currency)
        reach("statement.acted")
    await _known_since(rt, provider, found.matches, ours, known.statement_currency)
    of_payout = payouts_of(lines, found.matches, ours)
    async with rt.db.transaction() as db:
        await floats.keep_lines(db, number, list(zip(lines, of_payout, strict=True)))
    await book_moves(rt, provider, lines, of_payout, ours, known.statement_currency)
    amiss = await amiss_of(rt, provider, number)
    async with rt.db.transaction() as db:
        await reconciliations.store_findings(db, number, provider, amiss)
    await reconciliations.finish_statement(rt.db, number, found.matched)
    reach("statement.finished")
    return Imported(len(lines), found.matched, (*found.findings, *amiss))


async def _act(
    rt: Runtime, provider: str, finding: Difference, line: StatementLine | None, currency: str
) -> None:
    match finding.kind:
        case DifferenceKind.PAID_OPEN_HERE | DifferenceKind.PAID_FAILED_HERE if (
            finding.payout and line
        ):
            await _paid(rt, finding, line)
        case DifferenceKind.REVERSED if finding.payout:
            await _reversed(rt, finding)
        case DifferenceKind.MISSING_HERE | DifferenceKind.UNSURE if line and finding.amount_minor:
            # Money left for an unknown reason or receiver. It stands in suspense until the reason
            # is known.
            posting = postings.unmatched_out(provider, line.receipt, finding.amount_minor, currency)
            await _post(rt, posting)
            if finding.payout:
                await _ask_now(rt, finding)
        case _:
            return


async def _known_since(
    rt: Runtime,
    provider: str,
    matches: Mapping[str, UUID],
    ours: Sequence[GatewayPayout],
    currency: str,
) -> None:
    """Move money that is matched with a payout now out of suspense, and its charge to the payout.

    This does not depend on whether this statement shows the money again. It follows the ledger, so
    that an import that was cut off here loses nothing.
    """
    fees = {p.id: p.fee_minor for p in ours}
    unmatched = {derived_id(*_cause(Code.UNMATCHED_OUT, provider, r)): r for r in matches}
    charged = {derived_id(*_cause(Code.CHARGE_MORE, provider, r)): r for r in matches}
    booked = await floats.amounts(rt.db, [*unmatched, *charged])
    for transfer, minor in booked.items():
        if transfer in unmatched:
            await _post(rt, postings.matched_since(provider, unmatched[transfer], minor, currency))
            continue
        receipt = charged[transfer]
        of = PayoutId(matches[receipt])
        for hers in postings.charge_by_statement(of, provider, fees.get(of), minor, currency):
            await _post(rt, hers)  # first, so that what was cut off between the two is done again
        await _post(rt, postings.reassign_charge(provider, receipt, minor, currency))
    await reconciliations.matched_since(rt.db, provider, list(matches))


def _cause(code: Code, provider: str, receipt: str) -> tuple[str, str, str]:
    return code.name.lower(), provider, receipt


async def _post(rt: Runtime, posting: Posting) -> None:
    debit, credit = await rt.accounts.get(posting.debit), await rt.accounts.get(posting.credit)
    async with rt.db.transaction() as db:
        await transfers.post(db, posting, debit, credit)


async def _ask_now(rt: Runtime, finding: Difference) -> None:
    """Ask the provider about a payout; it knows its own receipt, so the next import is certain."""
    assert finding.payout
    stored = await payouts.by_id(rt.db, rt.vault, finding.payout)
    with suppress(Conflict):
        await happened(rt, stored, Hinted(Status(PaymentStatus.PENDING)))
    rt.jobs.enqueue("disburse")


async def _paid(rt: Runtime, finding: Difference, line: StatementLine) -> None:
    """Settle a payout by the statement.

    The statement counts as an answer to a question: it says what the provider did, and is not a
    mere notice.
    """
    assert finding.payout
    for _ in range(_TRIES):
        stored = await payouts.by_id(rt.db, rt.vault, finding.payout)
        status = Status(
            PaymentStatus.PAID,
            stored.payout.key,
            receipt=line.receipt,
            amount_minor=line.amount_minor,
            text="by statement",
        )
        try:
            await happened(rt, stored, StatusAnswered(status), note="by statement")
        except Conflict:
            continue
        return
    raise Conflict(f"payout {finding.payout} keeps changing")


async def _reversed(rt: Runtime, finding: Difference) -> None:
    assert finding.payout
    stored = await payouts.by_id(rt.db, rt.vault, finding.payout)
    if stored.payout.state in (PayoutState.PAID, PayoutState.LATE_PAID):
        await happened(rt, stored, PayoutEvent.REVERSED, note=f"by statement: {finding.receipt}")
