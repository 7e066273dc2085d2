"""The composition root, which makes a `Runtime` of the settings.

Only this module opens the plug-in folders.
"""

import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from functools import cache
from types import ModuleType
from typing import Protocol, cast

import aiohttp
import structlog

from gateway.base import logs, plugins
from gateway.base.clock import Clock, SystemClock
from gateway.base.net import outside
from gateway.base.net.addresses import PermittedAddresses
from gateway.base.offload import Helpers
from gateway.base.vault import Vault
from gateway.payments import providers
from gateway.payments.port import PayoutProvider, TokenStore
from gateway.payments.reconciliation.reconcile import TellsByStatement
from gateway.phrases import books
from gateway.queue.pressure import Backpressure
from gateway.settings import ChannelSettings, Settings, wrong
from gateway.sms import channels as sms_channels
from gateway.sms.port import SmsChannel
from gateway.sms.prices import PriceList, built_in
from gateway.steps.batches.checks.predictions.weigh import weigh
from gateway.steps.batches.close import close
from gateway.steps.batches.count import count_batches
from gateway.steps.batches.fair_pay.settle import settle_pay
from gateway.steps.batches.files.run import do_file_jobs
from gateway.steps.batches.life.deadlines import end_at_deadlines
from gateway.steps.batches.pilots.end_pilots import end_pilots
from gateway.steps.batches.projects.advance import advance_projects
from gateway.steps.housekeeping.keep_months import keep_months
from gateway.steps.housekeeping.sweep import sweep
from gateway.steps.messages.deliver import deliver
from gateway.steps.messages.webhooks.call import call_webhooks
from gateway.steps.messages.webhooks.publish import publish_events
from gateway.steps.messages.weekly import weekly
from gateway.steps.payouts.adjust import adjust
from gateway.steps.payouts.disburse import disburse
from gateway.steps.payouts.fair_pay.arrivals import ask_arrivals
from gateway.steps.payouts.fair_pay.even_work import even_work
from gateway.steps.payouts.fair_pay.referrals import pay_referrals
from gateway.steps.payouts.fair_pay.refund_round import refund_round
from gateway.steps.payouts.floats.compare_floats import compare_floats
from gateway.steps.payouts.floats.reserves import watch_reserves
from gateway.steps.payouts.notify_pending import still_asking
from gateway.steps.payouts.seal_ledger import seal
from gateway.steps.people.appeals.progress import progress as appeals
from gateway.steps.people.partners.give_back import correct_partners
from gateway.steps.people.persons import tell_expiries
from gateway.steps.quality.detect_cheating import watch
from gateway.steps.quality.lessons.relearning import ask_calls
from gateway.steps.quality.reestimate import relearn
from gateway.steps.quality.update_skills import score
from gateway.steps.runtime import Accounts, Channel, JobQueue, Runtime
from gateway.steps.turns.assign import assign
from gateway.steps.turns.catch_up import catch_up
from gateway.steps.turns.poll import poll
from gateway.store.batches.batches import Batches
from gateway.store.db import open_database
from gateway.store.payouts.tokens import StoredTokens
from gateway.tasks import kinds
from gateway.tasks.lessons import library
from gateway.tasks.lessons.library import Lessons
from gateway.tasks.port import TaskKind
from gateway.ussd import channels as ussd_channels
from gateway.ussd.port import UssdChannel

# This is shorter than any provider keeps an idle connection. When a request is written on a
# connection that is just being closed, it is unknown whether it arrived.
_KEEP_ALIVE_S = 3.0
_HTTP_TIMEOUT = aiohttp.ClientTimeout(total=30, connect=5)

HELPER = (sys.executable, "-m", "gateway.steps.batches.helper")
StepFunction = Callable[..., Awaitable[object]]
STEPS: Mapping[str, StepFunction] = {
    "adjust": adjust,
    "advance_projects": advance_projects,
    "correct_partners": correct_partners,
    "ask_calls": ask_calls,
    "appeals": appeals,
    "arrivals": ask_arrivals,
    "assign": assign,
    "call_webhooks": call_webhooks,
    "catch_up": catch_up,
    "close": close,
    "compare_floats": compare_floats,
    "count": count_batches,
    "deadlines": end_at_deadlines,
    "end_pilots": end_pilots,
    "deliver": deliver,
    "disburse": disburse,
    "even_work": even_work,
    "file_jobs": do_file_jobs,
    "keep_months": keep_months,
    "pay_referrals": pay_referrals,
    "poll": poll,
    "publish_events": publish_events,
    "relearn": relearn,
    "refund": refund_round,
    "score": score,
    "persons": tell_expiries,
    "seal": seal,
    "settle_pay": settle_pay,
    "still_asking": still_asking,
    "sweep": sweep,
    "watch": watch,
    "watch_reserves": watch_reserves,
    "weekly": weekly,
    "weigh": weigh,
}


