"""The ledger's postings, one function for each cause, and the id each cause gives (accounts and codes: `chart`).

Ids derive from the cause: writing a posting twice is writing it once.

>>> p = earn(AssignmentId(7), BatchId("b_1"), WorkerId(42), 300, "KES")
>>> str(p.debit), str(p.credit), p.amount_minor, p.code.name
('batch_hold:b_1:KES', 'worker_payable:42:KES', 300, 'EARN')
>>> p.id == earn(AssignmentId(7), BatchId("b_1"), WorkerId(42), 300, "KES").id
True
"""

from gateway.ids import AssignmentId, BatchId, ClientId, PayoutId, WorkerId
from gateway.payments.chart import Code, Posting, posting


def top_up(client: ClientId, bank_ref: str, amount_minor: int, currency: str) -> Posting:
    """A client's money arrived; the same bank reference counts once."""
    return posting(Code.TOP_UP, (client, bank_ref), "", client, amount_minor, currency)


def reserve(
    client: ClientId, batch: BatchId, amount_minor: int, currency: str, *, nth: int = 1
) -> Posting:
    """Set aside what the batch may cost; `nth` counts later extensions (more slots, more overlap)."""
    return posting(Code.RESERVE, (batch, nth), client, batch, amount_minor, currency)


def earn(
    assignment: AssignmentId, batch: BatchId, worker: WorkerId, amount_minor: int, currency: str
) -> Posting:
    """An accepted answer, once per assignment."""
    return posting(Code.EARN, (assignment,), batch, str(worker), amount_minor, currency)


def fee(assignment: AssignmentId, batch: BatchId, amount_minor: int, currency: str) -> Posting:
    """The platform's fee on an accepted answer."""
    return posting(Code.PLATFORM_FEE, (assignment,), batch, "", amount_minor, currency)


def bonus(
    decision: str, batch: BatchId, worker: WorkerId, amount_minor: int, currency: str
) -> Posting:
    """More money for a worker after a decision (bonus, appeal upheld)."""
    return posting(Code.BONUS, (decision,), batch, str(worker), amount_minor, currency)


def correct_down(
    decision: str, batch: BatchId, worker: WorkerId, amount_minor: int, currency: str
) -> Posting:
    """Less of what is still unpaid: the bounded account makes taking paid money impossible."""
    return posting(Code.CORRECT_DOWN, (decision,), str(worker), batch, amount_minor, currency)


def release(
    batch: BatchId, client: ClientId, amount_minor: int, currency: str, *, nth: int = 1
) -> Posting:
    """What a closed batch did not use goes back; `nth` counts partial releases."""
    return posting(Code.RELEASE, (batch, nth), batch, client, amount_minor, currency)


def hold(payout: PayoutId, worker: WorkerId, amount_minor: int, currency: str) -> Posting:
    """The worker asked for money: it leaves the balance and is on its way."""
    return posting(Code.HOLD, (payout,), str(worker), "", amount_minor, currency)


def tax(
    payout: PayoutId, worker: WorkerId, country: str, name: str, amount_minor: int, currency: str
) -> Posting:
    """A tax withheld with a payout: owed to the country's authority from now on. One per payout and tax."""
    return posting(Code.TAX, (payout, name), str(worker), country, amount_minor, currency)


def tax_back(
    payout: PayoutId, worker: WorkerId, country: str, name: str, amount_minor: int, currency: str
) -> Posting:
    """The payout certainly was not paid, so nothing of it is taxed."""
    return posting(Code.TAX_BACK, (payout, name), country, str(worker), amount_minor, currency)


def reversal_tax(
    payout: PayoutId, worker: WorkerId, country: str, name: str, amount_minor: int, currency: str
) -> Posting:
    """The payout was taken back by the operator and is the worker's again: so is its tax."""
    return posting(Code.REVERSAL_TAX, (payout, name), country, str(worker), amount_minor, currency)


def tax_paid(
    country: str, name: str, month: str, reference: str, amount_minor: int, currency: str
) -> Posting:
    """A month's tax (2026-11) was handed to the authority; the same reference counts once for a tax and month."""
    cause = (country, name, month, reference)
    return posting(Code.TAX_PAID, cause, country, "", amount_minor, currency)


def late_tax(
    payout: PayoutId,
    worker: WorkerId,
    country: str,
    name: str,
    amount_minor: int,
    currency: str,
    *,
    balance_minor: int,
) -> tuple[Posting, ...]:
    """The tax of a payout we gave back and that was paid after all: as `late_paid`."""
    from_her_minor = max(0, min(amount_minor, balance_minor))
    whole = (
        (Code.LATE_TAX, from_her_minor),
        (Code.LATE_TAX_OVERPAID, amount_minor - from_her_minor),
    )
    return tuple(
        posting(code, (payout, name), str(worker), country, part_minor, currency)
        for code, part_minor in whole
        if part_minor
    )


def worker_fee(
    payout: PayoutId, worker: WorkerId, provider: str, amount_minor: int, currency: str
) -> Posting:
    """The operator's charge, where the worker bears it."""
    return posting(Code.WORKER_FEE, (payout,), str(worker), provider, amount_minor, currency)


