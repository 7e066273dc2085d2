"""What a step is handed.

Made once per process by `gateway.app`; steps and rooms above only use it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

import aiohttp

from gateway.clock import Clock
from gateway.errors import Refused
from gateway.ids import AccountId
from gateway.msisdn import normalise
from gateway.offload import Helpers
from gateway.payments.chart import Account
from gateway.payments.port import PayoutProvider
from gateway.phrases import Phrasebook
from gateway.phrases.capacity import ANY, Capacity
from gateway.queue.pressure import Pressure
from gateway.settings import Settings
from gateway.sms.clocks import ProviderClocks
from gateway.sms.port import InboundSms, SmsChannel
from gateway.sms.prices import NO_PRICES, PriceList
from gateway.store.batches import Batches
from gateway.store.db import Database
from gateway.tasks.port import TaskKind
from gateway.ussd.port import UssdChannel, UssdStep
from gateway.vault import Vault


class Bells(Protocol):
    """Rings a runner.

    A bell carries a name or an id, never content; it may get lost: the ticker rings again.
    """

    def ring(self, step: str, *arguments: str) -> None: ...

    async def away(self) -> str:
        """Return why the queue does not answer; "" when it does."""
        ...

    async def refused(self) -> int:
        """Return how many jobs in the queue were not ours and were refused."""
        ...


@dataclass(frozen=True, slots=True)
class Channel:
    """A way to phones, with the secret part of its webhook paths.

    `per_second`: segments it may send in a second; 0 = no limit. `fallback`: the channel that takes
    over what this one cannot send. `region`: the country of numbers that its provider writes
    without a country code, where that is not the gateway's.
    """

    name: str
    secret: str
    sms: SmsChannel | None
    ussd: UssdChannel | None
    prices: PriceList = NO_PRICES
    per_second: int = 0
    fallback: str | None = None
    region: str | None = None

    def sms_in(self, form: Mapping[str, str]) -> InboundSms:
        """Return the SMS in a call, its sender with a country code where there may have been none."""
        assert self.sms is not None
        return self.at_home(self.sms.parse_sms(form))

    def at_home(self, sms: InboundSms) -> InboundSms:
        """Return an SMS of this channel, its sender with a country code."""
        return replace(sms, sender=self.number(sms.sender))

    def step_in(self, form: Mapping[str, str]) -> UssdStep:
        """Return the step in a call, its number with a country code."""
        assert self.ussd is not None
        step = self.ussd.parse_step(form)
        return replace(step, msisdn=self.number(step.msisdn))

    def number(self, written: str) -> str:
        """Return a number with its country code; as it is written where it is none, so that its reader says why."""
        if self.region is None:
            return written
        try:
            return normalise(written, self.region)
        except Refused:
            return written

    @property
    def capacity(self) -> Capacity:
        """What one SMS of this channel can hold."""
        return getattr(self.sms, "capacity", ANY)


class Accounts:
    """Ids of ledger accounts that are used again and again (in transit, floats), opened on first use."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._known: dict[Account, AccountId] = {}

    async def get(self, account: Account) -> AccountId:
        if account not in self._known:
            found = await self._db.value(
                "select open_account($1, $2, $3, $4)",
                str(account.kind),
                account.owner,
                account.currency,
                account.kind.bounded,
            )
            self._known[account] = AccountId(found)
        return self._known[account]


@dataclass(frozen=True, slots=True)
class Runtime:
    settings: Settings
    db: Database
    clock: Clock
    vault: Vault
    books: Mapping[str, Phrasebook]
    kind_of: Callable[[str], TaskKind]
    channels: Mapping[str, Channel]
    providers: Mapping[str, PayoutProvider]
    bells: Bells
    batches: Batches
    accounts: Accounts
    http: aiohttp.ClientSession
    helpers: Helpers
    pressure: Pressure
    clocks: ProviderClocks = field(default_factory=ProviderClocks)
