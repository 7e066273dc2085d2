"""The guards of the money.

Each says where it stands, how it is taken away, and which attack then succeeds.
"""

from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from unittest.mock import patch
from uuid import uuid4

from gateway.payments import payouts as machine
from gateway.payments.payout import Happened, StatusAnswered
from gateway.payments.states import NEXT, FollowUp, PayoutEvent, PayoutState, Transition
from gateway.steps.payouts import disburse as steps

from . import attacks
from .till import Till


@dataclass(frozen=True)
class Guard:
    """A guard of the money, and the way to take it away.

    `sql`: statements that take it away; `rewrites`: a database function, and what in its text
    becomes what; `patch`: a context in which the code goes without it.
    """

    name: str
    where: str
    attack: Callable[[Till], Awaitable[None]]
    sql: str = ""
    rewrites: tuple[str, str, str] | None = None
    patch: Callable[[], AbstractContextManager[object]] = nullcontext

    async def taken_away(self, till: Till) -> None:
        """Take the guard from the database."""
        if self.sql:
            await till.rt.db.execute(self.sql)
        if self.rewrites:
            name, old, new = self.rewrites
            text = await till.rt.db.value("select pg_get_functiondef($1::regproc)", name)
            assert text.count(old) == 1, f"{name} does not say {old!r} once"
            await till.rt.db.execute(text.replace(old, new))


def _always(value: object) -> Callable[..., object]:
    return lambda *_, **__: value


async def _claims_unwritten(rt, moves):
    """Send what it has claimed without writing the claim."""
    kept = [(s, what) for s, what in moves if what is not PayoutEvent.CLAIM]
    await _WRITES(rt, kept)
    return [
        replace(s, payout=steps.decide_now(rt, s, what).payout)
        for s, what in moves
        if what is PayoutEvent.CLAIM
    ]


_WRITES = steps.happened_to_all
_EVENT = machine._event


def _no_question(payout: machine.Payout, happened: Happened, at: object, *, dedups: bool):
    """Without the exception for what may be paid already."""
    return (
        happened
        if isinstance(happened, PayoutEvent)
        else _EVENT(payout, happened, at, dedups=dedups)
    )  # type: ignore[arg-type]


async def _nothing(*_: object) -> None:
    pass


def _drop(table: str, constraint: str) -> str:
    return f"alter table {table} drop constraint {constraint}"


_NOT_TWO = (
    "transfer_moves_balances",
    "currency = new.currency) <> 2 then",
    "currency = new.currency) > 2 then",
)
"""The trigger that looks for both accounts, taken away: it also refuses a transfer to itself."""


