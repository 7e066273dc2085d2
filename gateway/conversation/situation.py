"""The input of the conversation when an event arrives: a `Situation`.

Nothing here touches a clock, a row or a socket. `steps/turns/understand.py` gathers it, and pure
functions read it and answer with `facts`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Literal

from gateway.base.deductions import Deductions
from gateway.base.ids import AssignmentId, WorkerId
from gateway.conversation.ease import EASE_MAX
from gateway.conversation.explained import AnswerInQuestion, AppealToDecide, AppealView, WeekView
from gateway.conversation.facts import CardTaken, CardTried, ShownCard
from gateway.gsm.segments import ANY, Capacity
from gateway.tasks.lessons.lesson import LessonProgress
from gateway.tasks.lessons.offer import ListedLesson
from gateway.tasks.question import Question

WorkerState = Literal["invited", "active", "stopped", "removed"]


@dataclass(frozen=True, slots=True)
class WorkerView:
    """The worker of the event."""

    id: WorkerId
    """The worker's id."""
    name: str
    """The worker's name, and "" where it is unknown."""
    language: str
    """The code of the worker's language."""
    state: WorkerState
    """The worker's state."""
    balance_minor: int
    """The worker's balance in minor units."""
    currency: str
    """The currency of the balance."""
    ease: int = EASE_MAX
    """The number of replies to questions by SMS that were understood in a row. See
    `conversation.ease`.
    """
    agreed: bool = True
    """True when the worker ever consented. A worker who only ever said NO is stopped, but has
    nothing to come back to.
    """


@dataclass(frozen=True, slots=True)
class Teaching:
    """The truth of a check question among a worker's first ones, which she is told afterwards.

    `reason` is why it is right, or "". `compared` is the language in which typed answers are
    compared, and `same` the options that mean the same as another.
    """

    truth: str
    reason: str = ""
    compared: str = ""
    same: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class HeldQuestion:
    """The question that this worker was last asked.

    `lapsed` is True when its lease ran out, so that the answer may come too late. `open` is True
    when an answer given now would still be counted and paid. `paid_at_once` is True when an answer
    given now earns its price in the same step, so that the reply may say so. It is False when other
    workers must confirm the answer first.
    """

    assignment: AssignmentId
    question: Question
    lapsed: bool
    open: bool
    paid_at_once: bool = True
    teaching: Teaching | None = None
    """The truth that the worker is told after her answer, where the question is entry gold."""


@dataclass(frozen=True, slots=True)
class PackItem:
    """A question that was put to the worker with others in one SMS, as number `number`.

    `answered` is True when it was counted before. `last` is True when it stands in the worker's
    last message. The numbers of an earlier message may still be named.
    """

    number: int
    held: HeldQuestion
    answered: bool
    last: bool


@dataclass(frozen=True, slots=True)
class Cash:
    """The payout that a worker could ask for now, its limits, and the payout under way.

    The airtime fields hold what could be sent as airtime instead. Amounts are in minor units.
    """

    payable_minor: int
    """The amount that could be paid now: whole units that providers can pay, within limits. 0 is
    nothing.
    """
    minimum_minor: int
    """The provider's least amount per payout."""
    maximum_minor: int
    """The provider's greatest amount per payout."""
    new_ref: str
    """The reference for a payout that this turn asks for."""
    open_ref: str | None = None
    """The reference of a payout that is already under way, if any."""
    open_minor: int = 0
    """The amount of that payout."""
    open_waits: str = ""
    """The phrase with the reason why that payout waits, and "" when nothing holds it."""
    open_day: str = ""
    """The day until which it waits."""
    airtime_minor: int = 0
    """The amount that could be sent as airtime now. 0 is nothing, or no airtime in this country."""
    airtime_minimum_minor: int = 0
    """The least amount of airtime."""
    deductions: Deductions | None = None
    """The deductions from a withdrawal before it is sent, and None for none."""
    airtime_deductions: Deductions | None = None
    """The deductions from airtime."""


@dataclass(frozen=True, slots=True)
class ArrivalView:
    """A payout about whose arrival the worker is asked, with its reference and amount as text."""

    payout: str
    ref: str
    amount: str


@dataclass(frozen=True, slots=True)
class ReferralView:
    """The code with which a worker brings others, and the reward.

    `reward` is an amount as text, and "" where there is no reward.
    """

    code: str
    is_new: bool
    reward: str
    answers: int


