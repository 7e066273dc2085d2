"""The ledger's postings: one function per cause.

The id of a posting derives from its cause, so writing a posting twice has the effect of writing it
once. The accounts and codes are in `chart`.

>>> p = earn(AssignmentId(7), BatchId("b_1"), WorkerId(42), 300, "KES")
>>> str(p.debit), str(p.credit), p.amount_minor, p.code.name
('batch_hold:b_1:KES', 'worker_payable:42:KES', 300, 'EARN')
>>> p.id == earn(AssignmentId(7), BatchId("b_1"), WorkerId(42), 300, "KES").id
True
"""

from gateway.base.ids import AssignmentId, BatchId, ClientId, PayoutId, WorkerId
from gateway.payments.ledger.chart_of_accounts import Code, Posting, posting


def top_up(client: ClientId, bank_ref: str, amount_minor: int, currency: str) -> Posting:
    """Book a client's money that arrived.

    The same bank reference counts once.
    """
    return posting(Code.TOP_UP, (client, bank_ref), "", client, amount_minor, currency)


def reserve(
    client: ClientId, batch: BatchId, amount_minor: int, currency: str, *, nth: int = 1
) -> Posting:
    """Set aside what the batch may cost.

    `nth` counts later extensions (more paid answers, more overlap).
    """
    return posting(Code.RESERVE, (batch, nth), client, batch, amount_minor, currency)


def reserve_again(
    client: ClientId, batch: BatchId, decision: str, amount_minor: int, currency: str
) -> Posting:
    """Set aside more money for a decision that came after the batch's start or after its end."""
    return posting(Code.RESERVE, (batch, decision), client, batch, amount_minor, currency)


def earn(
    assignment: AssignmentId, batch: BatchId, worker: WorkerId, amount_minor: int, currency: str
) -> Posting:
    """Book the earning of an accepted answer, once per assignment."""
    return posting(Code.EARN, (assignment,), batch, str(worker), amount_minor, currency)


def fee(assignment: AssignmentId, batch: BatchId, amount_minor: int, currency: str) -> Posting:
    """Book the platform's fee on an accepted answer."""
    return posting(Code.PLATFORM_FEE, (assignment,), batch, "", amount_minor, currency)


def bonus(
    decision: str, batch: BatchId, worker: WorkerId, amount_minor: int, currency: str
) -> Posting:
    """Book more money for a worker after a decision (bonus, appeal upheld)."""
    return posting(Code.BONUS, (decision,), batch, str(worker), amount_minor, currency)


def correct_down(
    decision: str, batch: BatchId, worker: WorkerId, amount_minor: int, currency: str
) -> Posting:
    """Reduce what the worker has not been paid yet.

    The account is bounded, so money that was paid out cannot be taken.
    """
    return posting(Code.CORRECT_DOWN, (decision,), str(worker), batch, amount_minor, currency)


def release_hold(
    batch: BatchId, client: ClientId, amount_minor: int, currency: str, *, nth: int = 1
) -> Posting:
    """Give back to the client what a closed batch did not use.

    `nth` counts the ends of the batch, which may be opened again.
    """
    return posting(Code.RELEASE, (batch, nth), batch, client, amount_minor, currency)


def release_part(
    batch: BatchId, client: ClientId, decision: str, amount_minor: int, currency: str
) -> Posting:
    """Give back to the client what a running batch does not need any more after a change."""
    return posting(Code.RELEASE, (batch, decision), batch, client, amount_minor, currency)


def check_reserve(batch: BatchId, check: BatchId, amount_minor: int, currency: str) -> Posting:
    """Set aside a part of a batch's money for the paid questions of its review or audit."""
    return posting(Code.CHECK_RESERVE, (check,), batch, check, amount_minor, currency)


def check_return(batch: BatchId, check: BatchId, amount_minor: int, currency: str) -> Posting:
    """Give the batch back what its review or audit did not use."""
    return posting(Code.CHECK_RETURN, (check,), check, batch, amount_minor, currency)


def hold_amount(payout: PayoutId, worker: WorkerId, amount_minor: int, currency: str) -> Posting:
    """Move the amount of a requested payout from the worker's balance into transit."""
    return posting(Code.HOLD, (payout,), str(worker), "", amount_minor, currency)


def tax(
    payout: PayoutId, worker: WorkerId, country: str, name: str, amount_minor: int, currency: str
) -> Posting:
    """Withhold a tax with a payout, once per payout and tax.

    From then on it is owed to the country's authority.
    """
    return posting(Code.TAX, (payout, name), str(worker), country, amount_minor, currency)


def tax_back(
    payout: PayoutId, worker: WorkerId, country: str, name: str, amount_minor: int, currency: str
) -> Posting:
    """Give a withheld tax back, because the payout was certainly not paid."""
    return posting(Code.TAX_BACK, (payout, name), country, str(worker), amount_minor, currency)


def reversal_tax(
    payout: PayoutId, worker: WorkerId, country: str, name: str, amount_minor: int, currency: str
) -> Posting:
    """Give a withheld tax back, because the provider took the payout back for the worker."""
    return posting(Code.REVERSAL_TAX, (payout, name), country, str(worker), amount_minor, currency)


def tax_paid(
    country: str, name: str, month: str, reference: str, amount_minor: int, currency: str
) -> Posting:
    """Book that a month's tax (2026-11) was handed to the authority.

    The same reference counts once per tax and month.
    """
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
    """Book the tax of a payout that was given back and paid after all.

    It is taken from the worker's balance, and the rest is booked as overpaid, as in `late_paid`.
    """
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
    """Book the provider's charge to the worker, where the worker bears it."""
    return posting(Code.WORKER_FEE, (payout,), str(worker), provider, amount_minor, currency)