GUARDS = (
    Guard("no bounded account below zero", "check of `account`", attacks.a_payout_beyond_the_balance,
          sql=_drop("account", "ck_account_never_negative")),
    Guard("transfers are append-only", "trigger of `transfer`", attacks.history_rewritten,
          sql="drop trigger transfer_is_forever on transfer"),
    Guard("transfers are never emptied", "trigger of `transfer`", attacks.history_emptied,
          sql="drop trigger transfer_is_never_emptied on transfer"),
    Guard("balances follow transfers only", "trigger of `account`", attacks.a_balance_written_directly,
          sql="drop trigger account_follows_transfers on account"),
    Guard("ids derive from causes", "`chart.derived_id`", attacks.an_answer_earned_twice,
          patch=lambda: patch("gateway.payments.ledger.chart_of_accounts.derived_id", lambda *_: uuid4())),
    Guard("an id means one transfer", "`post` in SQL", attacks.an_id_used_for_other_money,
          rewrites=("post", "raise exception 'transfer % exists with other contents', p_id using errcode = 'GW010';", "null;")),
    Guard("both accounts are in the currency", "trigger of `transfer`", attacks.money_that_changes_its_currency,
          rewrites=_NOT_TWO),
    Guard("amounts are positive", "check of `transfer`", attacks.a_negative_transfer,
          sql=_drop("transfer", "ck_transfer_positive")),
    Guard("two sides", "check of `transfer`", attacks.a_transfer_to_itself,
          sql=_drop("transfer", "ck_transfer_two_sides"), rewrites=_NOT_TWO),
    Guard("one open payout a worker", "unique index of `payout`", attacks.two_payouts_at_once,
          sql="drop index uq_payout_one_open"),
    Guard("one key a payout", "unique key of `payout`", attacks.one_key_for_two_payouts,
          sql=_drop("payout", "uq_payout_key")),
    Guard("one receipt a payout", "unique key of `payout`", attacks.one_receipt_for_two_payouts,
          sql=_drop("payout", "uq_payout_provider_receipt")),
    Guard("compare and set, one payout", "`move_payout` in SQL", attacks.two_decisions_on_one_reading,
          rewrites=("move_payout", "and version = p_version and state = p_was", "")),
    Guard("compare and set, many payouts", "`move_payouts` in SQL", attacks.two_decisions_on_one_reading_among_many,
          rewrites=("move_payouts", "and p.version = g.version and p.state = g.was", "")),
    Guard("two persons resolve", "`move_payout` in SQL", attacks.one_person_says_it_was_paid,
          rewrites=("move_payout", "if p_event in ('resolved_paid', 'resolved_failed') and not exists", "if false and not exists")),
    Guard("two persons approve", "`move_payout` in SQL", attacks.one_person_approves,
          rewrites=("move_payout", "if p_event = 'approve' and p_was = 'awaiting_approval' and not exists", "if false and not exists")),
    Guard("a callback is a hint", "`steps.payouts.disburse.called_back`", attacks.a_forged_callback,
          patch=lambda: patch("gateway.steps.payouts.disburse.Hinted", StatusAnswered)),
    Guard("key, amount and number must be this payout's", "`payouts._speaks_of`", attacks.an_answer_about_another_payment,
          patch=lambda: patch("gateway.payments.payouts._speaks_of", _always(value=True))),
    Guard("not found three times over five minutes", "`payouts._gone_for_good`", attacks.not_found_too_soon,
          patch=lambda: patch("gateway.payments.payouts._gone_for_good", _always(value=True))),
    Guard("no second send to a provider that does not deduplicate", "`payouts._asked`", attacks.not_found_by_an_operator_that_pays_twice,
          patch=lambda: patch("gateway.payments.payouts._event",
                              lambda payout, happened, at, **_: _EVENT(payout, happened, at, dedups=True))),
    Guard("a lease that ran out is asked about", "`states.NEXT`", attacks.a_crash_after_the_operator_was_told,
          patch=lambda: patch.dict(NEXT, {(PayoutState.SUBMITTING, PayoutEvent.LEASE_EXPIRED): Transition(PayoutState.QUEUED, None, FollowUp.SEND_AT)})),
    Guard("the claim is committed before the first byte", "`steps.payouts.disburse`", attacks.a_byte_before_the_commit,
          patch=lambda: patch("gateway.steps.payouts.disburse.happened_to_all", _claims_unwritten)),
    Guard("no cancel once it may have left", "`payouts._event`", attacks.cancelled_after_it_may_have_left,
          patch=lambda: patch("gateway.payments.payouts._event", _no_question)),
    Guard("a refusal after a submit that may be taken is no refusal", "`payouts._answered`", attacks.refused_now_but_taken_before,
          patch=lambda: patch("gateway.payments.payouts._answered", _always(PayoutEvent.REJECTED))),
    Guard("an answer belongs to its try", "`payouts._event`", attacks.an_answer_to_an_earlier_try,
          patch=lambda: patch("gateway.payments.payouts._event",
                              lambda payout, happened, at, *, dedups: machine._answered(payout, happened.answer)
                              if isinstance(happened, machine.SubmitAnswered) else _EVENT(payout, happened, at, dedups=dedups))),
    Guard("a failure without a cause waits half an hour", "`payouts._too_early`", attacks.failed_without_a_cause,
          patch=lambda: patch("gateway.payments.payouts._too_early", _always(value=False))),
    Guard("what was paid late takes the place of what waits", "`steps.payouts.disburse`", attacks.paid_after_it_was_asked_for_again,
          patch=lambda: patch("gateway.steps.payouts.disburse._take_the_place_of_what_waits", _nothing)),
    Guard("the seals are hashed again", "`seals.verify`", attacks.history_changed_behind_the_database,
          patch=lambda: patch("gateway.store.ledger.seals.fault", _always(""))),
    Guard("seals are append-only", "trigger of `seal`", attacks.a_seal_made_anew,
          sql="drop trigger seal_is_forever on seal"),
)  # fmt: skip
