"""The steps of phones, a coordinator and persons in `test_any_order_of_numbers`.

Their replies have a meaning for the books.
"""
# pyright: basic

import asyncio
from collections.abc import Callable
from typing import Any

from gateway.base.errors import Refused
from gateway.steps.people import decide_number_requests
from tests.support.town import COORDINATOR, Person, Town

from .numbers import ANSWER, DECIDE, Books, Change, Worker

PIN, COORDINATOR_PIN, PRICE_MINOR = "4826", "6174", 1_000
NAMES = ("Zawadi", "Baraka")


class Steps:
    """One town under a machine.

    `run` runs a coroutine to its end; `story` tells what has happened, for a failure.
    """

    def __init__(self, town: Town, keys: dict[str, str], run: Callable[[Any], Any]) -> None:
        self.town, self.keys, self.run = town, keys, run
        self.books = Books()
        self.phones: list[Person] = []
        self.last_event: dict[int, tuple[str, str]] = {}
        self.story: list[str] = []

    @property
    def told(self) -> str:
        """Everything that has happened, for a failure."""
        return "\n".join(["what happened:", *self.story])

    def now(self):
        return self.town.clock.now()

    def worker(self, who: int) -> Worker:
        return list(self.books.workers.values())[who % len(self.books.workers)]

    def phone_of(self, worker: Worker) -> int | None:
        return next((n for n, p in enumerate(self.phones) if p.msisdn == worker.phone), None)

    def open_payout(self, worker: Worker) -> bool:
        query = "select count(*) from payout where worker_id = $1 and settled_at is null"
        return bool(self.run(self.town.value(query, worker.id)))

    def says(self, n: int, words: str) -> str:  # noqa: C901, PLR0912  # one branch per kind of reply
        """One phone texts; what the reply means is written into the books, if it may be so."""
        phone, now = self.phones[n], self.now()
        event = self.town.new_id("sms")
        self.last_event[n] = (event, words)
        worker, asked = self.books.owner(phone.msisdn), self.books.invited(phone.msisdn, now)
        gone = self.books.given_up(phone.msisdn, now)
        able = asked and not self.open_payout(asked)
        able = bool(able and asked and self.books.is_free(phone.msisdn, asked, now))
        reply = self.run(phone.texts(words, event=event)) or ""
        self.story.append(f"{n}: {words} -> {reply[:60]}")
        if words == "YES" and asked:
            assert ("on this number now" in reply) == able, self.told
        if "Saved" in reply:
            assert worker and not worker.stopped, self.told
            worker.earned_minor += PRICE_MINOR
            worker.bare = False
        elif "You asked for" in reply:
            assert worker, self.told
        elif "on this number now" in reply:
            assert asked and able, self.told
            self.books.swap(asked, now)
        elif "Nothing changes" in reply:
            assert asked, self.told
            self.books.changes[asked.id].stage = "refused"
        elif "Your number stays" in reply:
            assert worker, self.told
            self.books.changes[worker.id].stage = "refused"
        elif "no money goes" in reply:
            self.objects(gone or worker)
        elif "no account with us any more" in reply:
            self.releases(worker, phone.msisdn)
        elif "again: we take it off" in reply:
            assert worker, self.told
            worker.bare = False
        elif "ending in" in reply:
            assert worker and worker.has_pin, self.told
        elif "Welcome back" in reply:
            assert worker, self.told
            worker.stopped = False
        elif "Welcome" in reply:
            self.joined(n)
        if words == "STOP":
            self.stops(n, worker, asked)
        if words == "JOIN" and gone:
            assert "Do you agree" not in reply, f"it may object, and joins: {self.told}"
        return reply

    def objects(self, whose: Worker | None) -> None:
        assert whose, self.told
        change = self.books.changes[whose.id]
        if change.stage != "objected":
            assert not change.objected, self.told
            change.stage, change.objected, change.said = "objected", True, {}

    def releases(self, worker: Worker | None, phone: str) -> None:
        assert worker, self.told
        worker.phone, worker.bare = None, False
        self.books.silent.add(phone)
        self.books.changes.pop(worker.id, None)

    def joined(self, n: int) -> None:
        assert self.books.owner(self.phones[n].msisdn) is None, self.told
        id_ = self.run(self.phones[n].id())
        assert id_ not in self.books.workers, self.told
        self.books.workers[id_] = Worker(id_, "", self.phones[n].msisdn, bare=True)
        self.books.silent.discard(self.phones[n].msisdn)

    def stops(self, n: int, worker: Worker | None, asked: Worker | None) -> None:
        if asked:
            self.books.silent.add(self.phones[n].msisdn)
        elif worker:
            worker.stopped, worker.bare = True, False
        elif self.run(self.town.value("select exists (select from opt_out where msisdn_index = $1)", self.phones[n].index)):  # fmt: skip
            self.books.silent.add(self.phones[n].msisdn)

    # --- work and money ---

    def works(self, who: int, words: str) -> None:
        n = self.phone_of(self.worker(who))
        if n is not None:
            self.says(n, "WORK")
            self.says(n, "1")
            if words != "1":
                self.says(n, words)

    def any_phone_says_anything(self, n: int, words: str) -> None:
        self.says(n, words)

    def any_phone_joins(self, n: int) -> None:
        if "Do you agree" in self.says(n, "JOIN"):
            self.says(n, "YES")

    def repeats_the_last_sms(self, n: int) -> None:
        if n in self.last_event:
            event, words = self.last_event[n]
            assert self.run(self.phones[n].texts(words, event=event)) is None, self.told

    def stops_or_starts(self, who: int, words: str) -> None:
        n = self.phone_of(self.worker(who))
        if n is not None:
            self.says(n, words)

    def dials(self, n: int, keys_: list[str]) -> None:
        """Look around on the menu: a phone that is no worker's there reads of none."""
        phone = self.phones[n]
        if self.books.owner(phone.msisdn) is None:
            shown = [self.run(phone.dials())]
            if shown[0].open and not self.books.invited(phone.msisdn, self.now()):
                gone = self.books.given_up(phone.msisdn, self.now())
                for key in keys_ if not gone else keys_[:0]:
                    if shown[-1].open and key != "1":
                        shown.append(self.run(phone.presses(key)))
            texts = " ".join(one.text for one in shown)
            assert "KES" not in texts, (texts, self.told)
            assert not any(name in texts for name in NAMES), (texts, self.told)
        else:
            self.run(phone.dials("2"))

    # --- changes of number ---

    def moves_with_her_pin(self, who: int, to: int) -> None:
        worker = self.worker(who)
        n = self.phone_of(worker)
        if n is not None and "ending in" in self.says(n, f"MOVE {self.phones[to].msisdn} PIN {PIN}"):  # fmt: skip
            self.begins(worker, self.phones[to].msisdn, "pin", "invited")

    def the_coordinator_asks(self, who: int, to: int) -> None:
        worker, new = self.worker(who), self.phones[to].msisdn
        old = worker.phone or worker.lost
        if old is None:
            return
        wanjiku = Person(self.town, "wanjiku", COORDINATOR)
        reply = self.run(wanjiku.texts(f"MOVE {old} {new} PIN {COORDINATOR_PIN}")) or ""
        self.story.append(f"the coordinator asks for {worker.name} to {to}: {reply[:40]}")
        if "Two people" in reply:
            id_ = self.run(
                self.town.value("select worker_id from number_move order by id desc limit 1")
            )
            assert self.books.workers[id_].phone in (old, None), self.told
            self.begins(self.books.workers[id_], new, "persons", "requested")

    def begins(self, worker: Worker, new: str, kind: str, stage: str) -> None:
        before = self.books.changes.get(worker.id)
        assert not (before and before.holds(self.now())), f"within a hold: {self.told}"
        assert self.books.is_free(new, worker, self.now()), self.told
        worker.bare = False
        expires = self.now() + (ANSWER if stage == "invited" else DECIDE)
        self.books.changes[worker.id] = Change(kind, worker.phone, new, stage, expires)

    def persons_decide(self, who: int, what: str, *, both: bool) -> None:
        waiting = self.books.waiting()
        worker = waiting[who % len(waiting)]
        for name in ("Asha", "Juma") if both else ("Juma",):
            if worker in self.books.waiting():
                self.a_person_says(worker, name, what)

    def a_person_says(self, worker: Worker, name: str, what: str) -> None:
        change = self.books.changes[worker.id]
        number = self.run(self.town.value("select max(id) from number_move where worker_id = $1 and kind <> 'release'", worker.id))  # fmt: skip
        try:
            outcome = self.run(decide_number_requests.decide_number_move(self.town.rt, number, what, by=name, key=self.keys[name], because="seen"))  # fmt: skip
        except Refused as why:
            self.story.append(f"{name} {what}s for {worker.name}: {why}")
            old = change.stage == "requested" and change.expires <= self.now()
            taken = not self.books.is_free(change.new, worker, self.now())
            back = change.done_at and self.books.owner(change.old or "")
            moved = worker.phone != change.old
            assert old or taken or back or moved or self.open_payout(worker), self.told
            return
        self.story.append(f"{name} {what}s for {worker.name}: {outcome}")
        two = any(other != name and said == what for other, said in change.said.items())
        if outcome == "noted":
            assert not two, self.told
            change.said = {name: what}
            return
        assert two or (what == "refuse" and change.stage == "requested"), self.told
        change.said = {}
        match outcome:
            case "invited":
                change.stage, change.expires = "invited", self.now() + ANSWER
            case "kept":
                change.stage = "done"
            case "given_back":
                self.books.give_back(worker)
            case _:
                change.stage = "refused"

    def the_asked_number_says(self, words: str) -> None:
        asked = self.books.asked(self.now())
        self.says(next(n for n, p in enumerate(self.phones) if p.msisdn in asked), words)

    def the_number_before_says(self, words: str) -> None:
        left = self.books.left(self.now())
        self.says(next(n for n, p in enumerate(self.phones) if p.msisdn in left), words)

    def a_stranger_has_her_sim(self, who: int, *, sure: bool) -> None:
        worker = self.worker(who)
        n = self.phone_of(worker)
        if n is not None and "again" in self.says(n, "NOTME") and sure:
            worker.lost = worker.phone
            self.says(n, "NOTME")

    def pays_and_agrees_at_the_same_moment(self) -> None:
        now = self.now()
        to = next(n for n, p in enumerate(self.phones) if p.msisdn in self.books.asked(now))
        mover = self.books.invited(self.phones[to].msisdn, now)
        n = self.phone_of(mover) if mover else None
        if mover is None or n is None:
            return

        self.says(n, "WORK")
        self.says(n, "1")

        async def both() -> None:
            await asyncio.gather(self.phones[n].sends("PAY"), self.phones[to].sends("YES"))

        self.run(both())
        self.story.append(f"{n} pays and {to} agrees at once")
        query = "select msisdn_index from worker where id = $1"
        if self.run(self.town.value(query, mover.id)) == self.phones[to].index:
            self.books.swap(mover, now)
            assert not self.open_payout(mover), f"it would go to the old number: {self.told}"
        else:
            self.says(to, "YES")

    def time_passes(self, hours: int) -> None:
        self.story.append(f"{hours} h")
        count = "select count(*) from payout_pass"
        before = self.run(self.town.value(count))
        self.run(self.town.ticks(hours=hours))
        self.run(self.town.operators.daraja.post.settle())
        self.run(self.town.ticks(minutes=2))
        let_go = self.run(self.town.rt.db.rows("select p.worker_id from payout_pass x join payout p on p.id = x.payout_id order by x.at desc limit $1", self.run(self.town.value(count)) - before))  # fmt: skip
        for row in let_go:
            change = self.books.changes.get(row["worker_id"])
            assert not (change and change.done_at and change.holds(self.now())), self.told