@dataclass(frozen=True, slots=True)
class PaymentView:
    """A payout as its worker asks about it."""

    ref: str
    """The payout's reference."""
    amount_minor: int
    """The amount in minor units."""
    fate: Literal["paid", "on_way", "failed", "waits", "reversed"]
    """The outcome so far."""
    day: str
    """The day as `21/11`."""
    receipt: str
    """The provider's receipt."""
    answers: Sequence[tuple[int, int]] = ()
    """The paid answers: how many, at which price in minor units."""
    waits: str = ""
    """The phrase with the reason why it waits, where it waits."""
    until: str = ""
    """The day until which it waits."""
    tax_minor: int = 0
    """The withheld taxes."""
    fee_minor: int = 0
    """The fee that the worker bore."""


@dataclass(frozen=True, slots=True)
class PinView:
    """The known facts about a worker's PIN. The PIN itself never comes here."""

    known: bool
    """True when the worker has a PIN."""
    tries_left: int
    """The number of wrong tries that are left."""
    free_minor: int
    """The amount that PAY by SMS may send without the PIN."""
    typed_right: bool = False
    """True when the PIN typed with this very key or SMS is the worker's."""
    typed_hash: str = ""
    """The hash of a new PIN typed with this very key."""
    typed: bool = False
    """True when a PIN stands behind a command by SMS."""

    @property
    def locked(self) -> bool:
        return self.known and self.tries_left <= 0


@dataclass(frozen=True, slots=True)
class CoordinatorView:
    """The coordinator from whose number the event comes."""

    id: int
    """The coordinator's id."""
    name: str
    """The coordinator's name."""
    language: str
    """The code of the coordinator's language."""
    partner: str | None
    """The code of the coordinator's partner, if any."""
    workers_active: int = 0
    """The number of her active workers."""
    workers_invited: int = 0
    """The number of her invited workers."""
    answers_today: int = 0
    """The number of her workers' answers today."""
    workers_stopped: int = 0
    """The number of her workers who have stopped."""
    workers_away: int = 0
    """The number of her workers whose phone is off."""
    findings: int = 0
    """The number of findings about her workers that need a look."""
    pin: Literal["none", "missing", "right", "wrong", "locked"] = "missing"
    """The state of the PIN behind this command. "none" means that the coordinator has no PIN."""
    pin_tries_left: int = 3
    """The number of wrong tries that are left."""
    invited_today: int = 0
    """The number of invitations that the coordinator sent in the last 24 hours."""
    invitations_most: int = 100
    """The most invitations that the coordinator may send in 24 hours."""
    invitations_again: str = ""
    """The time of the coordinator's next possible invitation, as `24/11 14:05`, where the limit is
    reached.
    """
    adds_free: int = 20
    """The number of invitations per 24 hours that need no PIN."""
    adds_per_sms_free: int = 5
    """The number of invitations per SMS that need no PIN."""

    @property
    def invitations_left(self) -> int:
        return max(self.invitations_most - self.invited_today, 0)


@dataclass(frozen=True, slots=True)
class NamedWorker:
    """The known facts about a number that a coordinator names."""

    state: "WorkerState | Literal['nobody']"
    """The state of the number's worker."""
    name: str = ""
    """The worker's name."""
    language: str = ""
    """The code of the worker's language."""
    mine: bool = False
    """True for a worker of the coordinator or of her centre."""
    has_pin: bool = False
    """True when the worker has a PIN."""
    in_hold: bool = False
    """True when a worker gave this number up, and it may still object."""
    invitations: int = 0
    """The number of invitations that this number received in 24 hours."""
    invitations_most: int = 3
    """The most invitations that a number may receive in 24 hours."""
    sends_at: str = ""
    """The time at which an invitation would go, as `08:00`, where it is night, and "" for now."""


@dataclass(frozen=True, slots=True)
class SkillView:
    """The result of a worker's gold over all kinds, which SKILL asks for.

    `until` is the end of her pause, as `24/11`, and None for no pause.
    """

    answers: int
    right: int
    seen: int
    until: str | None = None


@dataclass(frozen=True, slots=True)
class CardView:
    """The skill cards of a worker, or the verdict on a code that she sent."""

    mine: tuple[ShownCard, ...] = ()
    """Her own cards, where she sent no code."""
    verdict: Literal["", "taken", "unknown", "limit", "own", "old", "revoked", "known"] = ""
    """The verdict on her code, and "" where she sent none."""
    taken: CardTaken | None = None
    """The fact to write for a card that is accepted."""
    tried: CardTried | None = None
    """The fact to write for a code that is not."""
    tries_left: int = 0