def fee_back(
    payout: PayoutId, worker: WorkerId, provider: str, amount_minor: int, currency: str
) -> Posting:
    """Give the worker back the provider's charge of a payout, once per payout.

    The payout was not paid, or was taken back.
    """
    return posting(Code.FEE_BACK, (payout,), provider, str(worker), amount_minor, currency)


def settle_payout(payout: PayoutId, provider: str, amount_minor: int, currency: str) -> Posting:
    """Book that the provider paid.

    A payout has one such posting forever: its id depends on no receipt and no attempt.
    """
    return posting(Code.SETTLE, (payout,), "", provider, amount_minor, currency)


def charge(payout: PayoutId, provider: str, amount_minor: int, currency: str) -> Posting:
    """Book the provider's charge that the gateway bears, once per payout."""
    return posting(Code.CHARGE, (payout,), "", provider, amount_minor, currency)


def payout_failed(payout: PayoutId, worker: WorkerId, amount_minor: int, currency: str) -> Posting:
    """Move the money back into the worker's balance, because the provider certainly did not pay."""
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
    """Book a payout that was given back and paid after all.

    It is taken from what the worker still has, and the rest is booked as overpaid.
    """
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
    """Book that the provider took a paid payout back.

    Two operators of the gateway decide whose money it is.
    """
    return posting(Code.REVERSED, (payout,), provider, "reversal", amount_minor, currency)


def reversal_back(payout: PayoutId, worker: WorkerId, amount_minor: int, currency: str) -> Posting:
    """Give the worker the money that the provider took back.

    Two operators of the gateway decided so. The worker may ask for the money again.
    """
    return posting(Code.REVERSAL_BACK, (payout,), "reversal", str(worker), amount_minor, currency)


def reversal_kept(payout: PayoutId, amount_minor: int, currency: str) -> Posting:
    """Keep the money that the provider took back.

    Two operators of the gateway decided so, because the worker received her money in another way.
    """
    return posting(Code.REVERSAL_KEPT, (payout,), "reversal", "", amount_minor, currency)


def float_top_up(provider: str, transfer_ref: str, amount_minor: int, currency: str) -> Posting:
    """Book cash that was moved to where the provider pays from."""
    return posting(
        Code.FLOAT_TOP_UP, (provider, transfer_ref), provider, "", amount_minor, currency
    )


def float_out(provider: str, transfer_ref: str, amount_minor: int, currency: str) -> Posting:
    """Book cash that was moved back from where the provider pays from."""
    return posting(Code.FLOAT_OUT, (provider, transfer_ref), "", provider, amount_minor, currency)


def charge_by_statement(
    payout: PayoutId, provider: str, booked_minor: int | None, amount_minor: int, currency: str
) -> tuple[Posting, ...]:
    """Book the fee of a statement's line, once per payout.

    Where no charge was booked (`booked_minor` is None) it is the whole fee, else the difference.
    """
    if booked_minor is None:
        return (charge(payout, provider, amount_minor, currency),)
    more_minor = amount_minor - booked_minor
    if more_minor > 0:
        return (posting(Code.CHARGE_MORE, (payout,), "", provider, more_minor, currency),)
    if more_minor < 0:
        return (posting(Code.CHARGE_BACK, (payout,), provider, "", -more_minor, currency),)
    return ()


def unmatched_charge(provider: str, receipt: str, amount_minor: int, currency: str) -> Posting:
    """Book a fee on a statement that belongs to no payout of the gateway."""
    return posting(Code.CHARGE_MORE, (provider, receipt), "", provider, amount_minor, currency)


def reassign_charge(provider: str, receipt: str, amount_minor: int, currency: str) -> Posting:
    """Undo `unmatched_charge`, because the fee turned out to be a payout's.

    The payout's own charge is booked separately.
    """
    return posting(Code.CHARGE_BACK, (provider, receipt), provider, "", amount_minor, currency)


def unmatched_out(provider: str, receipt: str, amount_minor: int, currency: str) -> Posting:
    """Book money that left for no payout of the gateway, once per receipt.

    A statement shows it.
    """
    return posting(
        Code.UNMATCHED_OUT, (provider, receipt), "unmatched_out", provider, amount_minor, currency
    )


def matched_since(provider: str, receipt: str, amount_minor: int, currency: str) -> Posting:
    """Undo `unmatched_out`, because the money turned out to be a payout of the gateway.

    The payout itself is settled separately.
    """
    return posting(
        Code.MATCHED_SINCE, (provider, receipt), provider, "unmatched_out", amount_minor, currency
    )


def paid_before(
    provider: str,
    receipt: str,
    worker: WorkerId,
    amount_minor: int,
    currency: str,
    *,
    balance_minor: int,
) -> tuple[Posting, ...]:
    """Book a payment to a worker that a lost gateway made after the backup, once per receipt.

    A statement shows it. It is taken from the worker's balance. The rest was earned after the
    backup, so the gateway bears it and the worker owes nothing.
    """
    known_minor = max(0, min(amount_minor, balance_minor))
    whole = (
        (Code.PAID_BEFORE, str(worker), known_minor),
        (Code.PAID_BEFORE_UNEARNED, "", amount_minor - known_minor),
    )
    return tuple(
        posting(code, (provider, receipt), owner, "unmatched_out", part_minor, currency)
        for code, owner, part_minor in whole
        if part_minor
    )
