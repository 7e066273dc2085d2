"""Workers with phones, and a gateway that is nothing but the conversation.

Facts move the situation on.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import count

from gateway.base import plugins
from gateway.base.ids import AssignmentId, BatchId, TaskId, WorkerId
from gateway.conversation.context import Context
from gateway.conversation.facts import Answered, Asked, Fact, Joined, MenuTurn
from gateway.conversation.menu import menu
from gateway.conversation.situation import (
    Cash,
    CoordinatorView,
    HeldQuestion,
    Situation,
    WorkerState,
    WorkerView,
)
from gateway.conversation.turn import interpret_sms
from gateway.phrases import books
from gateway.tasks import kinds
from gateway.tasks.port import TaskKind
from gateway.tasks.question import Field, Option, Question

BOOKS = books()
_ids = count(100)
GRACE = CoordinatorView(3, "Grace Otieno", "en", "KIBERA", 12, 1, 240)


def kind_of(name: str) -> TaskKind:
    return plugins.load(kinds, name)  # pyright: ignore[reportReturnType]


def question(
    text: str = "Is 'Mama Njeri Shop' in Kibera?",
    kind: str = "verification",
    options: Sequence[Option] = (),
    price_minor: int = 300,
    instructions: str = "",
    fields: Sequence[Field] = (),
) -> Question:
    full = kind_of(kind).options(options)
    return Question(
        TaskId(next(_ids)),
        BatchId("b"),
        kind,
        text,
        instructions,
        full,
        price_minor,
        "KES",
        tuple(fields),
    )


def held(asked: Question, *, lapsed: bool = False, is_open: bool = True) -> HeldQuestion:
    return HeldQuestion(AssignmentId(next(_ids)), asked, lapsed, is_open)


class Person:
    """A person with a phone.

    `queue`: questions she would get next. `facts`: all that was recorded, in order.
    """

    def __init__(
        self,
        name: str = "Amina Wanjiku",
        state: WorkerState | None = "active",
        *,
        language: str = "en",
        balance_minor: int = 0,
        queue: Sequence[Question] = (),
        holds: HeldQuestion | None = None,
        coordinator: CoordinatorView | None = None,
    ) -> None:
        worker = None
        if state:
            worker = WorkerView(WorkerId(7), name, language, state, balance_minor, "KES")
        self.queue = list(queue)
        self.facts: list[Fact] = []
        self.view, self.memory = "", dict[str, str]()
        self.last: MenuTurn | None = None
        self.situation = Situation(
            worker=worker,
            held=holds,
            upcoming=self.queue.pop(0) if self.queue else None,
            cash=Cash(balance_minor // 100 * 100, 1000, 15_000_000, "P7K2QX") if worker else None,
            coordinator=coordinator,
            partner_codes=frozenset({"KIBERA"}),
            service_code="*384*20#",
            languages=("en", "fr", "sw"),
        )

    @property
    def worker(self) -> WorkerView:
        assert self.situation.worker is not None
        return self.situation.worker

    @property
    def answers(self) -> list[str]:
        return [fact.value for fact in self.facts if isinstance(fact, Answered)]

    def texts(self, said: str) -> str | None:
        """Send one SMS; the reply."""
        found = interpret_sms(self.situation, said, BOOKS, kind_of)
        self._write(found.facts)
        return found.reply

    def dials(self) -> str:
        self.view, self.memory = "", {}
        return self._press(None)

    def presses(self, *keys: str) -> str:
        """Presses keys one after the other; the last screen."""
        screens = [self._press(key) for key in keys]
        return screens[-1]

    def _press(self, key: str | None) -> str:
        found = menu(self.situation, self.view, self.memory, key, BOOKS, kind_of)
        self.last, self.view, self.memory = found, found.view, found.memory
        self._write(found.facts)
        return "\n".join(
            filter(None, (found.screen.notice, found.screen.body, *found.screen.choices))
        )

    def _write(self, facts: tuple[Fact, ...]) -> None:
        self.facts.extend(facts)
        now = Context(self.situation, BOOKS, kind_of).after(facts).situation
        for fact in facts:
            if isinstance(fact, Asked):
                assert now.held is not None
                now = replace(
                    now,
                    held=held(now.held.question),
                    upcoming=self.queue.pop(0) if self.queue else None,
                )
            if isinstance(fact, Joined) and now.worker is None:
                state: WorkerState = "active" if fact.agreed else "invited"
                worker = WorkerView(WorkerId(8), "", fact.language, state, 0, "KES")
                now = replace(now, worker=worker, cash=Cash(0, 1000, 15_000_000, "P8"))
        self.situation = now
