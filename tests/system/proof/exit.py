"""The drill of the safe exit: a gateway is lost, and a new one pays everyone from its last backup.

`python -m tests.system.proof.exit --workers 10000`

A gateway is filled with history and backed up. After the backup it sends some of its payouts and
makes others that the backup does not know; then it is lost. `gateway wind-down --from` is killed
and repeated, and so is `prepare`. Requests, answers and callbacks get lost, and the process that
pays is struck down again and again, as in the other proofs, in virtual time.
"""

# The strict rules are the product's (pyproject: include); fixtures have no types.
# pyright: basic

import argparse
import asyncio
import json
import logging
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import structlog
from pydantic import SecretStr

from gateway.app import open_runtime
from gateway.base import plugins
from gateway.base.clock import SetClock
from gateway.base.errors import Refused
from gateway.base.ids import WorkerId, new_ref
from gateway.conversation.facts import PayAsked
from gateway.payments import providers as shelf
from gateway.queue.inline import InlineJobQueue
from gateway.servers import EmbeddedServers
from gateway.settings import Country, ProviderSettings, Settings
from gateway.simulator.operators.statement import statement as statement_text
from gateway.steps.payouts.approve import approve_as_second
from gateway.steps.payouts.cash_out import payout_part
from gateway.steps.payouts.disburse import order_of
from gateway.steps.payouts.winding import dues, owed, prepare, proofs, sources
from gateway.steps.people import persons
from gateway.store.ledger import transfers
from gateway.store.payouts import payouts
from tests.console.tree import clean_environment, gateway

from . import daraja
from .episode import Episode, Tokens
from .wires import Rates, Wires, World

_LEAST_MINOR = 1_000
_HOURS_MAX = 24
_ROUNDS_MAX = 20


@dataclass
class ExitVerdict:
    """The outcome of one drill. Amounts are in minor units."""

    workers: int = 0
    """The workers who were owed something at the backup."""
    reachable: int = 0
    paid_whole: int = 0
    """The reachable workers who have all that they were owed, to the last payable unit."""
    doubled: int = 0
    """The workers who received more than they were owed."""
    proofs: int = 0
    unreached_listed: int = 0
    """The workers who are still owed something at the end, all of them on the list."""
    listed_by_reason: dict[str, int] = field(default_factory=dict)
    """Their numbers by the reason on the list, without times."""
    too_small_minor: int = 0
    """The money that is still owed because no provider sends so little."""
    paid_minor: int = 0
    kills: int = 0
    virtual_hours: float = 0.0
    seconds: float = 0.0
    faults: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        return not self.faults and not self.doubled and self.paid_whole == self.reachable


