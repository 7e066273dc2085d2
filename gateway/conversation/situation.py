"""What the conversation is told when an event arrives: a `Situation`.

Nothing here touches a clock, a row or a socket: `steps/understand.py` gathers it, pure functions
read it and answer with `facts`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from gateway.conversation.ease import EASE_MAX
from gateway.deductions import Deductions
from gateway.ids import AssignmentId, WorkerId
from gateway.phrases.capacity import ANY, Capacity
from gateway.tasks.question import Question

WorkerState = Literal["invited", "active", "stopped", "removed"]


@dataclass(frozen=True, slots=True)
class WorkerView:
    id: WorkerId
    name: str
    language: str
    state: WorkerState
    balance_minor: int
    currency: str
    ease: int = EASE_MAX
    """Replies to questions by SMS that were understood in a row; see `conversation.ease`."""
    agreed: bool = True
    """Did she ever consent? Who only ever said NO is stopped, but has nothing to come back to."""


@dataclass(frozen=True, slots=True)
class HeldQuestion:
    """The question this worker was last asked.

    `lapsed`: its lease ran out, the answer may come too late.

    `open`: an answer given now would still be counted and paid. `paid_at_once`: an answer given now
    earns its price in the same step (False: only once others confirm it), so the reply may say so.
    """

    assignment: AssignmentId
    question: Question
    lapsed: bool
    open: bool
    paid_at_once: bool = True


@dataclass(frozen=True, slots=True)
class PackItem:
    """A question that was put to her with others in one SMS, as number `number`.

    `answered`: counted before. `last`: it stands in the message she got last (an earlier one's
    numbers may still be named).
    """

    number: int
    held: HeldQuestion
    answered: bool
    last: bool


@dataclass(frozen=True, slots=True)
class Cash:
    """The cash-out side of the situation, in minor units.

    `payable_minor`: what could be sent now (whole units operators can pay, within limits; 0 =
    nothing). `minimum_minor`, `maximum_minor`: the operator's limits for one payout. `new_ref`: the
    reference a payout asked for in this turn would get. `open_ref`, `open_minor`: a payout already
    under way, if any.
    """

    payable_minor: int
    minimum_minor: int
    maximum_minor: int
    new_ref: str
    open_ref: str | None = None
    open_minor: int = 0
    open_waits: str = ""
    """Why the payout under way has not left yet: a control's name; "" when nothing holds it.
    `open_day`: until when.
    """
    open_day: str = ""
    airtime_minor: int = 0
    """What could be sent as airtime now; 0 = nothing, or not here."""
    airtime_minimum_minor: int = 0
    deductions: Deductions | None = None
    """What is taken from a withdrawal before it is sent; None: nothing. `airtime_deductions`: from
    airtime.
    """
    airtime_deductions: Deductions | None = None


@dataclass(frozen=True, slots=True)
class Payment:
    """A payout as its worker asks about it.

    `day`: 21/11. `answers`: how many at which price (minor units).
    """

    ref: str
    amount_minor: int
    fate: Literal["paid", "on_way", "failed", "waits", "reversed"]
    day: str
    receipt: str
    answers: Sequence[tuple[int, int]] = ()
    waits: str = ""
    """The control that makes it wait, where that is its fate; until `until`."""
    until: str = ""
    tax_minor: int = 0
    fee_minor: int = 0


@dataclass(frozen=True, slots=True)
class WrongAnswer:
    """A paid answer that turned out wrong, as its worker asks about it."""

    ref: str
    question: str
    answer: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class PinView:
    """What may be known of her PIN.

    `typed_right`, `typed_hash`: of what was typed with this very key, where a PIN is asked for; the
    PIN itself never comes here. `free_minor`: what PAY by SMS may send without it.
    """

    known: bool
    tries_left: int
    free_minor: int
    typed_right: bool = False
    typed_hash: str = ""
    typed: bool = False
    """A PIN stands behind a command by SMS; `typed_right` says whether it is hers."""

    @property
    def locked(self) -> bool:
        return self.known and self.tries_left <= 0


@dataclass(frozen=True, slots=True)
class CoordinatorView:
    """Set when the event comes from a coordinator's number."""

    id: int
    name: str
    language: str
    partner: str | None
    workers_active: int = 0
    workers_invited: int = 0
    answers_today: int = 0
    workers_stopped: int = 0
    workers_away: int = 0
    findings: int = 0
    """About her workers, that a person should look at."""
    pin: Literal["none", "missing", "right", "wrong", "locked"] = "missing"
    """What is known of the PIN behind this command; the PIN itself never comes here. none: she has
    none.
    """
    pin_tries_left: int = 3
    invited_today: int = 0
    """Invitations that she sent in the last 24 hours."""
    invitations_most: int = 100
    invitations_again: str = ""
    """When she may send the next one, as `24/11 14:05`, where the limit is reached."""
    adds_free: int = 20
    """Invitations of 24 hours that need no PIN; `adds_per_sms_free`: of one SMS."""
    adds_per_sms_free: int = 5

    @property
    def invitations_left(self) -> int:
        return max(self.invitations_most - self.invited_today, 0)


@dataclass(frozen=True, slots=True)
class NamedWorker:
    """What is known of a number that a coordinator names.

    `mine`: a worker of hers or of her centre.

    `invitations`: how many this number was sent in 24 hours. `sends_at`: when an invitation would
    go, as `08:00`, where it is night there; "" now.
    """

    state: "WorkerState | Literal['nobody']"
    name: str = ""
    language: str = ""
    mine: bool = False
    has_pin: bool = False
    in_hold: bool = False
    """A worker gave this number up, and it may still object."""
    invitations: int = 0
    invitations_most: int = 3
    sends_at: str = ""