def fee_back(
    payout: PayoutId, worker: WorkerId, provider: str, amount_minor: int, currency: str
) -> Posting:
    """The payout was not paid, or taken back: she bears no fee for it. Once per payout."""
    return posting(Code.FEE_BACK, (payout,), provider, str(worker), amount_minor, currency)


def settle(payout: PayoutId, provider: str, amount_minor: int, currency: str) -> Posting:
    """The operator paid. One per payout for ever: the id knows no receipt and no attempt."""
    return posting(Code.SETTLE, (payout,), "", provider, amount_minor, currency)


def charge(payout: PayoutId, provider: str, amount_minor: int, currency: str) -> Posting:
    """The operator's charge that we bear, once per payout."""
    return posting(Code.CHARGE, (payout,), "", provider, amount_minor, currency)


def payout_failed(payout: PayoutId, worker: WorkerId, amount_minor: int, currency: str) -> Posting:
    """The operator certainly did not pay: the money is back in the worker's balance."""
    return posting(Code.PAYOUT_FAILED, (payout,), "", str(worker), amount_minor, currency)


def late_paid(
    payout: PayoutId,
    worker: WorkerId,
    provider: str,
    amount_minor: int,
    currency: str,
    *,
    balance_minor: int,
) -> tuple[Posting, ...]:
    """A payout we gave back was paid after all: from what the worker still has, the rest as overpaid."""
    back_minor = max(0, min(amount_minor, balance_minor))
    whole = (
        (Code.LATE_PAID, back_minor),
        (Code.LATE_OVERPAID, amount_minor - back_minor),
    )
    return tuple(
        posting(code, (payout,), str(worker), provider, part_minor, currency)
        for code, part_minor in whole
        if part_minor
    )


def reversed_by_operator(
    payout: PayoutId, provider: str, amount_minor: int, currency: str
) -> Posting:
    """The operator took a paid payout back: two people decide what becomes of it."""
    return posting(Code.REVERSED, (payout,), provider, "reversal", amount_minor, currency)


def reversal_back(payout: PayoutId, worker: WorkerId, amount_minor: int, currency: str) -> Posting:
    """Two people have decided: what the operator took back is the worker's, and may be asked for again."""
    return posting(Code.REVERSAL_BACK, (payout,), "reversal", str(worker), amount_minor, currency)


def reversal_kept(payout: PayoutId, amount_minor: int, currency: str) -> Posting:
    """Two people have decided: the worker has her money by another way, so what came back is the house's."""
    return posting(Code.REVERSAL_KEPT, (payout,), "reversal", "", amount_minor, currency)


def float_top_up(provider: str, transfer_ref: str, amount_minor: int, currency: str) -> Posting:
    """Cash moved to where the operator pays from."""
    return posting(
        Code.FLOAT_TOP_UP, (provider, transfer_ref), provider, "", amount_minor, currency
    )


def float_out(provider: str, transfer_ref: str, amount_minor: int, currency: str) -> Posting:
    """Cash moved back from where the operator pays from."""
    return posting(Code.FLOAT_OUT, (provider, transfer_ref), "", provider, amount_minor, currency)


def charge_by_statement(
    payout: PayoutId, provider: str, booked_minor: int | None, amount_minor: int, currency: str
) -> tuple[Posting, ...]:
    """The statement's fee where no charge was booked (None), else what it differs from that, once per payout."""
    if booked_minor is None:
        return (charge(payout, provider, amount_minor, currency),)
    more_minor = amount_minor - booked_minor
    if more_minor > 0:
        return (posting(Code.CHARGE_MORE, (payout,), "", provider, more_minor, currency),)
    if more_minor < 0:
        return (posting(Code.CHARGE_BACK, (payout,), provider, "", -more_minor, currency),)
    return ()


def charge_of_nobody(provider: str, receipt: str, amount_minor: int, currency: str) -> Posting:
    """A fee on a statement for no payout of ours."""
    return posting(Code.CHARGE_MORE, (provider, receipt), "", provider, amount_minor, currency)


def charge_of_somebody(provider: str, receipt: str, amount_minor: int, currency: str) -> Posting:
    """What `charge_of_nobody` booked turned out to be a payout's, where it is booked by itself."""
    return posting(Code.CHARGE_BACK, (provider, receipt), provider, "", amount_minor, currency)


def unmatched_out(provider: str, receipt: str, amount_minor: int, currency: str) -> Posting:
    """A statement shows money that left for no payout of ours; one per receipt."""
    return posting(
        Code.UNMATCHED_OUT, (provider, receipt), "unmatched_out", provider, amount_minor, currency
    )


def matched_since(provider: str, receipt: str, amount_minor: int, currency: str) -> Posting:
    """What `unmatched_out` booked turned out to be a payout of ours, which is settled by itself."""
    return posting(
        Code.MATCHED_SINCE, (provider, receipt), provider, "unmatched_out", amount_minor, currency
    )
