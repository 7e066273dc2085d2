"""The results of the conversation: facts for the books, and a reply.

The reply is a `Turn` for an SMS and a `MenuTurn` for a USSD key. Nothing is written here:
`steps/turns/facts.py` turns facts into rows.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from gateway.base.deductions import Withdrawal
from gateway.base.ids import AssignmentId, TaskId, WorkerId
from gateway.tasks.lessons.lesson import LessonProgress


@dataclass(frozen=True, slots=True)
class Answered:
    """The fact that the worker answered the question that she holds.

    `said` is kept beside the value, because the worker's words are the evidence.
    """

    assignment: AssignmentId
    task: TaskId
    value: str
    said: str


@dataclass(frozen=True, slots=True)
class FieldsTyped:
    """The fact that the worker typed some fields of a record.

    `typed` holds all that is certain so far, and `said` her words for it.
    """

    assignment: AssignmentId
    task: TaskId
    typed: Mapping[str, str]
    said: str


@dataclass(frozen=True, slots=True)
class Skipped:
    """The fact that the worker skipped a question."""

    assignment: AssignmentId
    task: TaskId


@dataclass(frozen=True, slots=True)
class Asked:
    """The fact that the reply of this turn puts `task` to the worker.

    The task is held for her, or stays held when she has it already. `item` is its number, where the
    reply asks several questions.
    """

    task: TaskId
    item: int | None = None


@dataclass(frozen=True, slots=True)
class QuestionPutOff:
    """The fact that a worker began a lesson: the question that she holds may be asked again."""

    assignment: AssignmentId
    task: TaskId


@dataclass(frozen=True, slots=True)
class LessonMoved:
    """The fact that a worker began a lesson, went on with it, or ended it.

    `progress` is her place before, and `step` and `score` are her place after. An answer to a
    question of the lesson has its words (`said`), its `value`, and whether it is `right`.
    """

    progress: LessonProgress
    step: int
    score: int
    state: Literal["open", "passed", "failed", "left"] = "open"
    said: str = ""
    value: str = ""
    right: bool | None = None


@dataclass(frozen=True, slots=True)
class ShownCard:
    """A skill card as it is shown: its title and code, and the data that is recorded."""

    title: str
    code: str = field(repr=False)
    digest: str
    kind: str
    accepted: int


@dataclass(frozen=True, slots=True)
class CardsShown:
    """The fact that a worker is shown her skill cards."""

    cards: tuple[ShownCard, ...]


@dataclass(frozen=True, slots=True)
class CardTried:
    """The fact that a worker sent a code that is not accepted."""

    digest: str


@dataclass(frozen=True, slots=True)
class CardTaken:
    """The fact that a worker's card of another gateway is accepted.

    `right` and `wrong` are the evidence with which her skill begins.
    """

    digest: str
    issuer: str
    kind: str
    learned: bool
    accepted: int
    right: float
    wrong: float


@dataclass(frozen=True, slots=True)
class AskedAlone:
    """The fact that one of several questions, `assignment`, is asked by itself from now on.

    The other questions are given back.
    """

    assignment: AssignmentId
    task: TaskId


@dataclass(frozen=True, slots=True)
class Joined:
    """The fact that the sender asked to join.

    The sender is a stranger, or was invited, stopped or removed. `agreed` is True when this is the
    sender's full consent.
    """

    code: str | None
    language: str
    agreed: bool


@dataclass(frozen=True, slots=True)
class Agreed:
    """The fact that an invited worker said YES.

    `name` is the name that stood behind it, and "" when there was none.
    """

    name: str = ""


@dataclass(frozen=True, slots=True)
class NameGiven:
    """The fact that a worker gave a name."""

    name: str


@dataclass(frozen=True, slots=True)
class Stopped:
    """The fact that a worker said STOP.

    She receives no more prompts from now on, on any channel. The money that she earned stays hers.
    """


@dataclass(frozen=True, slots=True)
class Restarted:
    """The fact that a worker said START after STOP."""


@dataclass(frozen=True, slots=True)
class LanguageChosen:
    """The fact that the worker chose a language."""

    language: str


@dataclass(frozen=True, slots=True)
class QuietChosen:
    """The fact that a worker chose quiet hours.

    Nothing is sent to her unasked from one hour until the other, in the time where she lives. Equal
    hours mean no quiet hours.
    """

    from_hour: int
    until_hour: int


@dataclass(frozen=True, slots=True)
class PayAsked:
    """The fact that a worker asked for a payout of `amount_minor` to her phone under `ref`.

    The amount is already within `Cash.payable_minor`. `withdrawal` says what else leaves her
    balance for it, where anything does.
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
    """The fact that a coordinator enrols a worker.

    The worker is invited by SMS (`invitation`, in her language) and must say YES.
    """

    msisdn: str
    name: str
    language: str
    partner: str | None
    invitation: str


@dataclass(frozen=True, slots=True)
class RemovedByCoordinator:
    """The fact that a coordinator removed a worker of hers."""

    msisdn: str


@dataclass(frozen=True, slots=True)
class Appealed:
    """The fact that a worker appeals what was found about an answer of hers.

    `ref` is the reference that she knows, and `handler` the coordinator who looks at it (None for
    the operator).
    """

    ref: str
    answer: int
    handler: int | None = None


@dataclass(frozen=True, slots=True)
class AppealDecided:
    """The fact that a coordinator decides an appeal that is with her, for a reason."""

    appeal: int
    coordinator: int
    worker_right: bool
    reason: str


