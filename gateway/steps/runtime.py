"""The dependencies that are passed to every step.

A runtime is made once per process by `gateway.app`. The steps and the layers above only use it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

from pydantic import SecretStr

from gateway.base.clock import Clock
from gateway.base.errors import Refused
from gateway.base.forms.twice_encoded import as_typed
from gateway.base.ids import AccountId
from gateway.base.msisdn import normalise
from gateway.gsm.segments import ANY, Capacity
from gateway.payments.ledger.chart_of_accounts import Account
from gateway.phrases import Phrasebook
from gateway.sms.clocks import ProviderClocks
from gateway.sms.port import InboundSms, SmsChannel
from gateway.sms.prices import NO_PRICES, PriceList
from gateway.store.ledger import transfers
from gateway.tasks.lessons.library import Lessons
from gateway.tasks.port import TaskKind
from gateway.ussd.port import UssdChannel, UssdStep

if TYPE_CHECKING:  # A command and a helper import a runtime's type, and few of them make one.
    import aiohttp

    from gateway.base.offload import Helpers
    from gateway.base.vault import Vault
    from gateway.payments.port import PayoutProvider
    from gateway.queue.pressure import Backpressure
    from gateway.settings import Settings
    from gateway.store.batches.batches import Batches
    from gateway.store.db import Database


class JobQueue(Protocol):
    """A queue that wakes a runner up.

    A wake-up carries a name or an id, never content. It may get lost, because the ticker sends
    another.
    """

    def enqueue(self, step: str, *arguments: str) -> None: ...

    async def away(self) -> str:
        """Return the reason why the queue does not answer, or "" when it does."""
        ...

    async def refused(self) -> int:
        """Return how many jobs in the queue did not come from the gateway and were refused."""
        ...


@dataclass(frozen=True, slots=True)
class Channel:
    """A way to phones, with the secret part of its webhook paths.

    `per_second` is the number of segments that it may send per second, and 0 means no limit.
    `fallback` is the channel that takes over messages that this one cannot send. `region` is the
    country of numbers that its provider writes without a country code, if that is not the
    gateway's. `refund` says whether the SMS that workers pay for are refunded.
    """

    name: str
    secret: SecretStr
    sms: SmsChannel | None
    ussd: UssdChannel | None
    prices: PriceList = NO_PRICES
    per_second: int = 0
    fallback: str | None = None
    region: str | None = None
    refund: bool = True
    capacity: Capacity = field(init=False)
    """The capacity of one SMS of this channel."""

    def sms_in(self, form: Mapping[str, str]) -> InboundSms:
        """Return the SMS in a call, with a country code added to its sender if there was none."""
        assert self.sms is not None
        return self.at_home(self.sms.parse_sms(form))

    def at_home(self, sms: InboundSms) -> InboundSms:
        """Return an SMS of this channel as it was typed, with a country code in its sender."""
        typed = None if sms.typed is None else as_typed(sms.typed)
        return replace(sms, sender=self.number(sms.sender), text=as_typed(sms.text), typed=typed)

    def step_in(self, form: Mapping[str, str]) -> UssdStep:
        """Return the step in a call, with a country code in its number."""
        assert self.ussd is not None
        step = self.ussd.parse_step(form)
        number, transcript = self.number(step.msisdn), as_typed(step.transcript)
        newest = None if step.newest is None else as_typed(step.newest)
        if (number, transcript, newest) == (step.msisdn, step.transcript, step.newest):
            return step
        return replace(step, msisdn=number, transcript=transcript, newest=newest)

    def number(self, written: str) -> str:
        """Return a number with its country code.

        A text that is no number is returned unchanged, so that its reader gives the reason.
        """
        if self.region is None:
            return written
        try:
            return normalise(written, self.region)
        except Refused:
            return written

    def __post_init__(self) -> None:
        """Read the capacity once, because every turn asks for it."""
        object.__setattr__(self, "capacity", getattr(self.sms, "capacity", ANY))


class Accounts:
    """The ids of ledger accounts that are used repeatedly (in transit, floats).

    They are opened on first use.
    """

    def __init__(self, db: "Database") -> None:
        self._db = db
        self._known: dict[Account, AccountId] = {}

    async def get(self, account: Account) -> AccountId:
        """Return the id of a ledger account, and open the account if there is none."""
        if account not in self._known:
            self._known[account] = await transfers.open_account(
                self._db,
                str(account.kind),
                account.owner,
                account.currency,
                bounded=account.kind.bounded,
            )
        return self._known[account]


@dataclass(frozen=True, slots=True)
class Runtime:
    """The dependencies of one process: settings, database, clock, channels, providers, helpers."""

    settings: "Settings"
    db: "Database"
    clock: Clock
    vault: "Vault"
    books: Mapping[str, Phrasebook]
    kind_of: Callable[[str], TaskKind]
    channels: Mapping[str, Channel]
    providers: "Mapping[str, PayoutProvider]"
    jobs: JobQueue
    batches: "Batches"
    accounts: Accounts
    http: "aiohttp.ClientSession"
    helpers: "Helpers"
    pressure: "Backpressure"
    clocks: ProviderClocks = field(default_factory=ProviderClocks)
    lessons: Lessons = field(default_factory=Lessons)
    test: bool = False
    """True for a test gateway: its clients have test keys, its workers and its money are simulated.
    """
    hooks_at: str = ""
    """The address at which payout providers call back, where it is not `public_url`."""

    @property
    def hooks_url(self) -> str:
        """Return the address below which payout providers call back."""
        return (self.hooks_at or self.settings.public_url).rstrip("/")