@dataclass(frozen=True, slots=True)
class SkillView:
    """What gold says of a worker, over all kinds: asked for by SKILL. `until`: her pause, as `24/11`; None: no pause."""

    answers: int
    right: int
    seen: int
    until: str | None = None


@dataclass(frozen=True, slots=True)
class NoWork:
    """Why there is no question for who asks for one: a phrase, and the day it ends where that is known (`24/11`)."""

    key: str
    date: str = ""


@dataclass(frozen=True, slots=True)
class Moving:
    """The change of number that this phone is one end of.

    `is_new`: the end it goes to, which is asked for a YES; `can`: what a YES would meet (a payout
    is open; the number is taken). `may_object`: a NO of the old number still counts. `until`: the
    day payouts wait for, as `24/11`.
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
        """The number is not the worker's any more."""
        return self.state in ("done", "objected") and not self.is_new


@dataclass(frozen=True, slots=True)
class MoveTo:
    """The number that a worker wants to move to.

    `problem`: why she cannot, a phrase; "" where she can.
    """

    msisdn: str
    problem: str = ""
    day: str = ""
    """When she may ask again, as `24/11`, where that is the problem."""


@dataclass(frozen=True, slots=True)
class MoveRequest:
    """A change of number that a coordinator asks for.

    `worker`: whose; None where the number is no worker's of hers. `problem`: why it cannot be asked
    for, a phrase; "" where it can.
    """

    old: str
    msisdn: str
    worker: WorkerId | None = None
    name: str = ""
    problem: str = ""
    day: str = ""


@dataclass(frozen=True)
class Situation:
    """All that is known when one event arrives. `worker` is None for a number nobody knows.

    `upcoming` is the question this worker would get next (None: no work for her now).
    `partner_codes`: does the code in "JOIN code" exist? Filled only with the code that was said.
    `region`: ISO 3166 region that numbers without a country code belong to. `default_language`: for
    strangers. `shortcode`, `service_code`: what a worker texts or dials, for help texts. `named`:
    what is known of the numbers that a coordinator's command names (see
    `coordinating.numbers_said`). `foreign`: the sender's own number is of a country where nobody
    can be paid. `regions`: where workers may be enrolled, besides `region`; empty: anywhere.
    `pack`: the numbered questions of the last messages, by number. `more`: what she could be asked
    together with `upcoming`, at most `pack_max` in one SMS. `segment_prices`: of one SMS segment to
    her and from her, in any unit.
    """

    worker: WorkerView | None
    held: HeldQuestion | None
    upcoming: Question | None
    cash: Cash | None
    coordinator: CoordinatorView | None = None
    partner_codes: frozenset[str] = frozenset()
    region: str = "KE"
    default_language: str = "en"
    shortcode: str = ""
    service_code: str = ""
    named: Mapping[str, NamedWorker] = field(default_factory=dict[str, NamedWorker])
    regions: frozenset[str] = frozenset()
    foreign: bool = False
    pack: tuple[PackItem, ...] = ()
    more: tuple[Question, ...] = ()
    pack_max: int = 1
    segment_prices: tuple[float, float] = (1.0, 1.0)
    capacity: Capacity = ANY
    """What the channel of the reply can carry in one SMS."""
    dialled: Question | None = None
    """The question of an SMS that she answered by dialling since, where no newer SMS asks her
    anything.
    """
    earlier: Literal["sure", "unsure"] | None = None
    """Set where `held` is the question of her last SMS, whose time ran out, and `upcoming` the one
    she holds since then. sure: what she texts now cannot answer that one.
    """
    no_work: NoWork | None = None
    """Looked up only for who asks for work when there is none; None: there simply is none."""
    skill: SkillView | None = None
    """Looked up only for who asks."""
    pin: PinView | None = None
    moving: Moving | None = None
    quiet_number: bool = False
    """This worker's number has not been heard of for weeks: who asks to join may be a stranger.
    Looked up at JOIN.
    """
    move_to: MoveTo | None = None
    """Looked up only where a number to move to is named."""
    move_request: MoveRequest | None = None
    """Looked up only where a coordinator names an old and a new number."""
    appealable: str | None = None
    """The reference after APPEAL, if it is an adjustment of hers that waits; looked up only when
    she appeals.
    """
    appeals_open: tuple[str, ...] = ()
    """Every reference that she may appeal; looked up where she says APPEAL alone."""
    appeal_goes_to_office: bool = False
    """No coordinator looks after her, so an appeal goes to the operator."""
    wrong_answer: WrongAnswer | None = None
    """The answer that the reference after WHY is about, where it is an adjustment of hers."""
    payment: Payment | None = None
    """The payment she asks about (the one she named, else her last); looked up only when she asks.
    """
    languages: tuple[str, ...] = ()
    """Codes of the languages to choose from on the menu, in order; none: all there are."""
    closing: bool = False
    """USSD: the network will end this session soon, so no new question is begun."""
    input_characters: int | None = None
    """USSD: an input this long may have been cut by the network."""
    resuming: tuple[int, int] | None = None
    """USSD, when she has just dialled: the open question is this one of so many; None: there is
    nothing to resume.
    """

    def changed(self, **fields: object) -> "Situation":
        """Return this situation with some fields changed.

        `dataclasses.replace` sets each of the forty fields anew, which took a tenth of the time of
        a turn: one changes it up to six times.
        """
        assert fields.keys() <= self.__dict__.keys(), fields.keys()
        other = object.__new__(Situation)
        other.__dict__.update(self.__dict__, **fields)
        return other