@dataclass(frozen=True, slots=True)
class NoWorkReason:
    """The reason why a worker who asks for work receives none.

    It is a phrase, and the day on which the reason ends where that is known (`24/11`).
    """

    key: str
    date: str = ""


@dataclass(frozen=True, slots=True)
class NumberMoveView:
    """The change of number of which this phone is one end.

    `is_new` is True for the end to which the number goes, which is asked for a YES. `can` is what a
    YES would meet: a payout is open, or the number is taken. `may_object` is True while a NO of the
    old number still counts. `until` is the day until which payouts wait, as `24/11`.
    """

    id: int
    is_new: bool
    kind: Literal["pin", "persons", "release"]
    state: str
    language: str
    name: str
    can: Literal["ok", "payout", "taken", ""] = ""
    may_object: bool = False
    objected: bool = False
    until: str = ""

    @property
    def is_done(self) -> bool:
        """Return True when the number is not the worker's any more."""
        return self.state in ("done", "objected") and not self.is_new


@dataclass(frozen=True, slots=True)
class MoveTo:
    """The number to which a worker wants to move."""

    msisdn: str
    """The number (E.164)."""
    problem: str = ""
    """The phrase that says why the worker cannot move to it, and "" where she can."""
    day: str = ""
    """The day on which the worker may ask again, as `24/11`, where the day is the problem."""


@dataclass(frozen=True, slots=True)
class MoveRequest:
    """A change of number that a coordinator asks for.

    `worker` is None where the number belongs to no worker of hers. `problem` is the phrase that
    says why it cannot be asked for, and "" where it can.
    """

    old: str
    msisdn: str
    worker: WorkerId | None = None
    name: str = ""
    problem: str = ""
    day: str = ""


class Need(Enum):
    """A part of the situation that is looked up only where an event requires it."""

    CASH = auto()
    """`Situation.cash`."""
    PIN = auto()
    """`Situation.pin`, with the check of a PIN that was typed."""
    CODES = auto()
    """`Situation.partner_codes`."""
    NAMED = auto()
    """`Situation.named`."""
    MOVE = auto()
    """`Situation.move_to`."""
    MOVE_REQUEST = auto()
    """`Situation.move_request`."""
    QUIET_NUMBER = auto()
    """`Situation.quiet_number`."""
    APPEAL_DECISION = auto()
    """`Situation.appeal_decision`."""
    APPEAL = auto()
    """`Situation.appeal` and `Situation.appeals_open`."""
    PAYMENT = auto()
    """`Situation.payment`, or `Situation.explained` where a reference names an answer."""
    WEEK = auto()
    """`Situation.week`."""
    SKILL = auto()
    """`Situation.skill`."""
    REFUNDED = auto()
    """`Situation.refunded_minor`."""
    REFERRAL = auto()
    """`Situation.referral`."""
    ARRIVAL = auto()
    """`Situation.arrival`, for an SMS. A new USSD session has it at once."""
    NO_WORK = auto()
    """`Situation.no_work`."""
    CARD = auto()
    """`Situation.card`."""
    LESSONS = auto()
    """`Situation.lessons`."""
    LESSON = auto()
    """`Situation.lesson`, or `Situation.no_lesson` where there is none."""
    CLOSING = auto()
    """`Situation.winding_down`."""


EVERYTHING = frozenset(Need)


