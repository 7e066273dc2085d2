"""The model's books of a few workers, their phones and their changes of number.

They are for `test_any_order_of_numbers`.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

HOLD, ANSWER, DECIDE = timedelta(hours=48), timedelta(hours=72), timedelta(hours=168)


@dataclass
class Worker:
    """The truth about a worker. `phone`: None while her number is a stranger's."""

    id: int
    name: str
    phone: str | None
    earned_minor: int = 0
    stopped: bool = False
    has_pin: bool = False
    bare: bool = False
    """She only joined: her row gives way to another worker's number."""
    retired: bool = False
    lost: str | None = None
    """The phone that a stranger has now, by which her coordinator still names her."""


@dataclass
class Change:
    """A change of number under way, in its hold, or objected to.

    `stage`: requested, invited, done, objected.
    """

    kind: str
    old: str | None
    new: str
    stage: str
    expires: datetime
    done_at: datetime | None = None
    said: dict[str, str] = field(default_factory=dict)
    """The words of each person about its present stage, by name."""
    objected: bool = False

    def holds(self, now: datetime) -> bool:
        return self.stage == "objected" or (
            self.stage == "done" and self.done_at is not None and self.done_at + HOLD > now
        )

    def may_be_objected_to(self, now: datetime) -> bool:
        """Return whether the old number may object, or persons look at its objection.

        It objects once: when they have kept the change in spite of it, its holder may join.
        """
        return self.holds(now) and not (self.objected and self.stage == "done")


@dataclass
class Books:
    """Workers by id, the last change of each, and phones that want nothing."""

    workers: dict[int, Worker] = field(default_factory=dict)
    changes: dict[int, Change] = field(default_factory=dict)
    silent: set[str] = field(default_factory=set)

    def owner(self, phone: str) -> Worker | None:
        return next((w for w in self.workers.values() if w.phone == phone), None)

    def invited(self, phone: str, now: datetime) -> Worker | None:
        """The worker whose change asks this phone for a YES."""
        for id_, change in self.changes.items():
            if change.stage == "invited" and change.new == phone and change.expires > now:
                return self.workers[id_]
        return None

    def given_up(self, phone: str, now: datetime) -> Worker | None:
        """Return the worker who gave this phone's number up, while it may still object.

        The same holds while persons look.
        """
        for id_, change in self.changes.items():
            if change.old == phone and change.done_at and change.may_be_objected_to(now):
                return self.workers[id_]
        return None

    def asked(self, now: datetime) -> set[str]:
        """Phones that are asked for a YES now."""
        return {c.new for c in self.changes.values() if c.stage == "invited" and c.expires > now}

    def left(self, now: datetime) -> set[str]:
        """Return the phones that may still object, or over which persons look."""
        return {
            c.old
            for c in self.changes.values()
            if c.old and c.done_at and c.may_be_objected_to(now)
        }

    def waiting(self) -> list[Worker]:
        """Workers whose change waits for two persons."""
        waits = ("requested", "objected")
        return [self.workers[id_] for id_, c in self.changes.items() if c.stage in waits]

    def is_free(self, phone: str, mover: Worker, now: datetime) -> bool:
        holder = self.owner(phone)
        if phone in self.silent or (holder is not None and not holder.bare):
            return False
        for id_, change in self.changes.items():
            if id_ == mover.id:
                continue
            asked = change.stage in ("requested", "invited", "objected") and change.expires > now
            if (asked and change.new == phone) or (change.old == phone and change.holds(now)):
                return False
        return True

    def swap(self, mover: Worker, now: datetime) -> None:
        """The YES of the new number."""
        change = self.changes[mover.id]
        holder = self.owner(change.new)
        if holder is not None:
            holder.phone, holder.retired = None, True
        change.old, change.stage, change.done_at = mover.phone, "done", now
        mover.phone = change.new

    def give_back(self, mover: Worker) -> None:
        change = self.changes.pop(mover.id)
        mover.phone = change.old
