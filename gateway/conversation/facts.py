"""What the conversation says: facts for the books, and a reply (`Turn` for an SMS, `MenuTurn` for a USSD key).

Nothing is written here: `steps/facts.py` makes rows of facts.
"""

from dataclasses import dataclass, field

from gateway.deductions import Withdrawal
from gateway.ids import AssignmentId, TaskId, WorkerId


@dataclass(frozen=True, slots=True)
class Answered:
    """The worker answered the question she holds.

    `said` is kept beside the value: her words are the evidence.
    """

    assignment: AssignmentId
    task: TaskId
    value: str
    said: str


@dataclass(frozen=True, slots=True)
class Skipped:
    assignment: AssignmentId
    task: TaskId


@dataclass(frozen=True, slots=True)
class Asked:
    """The reply of this turn puts `task` to the worker: hold it for her, or keep it held when it is one she has.
    `item`: its number, where the reply asks several."""

    task: TaskId
    item: int | None = None


@dataclass(frozen=True, slots=True)
class AskedAlone:
    """One of several questions, `assignment`, is asked by itself from now on; the others are given back."""

    assignment: AssignmentId
    task: TaskId


@dataclass(frozen=True, slots=True)
class Joined:
    """A stranger (or an invited, stopped or removed person) asked to join; `agreed`: this is her full consent."""

    code: str | None
    language: str
    agreed: bool


@dataclass(frozen=True, slots=True)
class Agreed:
    """An invited worker said YES. `name`: the name that stood behind it; "" when there was none."""

    name: str = ""


@dataclass(frozen=True, slots=True)
class Named:
    """A worker told us a name."""

    name: str


@dataclass(frozen=True, slots=True)
class Stopped:
    """STOP: no more prompts, at once, on every channel. Money earned stays hers."""


@dataclass(frozen=True, slots=True)
class Restarted:
    """START after STOP."""


@dataclass(frozen=True, slots=True)
class LanguageChosen:
    language: str


@dataclass(frozen=True, slots=True)
class QuietChosen:
    """Nothing is sent to her unasked from this hour until that, where she lives; equal: at any hour."""

    from_hour: int
    until_hour: int


@dataclass(frozen=True, slots=True)
class PayAsked:
    """Send `amount_minor` to the worker's phone under `ref`; already within `Cash.payable_minor`.

    `withdrawal`: what else leaves her balance for it, where anything does.
    """

    amount_minor: int
    ref: str
    airtime: bool = False
    withdrawal: Withdrawal | None = None

    @property
    def taken_minor(self) -> int:
        return self.withdrawal.taken_minor if self.withdrawal else self.amount_minor


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A coordinator enrols a worker: she is invited by SMS (`invitation`, in her language) and must say YES."""

    msisdn: str
    name: str
    language: str
    partner: str | None
    invitation: str


@dataclass(frozen=True, slots=True)
class RemovedByCoordinator:
    msisdn: str


@dataclass(frozen=True, slots=True)
class Appealed:
    """She does not agree with the adjustment `ref`, which is hers and waits."""

    ref: str


@dataclass(frozen=True, slots=True)
class PinChosen:
    """She typed the same new PIN twice; `hash` is what is kept of it."""

    hash: str


@dataclass(frozen=True, slots=True)
class PinRight:
    """She typed her PIN: wrong tries are forgotten."""


@dataclass(frozen=True, slots=True)
class PinWrong:
    """She, or somebody, typed another."""


@dataclass(frozen=True, slots=True)
class PinReset:
    """A coordinator unlocks a worker of hers: the PIN is forgotten, and the worker is told."""

    msisdn: str


@dataclass(frozen=True, slots=True)
class CoordinatorPinTried:
    """A coordinator put a PIN behind her command."""

    right: bool


@dataclass(frozen=True, slots=True)
class WorkerNamed:
    """A coordinator names a worker of hers."""

    msisdn: str
    name: str


@dataclass(frozen=True, slots=True)
class ZoneChosen:
    """A coordinator says where a worker of hers lives: her nights are that zone's (IANA, Africa/Lubumbashi)."""

    msisdn: str
    zone: str


@dataclass(frozen=True, slots=True)
class MoveAsked:
    """She typed her PIN and asks to move to another number, which is free.

    `invitation`: what that number is asked.
    """

    msisdn: str
    invitation: str


@dataclass(frozen=True, slots=True)
class MoveRequested:
    """A coordinator asks for another number of a worker of hers; two persons decide."""

    worker: WorkerId
    name: str
    old: str
    msisdn: str


@dataclass(frozen=True, slots=True)
class MoveAgreed:
    """The new number said YES: it is hers now. `told`: what the old number reads; `screen`: its open sessions' last."""

    move: int
    told: str
    screen: str


@dataclass(frozen=True, slots=True)
class MoveDeclined:
    """The new number said NO; with `stop` it wants nothing from us at all."""

    move: int
    stop: bool = False


@dataclass(frozen=True, slots=True)
class MoveObjected:
    """The old number says that the change is not its worker's wish."""

    move: int


@dataclass(frozen=True, slots=True)
class NumberDoubted:
    """Whoever has a worker's number says that it is not hers; asked back once."""


@dataclass(frozen=True, slots=True)
class NumberReleased:
    """The same again: the number is taken from the worker, whose open sessions end with `screen`."""

    screen: str


@dataclass(frozen=True, slots=True)
class NumberStopped:
    """STOP from a number that was a worker's before: nothing is sent to it."""


Fact = (
    Answered
    | Skipped
    | Asked
    | AskedAlone
    | Joined
    | Agreed
    | Named
    | Stopped
    | Restarted
    | LanguageChosen
    | QuietChosen
    | PayAsked
    | Enrolled
    | RemovedByCoordinator
    | Appealed
    | PinChosen
    | PinRight
    | PinWrong
    | PinReset
    | ZoneChosen
    | CoordinatorPinTried
    | WorkerNamed
    | MoveAsked
    | MoveRequested
    | MoveAgreed
    | MoveDeclined
    | MoveObjected
    | NumberDoubted
    | NumberReleased
    | NumberStopped
)


@dataclass(frozen=True, slots=True)
class Turn:
    """The outcome of one SMS: what happened, and the one reply (None: say nothing, e.g. to a stranger's STOP)."""

    facts: tuple[Fact, ...]
    reply: str | None
    unclear: bool = False
    """What was said is not understood, or nothing can be done with it: the reply only says how it
    goes.
    """
    asks_back: bool = False
    """The reply asks what was meant. That happens once; the next text that is not clear counts as
    not understood.
    """


@dataclass(frozen=True, slots=True)
class Screen:
    """One USSD screen before pagination: a short notice about what just happened, a text that may be long and
    is paginated when it must be, and the choices that must stand below it. `end`: the session is over."""

    notice: str
    body: str
    choices: tuple[str, ...]
    end: bool = False
    choices_first: bool = False
    """After a key that was none of the choices: they stand above the text."""


@dataclass(frozen=True, slots=True)
class MenuTurn:
    """The outcome of one USSD key.

    `view` is where the worker now stands; it comes back with her next key.
    """

    facts: tuple[Fact, ...]
    screen: Screen
    view: str
    memory: dict[str, str] = field(default_factory=dict)