class _Maker(Protocol):
    def make(self, name: str, options: Mapping[str, object]) -> object: ...


class _ProviderMaker(Protocol):
    def make(
        self, name: str, options: Mapping[str, object], tokens: TokenStore
    ) -> PayoutProvider: ...


@asynccontextmanager
async def open_runtime(
    settings: Settings,
    jobs: JobQueue,
    *,
    clock: Clock | None = None,
    connections: int = 10,
    read_only: bool = False,
) -> AsyncGenerator[Runtime]:
    """Open everything that a process needs, and close it after the block.

    `database_url` and `secret_key` must be set before.
    """
    assert settings.database_url and settings.secret_key
    if not structlog.is_configured():
        logs.configure(settings.log_format)
    clock = clock or SystemClock()
    vault = Vault(settings.secret_key.get_secret_value())
    db = await open_database(
        settings.database_url.get_secret_value(), connections=connections, read_only=read_only
    )
    permitted = PermittedAddresses.read(settings.private_addresses)
    async with (
        outside.session(permitted, timeout=_HTTP_TIMEOUT, keep_alive_s=_KEEP_ALIVE_S) as http,
        Helpers.opened(HELPER, at_once=settings.helpers, limit_s=settings.helper_s) as helpers,
    ):
        try:
            yield Runtime(
                settings=settings,
                db=db,
                clock=clock,
                vault=vault,
                books=books(),
                kind_of=kind_of,
                channels={
                    name: _channel(name, one, settings) for name, one in settings.channels.items()
                },
                providers=paying_their_countries(
                    settings, _providers(settings, StoredTokens(db, vault, clock))
                ),
                jobs=jobs,
                batches=Batches(db),
                accounts=Accounts(db),
                http=http,
                helpers=helpers,
                pressure=Backpressure(
                    settings.redis_url.get_secret_value() if settings.redis_url else None
                ),
                lessons=lessons_in(settings.lessons_folder),
            )
        finally:
            await db.close()


@cache
def kind_of(name: str) -> TaskKind:
    """Return the task kind of that name.

    Raises SettingsError with the known kinds for any other name.
    """
    return cast("TaskKind", cast("object", plugins.load(kinds, name)))


@cache
def lessons_in(folder: str) -> Lessons:
    """Return the shipped lessons and those of the operator's folder. The files are read once."""
    return library.load(folder, kind_of, frozenset(books()))


def _channel(name: str, settings: ChannelSettings, whole: Settings) -> Channel:
    sms = (
        _make(sms_channels, settings.sms.kind, name, settings.sms.options) if settings.sms else None
    )
    ussd = (
        _make(ussd_channels, settings.ussd.kind, name, settings.ussd.options)
        if settings.ussd
        else None
    )
    return Channel(
        name,
        settings.secret,
        cast("SmsChannel | None", sms),
        cast("UssdChannel | None", ussd),
        PriceList(built_in(), whole.prices, settings.prices),
        settings.per_second,
        settings.fallback,
        settings.region,
        settings.refund,
    )


def _make(shelf: ModuleType, kind: str, name: str, options: Mapping[str, object]) -> object:
    module = plugins.load(shelf, kind)
    return cast("_Maker", cast("object", module)).make(name, options)


def paying_their_countries(
    settings: Settings, made: dict[str, PayoutProvider]
) -> dict[str, PayoutProvider]:
    """Return the providers.

    Raises SettingsError for a provider whose currency differs from that of its country.
    """
    faults = list[str]()
    for code, country in settings.countries.items():
        named = {"payout": country.payout, "airtime": country.airtime}
        named |= {f"payout_by_carrier.{c}": p for c, p in country.payout_by_carrier.items()}
        for option, name in named.items():
            known = made.get(name or "")
            pays_in = known.statement_currency if isinstance(known, TellsByStatement) else None
            if pays_in not in (None, country.currency):
                faults.append(
                    f"countries.{code}.{option}: {name} pays in {pays_in}, but {code} has {country.currency}"
                )
    if faults:
        raise wrong.together(faults)
    return made


def _providers(settings: Settings, tokens: TokenStore) -> dict[str, PayoutProvider]:
    return {
        name: cast("_ProviderMaker", cast("object", plugins.load(providers, one.kind))).make(
            name, one.options, tokens
        )
        for name, one in settings.providers.items()
    }