@dataclass(frozen=True)
class Situation:
    """All that is known when one event arrives."""

    worker: WorkerView | None
    """The worker of the sender's number, and None for an unknown number."""
    held: HeldQuestion | None
    """The question that the worker was last asked."""
    upcoming: Question | None
    """The question that this worker would get next, and None when there is no work for her now."""
    cash: Cash | None
    """The cash-out side."""
    refunded_minor: int = 0
    """The amount that was refunded to her for her SMS in the last seven days."""
    referral: ReferralView | None = None
    """The worker's code for bringing others."""
    arrival: ArrivalView | None = None
    """The payout about whose arrival the worker was asked by SMS, or is asked as she dials."""
    coordinator: CoordinatorView | None = None
    """The coordinator of the sender's number, if any."""
    partner_codes: frozenset[str] = frozenset()
    """The code in "JOIN code", if it exists. No other code is filled in."""
    region: str = "KE"
    """The ISO 3166 region of numbers without a country code."""
    default_language: str = "en"
    """The language for strangers."""
    shortcode: str = ""
    """The number to which workers text, for help texts."""
    service_code: str = ""
    """The code that workers dial, for help texts."""
    named: Mapping[str, NamedWorker] = field(default_factory=dict[str, NamedWorker])
    """The known facts about the numbers that a coordinator's command names (see
    `coordinators.numbers_said`).
    """
    regions: frozenset[str] = frozenset()
    """The regions where workers may be enrolled, besides `region`. Empty means anywhere."""
    foreign: bool = False
    """True when the sender's own number belongs to a country in which no worker can be paid."""
    pack: tuple[PackItem, ...] = ()
    """The numbered questions of the last messages, by number."""
    more: tuple[Question, ...] = ()
    """The questions that the worker could be asked together with `upcoming`."""
    pack_max: int = 1
    """The most questions in one SMS."""
    segment_prices: tuple[float, float] = (1.0, 1.0)
    """The prices of one SMS segment to the worker and from her, in any unit."""
    capacity: Capacity = ANY
    """The most that the channel of the reply can carry in one SMS."""
    dialled: Question | None = None
    """The question of an SMS that the worker answered by dialling since, where no newer SMS asks
    her anything.
    """
    earlier: Literal["sure", "unsure"] | None = None
    """Set where `held` is the question of the worker's last SMS, whose time ran out, and `upcoming`
    the one that she holds since then. "sure" means that her text cannot answer that one.
    """
    no_work: NoWorkReason | None = None
    """The reason why there is no work, looked up only when the worker asks for work and there is
    none. None means that there simply is none.
    """
    winding_down: bool = False
    """True for a gateway that winds down, looked up only where the event would begin new work."""
    skill: SkillView | None = None
    """The result of the worker's gold, looked up only when she asks."""
    lesson: LessonProgress | None = None
    """The lesson that the worker is in by SMS, else the one that LEARN begins or goes on with. The
    latter is looked up only when she asks.
    """
    card: CardView | None = None
    """Her skill cards, or the verdict on a code, looked up only when she says CARD."""
    lessons: tuple[ListedLesson, ...] = ()
    """All lessons in the worker's language, looked up only where she asks for the list."""
    no_lesson: str = "lesson.none"
    """The phrase that says why LEARN begins no lesson."""
    pin: PinView | None = None
    """The worker's PIN."""
    moving: NumberMoveView | None = None
    """The change of number of which the sender's number is one end."""
    quiet_number: bool = False
    """True when nothing was received from this worker's number for weeks, so that a sender who
    asks to join may be a stranger. It is looked up at JOIN.
    """
    move_to: MoveTo | None = None
    """The number to which the worker wants to move, looked up only where one is named."""
    move_request: MoveRequest | None = None
    """The coordinator's request, looked up only where she names an old and a new number."""
    appeal: AppealView | None = None
    """The case that the words after APPEAL name, or the only one that waits. It is looked up only
    when she appeals.
    """
    appeal_decision: AppealToDecide | None = None
    """The appeal that a coordinator names behind DECIDE, where it is with her."""
    appeals_open: tuple[str, ...] = ()
    """The references of all open cases of the worker, looked up where she says APPEAL."""
    week: WeekView | None = None
    """The figures of the worker's last seven days, looked up only when she asks."""
    explained: AnswerInQuestion | None = None
    """The answer that the reference after WHY concerns, where it is one of the worker's."""
    payment: PaymentView | None = None
    """The payment that the worker named, else her last. It is looked up only when she asks."""
    languages: tuple[str, ...] = ()
    """The codes of the languages to choose from on the menu, in order. Empty means all."""
    closing: bool = False
    """True when the network will end this USSD session soon, so that no new question is begun."""
    input_characters: int | None = None
    """The length from which a USSD input may have been cut by the network."""
    resuming: tuple[int, int] | None = None
    """The number of the open question and the number of all, when the worker has just dialled. None
    means that there is nothing to resume.
    """

    known: frozenset[Need] = EVERYTHING
    """The needs that were looked up. A view that needs another one asks for it."""

    def changed(self, **fields: object) -> "Situation":
        """Return this situation with some fields changed.

        `dataclasses.replace` sets each of the forty fields anew, which took a tenth of the time of
        a turn. A turn changes the situation up to six times.
        """
        assert fields.keys() <= self.__dict__.keys(), fields.keys()
        other = object.__new__(Situation)
        other.__dict__.update(self.__dict__, **fields)
        return other
