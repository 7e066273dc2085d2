"""The typed row of `sql/situation.sql`: all that one inbound event needs, read in one round trip.

The order of the fields is the order of the function's columns; a test compares both. The names in
the query come from the fields, so a column that the function gains does no harm to older processes.
"""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from gateway.base.ids import WorkerId
from gateway.qa.skills.skill import Skill
from gateway.workers.states import WorkerState


@dataclass(frozen=True, slots=True)
class SkillRow:
    """The skill of the turn's worker at one kind of task, with what it rests on."""

    skill: Skill
    """The skill itself."""
    answers: int = 0
    """The number of her answers at the kind."""
    golds: int = 0
    """The number of those to gold."""
    trial: int = 0
    """The number of those to gold since her present trial began."""
    drift: float = 0.0
    """The drift since her present trial began."""
    carded: bool = False
    """She brought a skill card, which takes the place of most entry gold."""


@dataclass(slots=True, eq=False)
class TurnRow:
    """The row on which one turn is decided.

    The fields of a group are None where the group does not exist. Their types describe a group that
    exists: check its first field before using the others. The class is not frozen, since a frozen
    one sets its fields one by one through `object`, which takes ten times as long.
    """

    # This event, if it has been here before. `known_as` says under which other id ("twin" or
    # "former"), and `came_at` when it was stored before its processing.
    known_state: str | None
    known_reply: str
    known_as: str | None
    came_at: datetime | None

    # The worker of this number.
    worker_id: WorkerId | None
    name: str
    language: str
    state: WorkerState
    currency: str
    account_id: int
    balance: int
    partner_id: int | None
    reach: str | None
    sms_channel: str | None
    away: bool | None
    ease: int
    never_agreed: bool | None
    missed_message: int | None
    arrival: dict[str, Any] | None

    # The worker's PIN.
    pin_hash: str | None
    pin_wrong: int

    # The change of number of which this phone is one end.
    moving: dict[str, Any] | None

    # The coordinator of this number.
    coordinator_id: int | None

    # The worker's open payout.
    payout_ref: str | None
    payout_amount: int | None
    payout_waits: str | None
    payout_until: datetime | None

    # The worker's skill, one item per kind of task.
    kinds: list[str] | None
    rights: list[float]
    wrongs: list[float]
    golds_right: list[int]
    golds_wrong: list[int]
    answers: list[int]
    trials: list[int]
    drifts: list[float]
    cardeds: list[bool]

    # The question that the worker was last asked.
    held_assignment: int | None
    held_state: str
    held_task: int | None
    held_batch: str
    held_text: str
    held_gold: str | None
    held_via: str | None
    held_open: bool
    held_answered: int
    held_wanted: int
    held_maximum: int
    held_revision: int
    held_better: float | None
    held_better_by_sms: float
    held_item: int | None
    held_reason: str | None

    # The numbered questions of the worker's last messages.
    pack: list[dict[str, Any]] | None

    # For an SMS: the time since when the question can have reached the worker. `asked_unsent`: it
    # is not on its way yet.
    asked_since: datetime | None
    asked_unsent: bool | None

    # The earlier answers to the held question, where the next one completes them.
    vote_values: list[str] | None
    vote_rights: list[float] | None
    vote_wrongs: list[float] | None

    # The question of an SMS that the worker answered by dialling, while no newer SMS asks anything.
    dialled_task: int | None
    dialled_batch: str
    dialled_text: str

    # The lesson that this SMS answers, where no question by SMS waits for one.
    lesson: dict[str, Any] | None

    # The question that the worker would be asked next, and the gold that may come before it.
    next_task: int | None
    next_batch: str
    next_text: str
    next_revision: int
    gold_task: int | None
    gold_text: str
    next_held: bool | None
    more: list[dict[str, Any]] | None

    # Set where the held question is an earlier one, and the next one is the one that the worker
    # holds: see `earlier.sql`.
    earlier_sure: bool | None

    # What is kept with these questions (`assignment.record`), by `held`, `next` and `dialled`.
    record: dict[str, Any] | None

    # The state of the USSD session.
    transcript: str | None
    view: str
    memory: dict[str, str]
    pages: list[str]
    page: int
    ended: bool
    began_at: datetime | None

    # The number of earlier sessions of this id. `session_over`: the last one is so old that a start
    # begins another.
    session_nth: int
    session_over: bool | None

    @property
    def worker(self) -> WorkerId:
        """Return the worker's id, for a turn that has a worker."""
        assert self.worker_id is not None
        return self.worker_id

    def skill_at(self, kind: str) -> SkillRow:
        """Return the worker's skill at a kind of task."""
        kinds = self.kinds or []
        if kind not in kinds:
            return SkillRow(Skill())
        at = kinds.index(kind)
        return SkillRow(
            Skill(self.rights[at], self.wrongs[at]),
            self.answers[at],
            self.golds_right[at] + self.golds_wrong[at],
            self.trials[at],
            self.drifts[at],
            self.cardeds[at],
        )

    @property
    def coordinator(self) -> int:
        """Return the coordinator's id, for a turn that has a coordinator."""
        assert self.coordinator_id is not None
        return self.coordinator_id


COLUMNS = tuple(field.name for field in fields(TurnRow))