@dataclass(frozen=True, slots=True)
class ArrivalSaid:
    """The fact that a worker says whether her payout arrived.

    `ref` and `amount` are as she reads them.
    """

    payout: str
    ref: str
    amount: str
    arrived: bool


@dataclass(frozen=True, slots=True)
class WeeklyChosen:
    """The fact that a worker switches her weekly message on or off."""

    on: bool


@dataclass(frozen=True, slots=True)
class ReferralCodeGiven:
    """The fact that a worker reads the code with which she may bring others."""

    code: str


@dataclass(frozen=True, slots=True)
class PinChosen:
    """The fact that a worker typed the same new PIN twice.

    `hash` is all that is kept of it.
    """

    hash: str


@dataclass(frozen=True, slots=True)
class PinRight:
    """The fact that a worker typed her PIN: wrong tries are forgotten."""


@dataclass(frozen=True, slots=True)
class PinWrong:
    """The fact that a wrong PIN was typed on a worker's phone."""


@dataclass(frozen=True, slots=True)
class PinReset:
    """The fact that a coordinator unlocks a worker of hers.

    The PIN is forgotten, and the worker is informed.
    """

    msisdn: str


@dataclass(frozen=True, slots=True)
class CoordinatorPinTried:
    """The fact that a coordinator put a PIN behind her command."""

    right: bool


@dataclass(frozen=True, slots=True)
class WorkerNamed:
    """The fact that a coordinator names a worker of hers."""

    msisdn: str
    name: str


@dataclass(frozen=True, slots=True)
class ZoneChosen:
    """The fact that a coordinator says where a worker of hers lives.

    The worker's nights are those of that time zone (IANA, Africa/Lubumbashi).
    """

    msisdn: str
    zone: str


@dataclass(frozen=True, slots=True)
class MoveAsked:
    """The fact that a worker typed her PIN and asks to move to another number, which is free.

    `invitation` is the question to that number.
    """

    msisdn: str
    invitation: str


@dataclass(frozen=True, slots=True)
class MoveRequested:
    """The fact that a coordinator asks for another number of a worker of hers.

    Two operators of the gateway decide.
    """

    worker: WorkerId
    name: str
    old: str
    msisdn: str


@dataclass(frozen=True, slots=True)
class MoveAgreed:
    """The fact that the new number agreed to a change of number, which then takes effect.

    `told` is the SMS to the old number. `screen` is the last screen of the USSD sessions that are
    open on the old number.
    """

    move: int
    told: str
    screen: str


@dataclass(frozen=True, slots=True)
class MoveDeclined:
    """The fact that the new number said NO.

    With `stop` it wants no message of the gateway at all.
    """

    move: int
    stop: bool = False


@dataclass(frozen=True, slots=True)
class MoveObjected:
    """The fact that the old number says that the change is not its worker's wish."""

    move: int


@dataclass(frozen=True, slots=True)
class NumberDoubted:
    """The fact that the holder of a worker's number says that it is not hers.

    The gateway asks back once.
    """


@dataclass(frozen=True, slots=True)
class NumberReleased:
    """The fact that the holder of a worker's number says so again.

    The number is taken from the worker, whose open sessions end with `screen`.
    """

    screen: str


@dataclass(frozen=True, slots=True)
class NumberStopped:
    """The fact that a number which was a worker's before said STOP: nothing is sent to it."""


@dataclass(frozen=True, slots=True)
class AboutTold:
    """The fact that a worker made an optional statement about herself.

    A part is None where she did not make it. The whole takes the place of an earlier statement.
    """

    gender: str | None = None
    birth_year: int | None = None
    refugee: bool | None = None
    dependents: int | None = None


@dataclass(frozen=True, slots=True)
class AboutWithdrawn:
    """The fact that a worker withdraws her statement about herself."""


Fact = (
    Answered
    | FieldsTyped
    | Skipped
    | Asked
    | AskedAlone
    | QuestionPutOff
    | LessonMoved
    | CardsShown
    | CardTried
    | CardTaken
    | Joined
    | Agreed
    | NameGiven
    | Stopped
    | Restarted
    | LanguageChosen
    | AboutTold
    | AboutWithdrawn
    | QuietChosen
    | PayAsked
    | Enrolled
    | RemovedByCoordinator
    | Appealed
    | ArrivalSaid
    | WeeklyChosen
    | ReferralCodeGiven
    | PinChosen
    | PinRight
    | PinWrong
    | PinReset
    | ZoneChosen
    | CoordinatorPinTried
    | WorkerNamed
    | AppealDecided
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
    """The outcome of one SMS."""

    facts: tuple[Fact, ...]
    """The facts to write."""
    reply: str | None
    """The one reply, and None for silence, e.g. after a stranger's STOP."""
    unclear: bool = False
    """True when the SMS was not understood or nothing can be done with it. The reply only says how
    to use the gateway.
    """
    asks_back: bool = False
    """True when the reply asks for the meaning. That happens once. The next text that is not clear
    counts as not understood.
    """


@dataclass(frozen=True, slots=True)
class Screen:
    """A USSD screen before pagination."""

    notice: str
    """A short notice about what just happened."""
    body: str
    """A text that may be long, and is paginated when it must be."""
    choices: tuple[str, ...]
    """The choices that must stand below the text."""
    end: bool = False
    """True when the session is over."""
    choices_first: bool = False
    """True after a key that was none of the choices: they stand above the text."""


@dataclass(frozen=True, slots=True)
class MenuTurn:
    """The outcome of one USSD key.

    `view` is where the worker now stands. It comes back with her next key.
    """

    facts: tuple[Fact, ...]
    screen: Screen
    view: str
    memory: dict[str, str] = field(default_factory=dict)