@dataclass
class Drill(Episode):
    """One drill in a folder of its own. `payouts` is the number of workers."""

    payouts: int = 300
    seed: int = 1
    factor: float = 1.0
    folder: Path = Path()
    keys: dict[str, str] = field(default_factory=dict)
    verdict: ExitVerdict = field(default_factory=ExitVerdict)

    async def play(self) -> ExitVerdict:
        """Play the drill to its end, and judge."""
        began = time.monotonic()
        self._fill()
        at = float(int(time.time()))
        self.world = World(random.Random(self.seed), Rates().times(self.factor), at)
        self.clock = SetClock(datetime.fromtimestamp(at, UTC))
        mpesa = daraja.ProofDaraja(self.world, seed=self.seed, float_minor=10**12)
        mpesa.books.move_float(100, "the day before")
        self.operators = {daraja.HOST: mpesa}
        async with self._opened("old"):
            asked = await self._before_the_backup()
        self._command("old", "ledger", "seal")
        self._command(
            "old", "backup", str(self.folder / "backup"), "--key-to", str(self.folder / "key")
        )
        async with self._opened("old"):
            owed_minor = await self._owed()
            await self._after_the_backup(asked)
        self._killed_and_repeated()
        async with self._opened("new"):
            await self._pays_everyone()
            await self._judge(owed_minor)
        self.verdict.seconds = round(time.monotonic() - began, 1)
        return self.verdict

    # --- the gateway that is lost ---

    def _fill(self) -> None:
        answers = str(max(1000, self.payouts * 10))
        words = ("--answers", answers, "--workers", str(self.payouts), "--open-tasks", "500")
        self._command("old", "fill", "--into", str(self.folder / "old"), *words)

    async def _before_the_backup(self) -> list[int]:
        """Make the persons, some lost numbers, and payouts that wait at the backup."""
        for name in ("Asha", "Juma"):
            self.keys[name] = (await persons.add_person(self.rt, name)).key
        lost = max(2, self.payouts // 100)
        await self.rt.db.execute(
            "update worker set number_lost_at = now() where id > (select max(id) - $1::bigint from worker)",
            lost,
        )
        return await self._ask(max(4, self.payouts // 50), after=0)

    async def _ask(self, count: int, after: int) -> list[int]:
        rows = await self.rt.db.rows(
            """select w.id, w.msisdn_sealed, a.balance from worker w join account a on a.id = w.account_id
               where w.id > $1 and a.balance >= 2000 and w.number_lost_at is null
                 and not exists (select from payout p where p.worker_id = w.id and p.settled_at is null)
               order by w.id limit $2""",
            after,
            count,
        )
        for row in rows:
            asked = PayAsked(row["balance"] // 200 * 100, new_ref())
            part = await payout_part(
                self.rt, WorkerId(row["id"]), "KES", asked, self.rt.vault.open(row["msisdn_sealed"])
            )
            await self.rt.db.write([part])
        return [row["id"] for row in rows]

    async def _after_the_backup(self, asked: list[int]) -> None:
        """Send every second payout that waits, and some that the backup does not know."""
        await self._ask(max(4, self.payouts // 50), after=max(asked))
        rows = await self.rt.db.rows(
            "select id, worker_id from payout where settled_at is null order by worker_id"
        )
        for row in rows:
            if row["worker_id"] in asked and row["worker_id"] % 2:
                continue
            stored = await payouts.by_id(self.rt.db, self.rt.vault, row["id"])
            await self.rt.providers["mpesa"].submit(self.rt.http, order_of(self.rt, stored))
        self._moves_to(self.world.now + 30_000)
        self.world.callbacks.clear()  # They reach no gateway any more.

    # --- the new machine ---

    def _killed_and_repeated(self) -> None:
        words = (
            "wind-down",
            "--from",
            str(self.folder / "backup"),
            "--key",
            str(self.folder / "key"),
        )
        for seconds in (2.0, 4.0):
            process = subprocess.Popen(
                [sys.executable, "-m", "gateway", *words],
                env=self._environment("new"),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            try:
                process.wait(seconds)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                self.verdict.kills += 1
        said = self._command("new", *words)
        assert "dry run" in said, said

    async def _pays_everyone(self) -> None:
        began, asha = self.world.now, ("Asha", self.keys["Asha"])
        await self._reads_the_statement()
        self._prepare_is_killed()
        for _ in range(_ROUNDS_MAX):
            await self._runs()
            await self._reads_the_statement()
            try:
                made = await prepare.prepare(self.rt, *asha)
            except Refused as nothing_left:
                if "nothing is left" not in str(nothing_left):
                    raise
                if not [one async for one in dues.dues(self.rt) if dues.TRIED in one.why_not]:
                    break
                self._moves_to(self.world.now + 3600)  # Some payouts failed: they are tried again.
                continue
            await approve_as_second(self.rt, made.number, made.code, "Juma", self.keys["Juma"])
        self.verdict.virtual_hours = round((self.world.now - began) / 3600, 2)

    async def _reads_the_statement(self) -> None:
        said = statement_text(self.operators[daraja.HOST].books, moves=True).encode()
        await sources.read_statement(self.rt, "mpesa", said, "Asha", self.keys["Asha"])

    def _moves_to(self, now: float) -> None:
        self.world.moves_to(now)
        self.clock.advance(datetime.fromtimestamp(self.world.now, UTC) - self.clock.now())

    def _prepare_is_killed(self) -> None:
        key = self.folder / "asha.key"
        key.write_text(self.keys["Asha"])
        words = ("wind-down", "prepare", "--by", "Asha", "--key-file", str(key))
        for point in ("wind_down.slice", "wind_down.made"):
            done = subprocess.run(
                [sys.executable, "-m", "gateway", *words],
                env={**self._environment("new"), "FAILPOINT": point},
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == -9, done.stderr
            self.verdict.kills += 1

    async def _runs(self) -> None:
        """Let the runners and the operator talk until no payout is under way."""
        while True:
            await self._due()
            await self._callbacks()
            waits = "select count(*) from payout where settled_at is null and state <> 'awaiting_approval'"
            if not await self.rt.db.value(waits):
                return
            due = await self.rt.db.value(
                "select extract(epoch from min(due_at))::float8 from payout_due"
            )
            coming = self.world.to_come[0].at if self.world.to_come else None
            until = min([t for t in (due, coming) if t is not None], default=self.world.now)
            self._moves_to(max(until, self.world.now + self._step_s()))

    # --- the judge ---

    async def _owed(self) -> dict[str, int]:
        """Return what each number is owed at the backup: its balance and its payout under way."""
        rows = await self.rt.db.rows(
            """select w.msisdn_sealed, a.balance + coalesce(sum(p.amount), 0)::bigint as minor
               from worker w join account a on a.id = w.account_id
                 left join payout p on p.worker_id = w.id and p.settled_at is null
               group by w.id, a.balance"""
        )
        return {
            self.rt.vault.open(row["msisdn_sealed"]): row["minor"] for row in rows if row["minor"]
        }

    async def _judge(self, owed_minor: dict[str, int]) -> None:
        v, rt = self.verdict, self.rt
        query = "SELECT msisdn, sum(amount_minor) FROM payment GROUP BY msisdn"
        paid = {
            f"+{number}": minor
            for number, minor in self.operators[daraja.HOST].books.db.execute(query)
        }
        rows = await rt.db.rows(
            """select w.id, w.msisdn_sealed, a.balance, w.number_lost_at is not null as lost from worker w
               join account a on a.id = w.account_id"""
        )
        listed = {row[0]: row async for row in owed.owed_rows(rt, numbers=True)}
        v.workers, v.unreached_listed = len(owed_minor), len(listed)
        v.listed_by_reason = dict(Counter(row[-1].partition(":")[0] for row in listed.values()))
        for row in rows:
            number = rt.vault.open(row["msisdn_sealed"])
            was, got = owed_minor.get(number, 0), paid.get(number, 0)
            v.paid_minor += got
            if got > was:
                v.doubled += 1
                v.faults.append(f"{number} was owed {was} and received {got}")
            elif got + row["balance"] != was:
                v.faults.append(f"{number}: {was} owed, {got} paid, {row['balance']} left")
            if row["balance"] and str(row["id"]) not in listed:
                v.faults.append(f"{number} is owed {row['balance']} and not on the list")
            elif row["balance"]:
                self._check_reason(listed[str(row["id"])][-1], number, was, got, row)
            if was >= _LEAST_MINOR and not row["lost"]:
                v.reachable += 1
                v.paid_whole += row["balance"] < _LEAST_MINOR
        if v.virtual_hours > _HOURS_MAX:
            v.faults.append(f"it took {v.virtual_hours} hours")
        v.faults += (await transfers.audit(rt.db)).faults
        await self._proofs()
        del v.faults[20:]

    def _check_reason(self, why: str, number: str, was: int, got: int, row) -> None:
        """Compare the reason on the list with what the operator's book says of this worker."""
        small = "less than the provider's minimum" in why
        self.verdict.too_small_minor += row["balance"] if small else 0
        true = {
            "number belongs to another person": row["lost"],
            "the rest after her payout": got and row["balance"] < _LEAST_MINOR,
            "less than the provider's minimum": row["balance"] < _LEAST_MINOR,
            "the provider refused": row["balance"] >= _LEAST_MINOR,
        }
        said = next((known for known in true if known in why), None)
        if said is None or not true[said]:
            self.verdict.faults.append(
                f"{number}: {was} owed, {got} paid, {row['balance']} left, and the reason is {why!r}"
            )

    async def _proofs(self) -> None:
        told = await self.rt.db.rows(
            "select text from outbox where text like '%Proof: %' or text like '%Uthibitisho: %'"
        )
        codes = {row["text"].split(": ")[1].split(".")[0] for row in told}
        for code in codes:
            if await proofs.check_proof(self.rt, code) is None:
                self.verdict.faults.append(f"the proof {code} is not genuine")
        self.verdict.proofs = len(codes)
        since = "select count(*) from payout p join wind_down d on p.settled_at >= d.begun_at where p.state in ('paid', 'late_paid')"
        if len(codes) != (count := await self.rt.db.value(since)):
            self.verdict.faults.append(f"{count} payouts were paid, and {len(codes)} proofs sent")

    # --- machines ---

    @asynccontextmanager
    async def _opened(self, name: str):
        with EmbeddedServers(self.folder / name, redis=False) as servers:
            settings = self._settings(name, servers.database_url)
            async with open_runtime(
                settings, InlineJobQueue(), clock=self.clock, connections=4
            ) as rt:
                await rt.http.close()
                one = settings.providers["mpesa"]
                made = plugins.load(shelf, one.kind).make("mpesa", one.options, Tokens())
                self.rt = replace(
                    rt, http=Wires(self.world, self.operators), providers={"mpesa": made}
                )
                yield

    def _settings(self, name: str, url: str) -> Settings:
        key = (self.folder / name / "secret.key").read_text().strip()
        return Settings(
            data_dir=self.folder / name,
            database_url=SecretStr(url),
            secret_key=SecretStr(key),
            providers={"mpesa": ProviderSettings(kind="mpesa", options=daraja.options())},
            countries={"KE": Country(currency="KES", payout="mpesa")},
        )

    def _environment(self, name: str) -> dict[str, str]:
        config = self.folder / "gateway.toml"
        if not config.exists():
            options = daraja.options()
            lines = [f"{key} = {json.dumps(value)}" for key, value in options.items()]
            config.write_text(
                "\n".join(
                    ["[providers.mpesa]", 'kind = "mpesa"', "[providers.mpesa.options]", *lines]
                )
            )
        return {**clean_environment(self.folder / name), "GATEWAY_CONFIG": str(config)}

    def _command(self, name: str, *words: str) -> str:
        done = gateway(self.folder / name, *words, **self._environment(name))
        assert done.returncode == 0, done.stderr
        return done.stdout


def main() -> None:
    """Play one drill and print its verdict. Exits with 1 when it is not good."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--workers", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--factor", type=float, default=1.0, help="the faults, as a multiple of the usual"
    )
    given = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    with tempfile.TemporaryDirectory(prefix="exit-") as folder:
        drill = Drill(given.workers, given.seed, given.factor, folder=Path(folder))
        verdict = asyncio.run(drill.play())
    print(json.dumps({**asdict(verdict), "good": verdict.good}, indent=1))
    sys.exit(not verdict.good)


if __name__ == "__main__":
    main()
