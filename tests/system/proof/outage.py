"""Both operators fall silent for 40 minutes in the middle of an episode.

`python -m tests.system.proof.outage --payouts N --seed S`

Counted in virtual time: of the payouts whose outcome was unknown when the silence ended, how many
were settled within five minutes of the operator's first answer (or of its own last word on the
payment, where that came later: a payment that is still pending there is no unknown outcome). The
usual fault rates go on before and after; `--factor` multiplies them.
"""

# The strict rules are the product's (pyproject: include); fixtures have no types.
# pyright: basic

import argparse
import asyncio
import logging
import sys
from dataclasses import dataclass, field, replace

import structlog

from gateway.steps.payouts.provider_health import heed
from gateway.store.payouts import provider_health

from .__main__ import throwaway
from .episode import Episode
from .play import run_statement

SILENT_AFTER_S, SILENT_S = 300.0, 2_400.0
SOON_S = 300.0
STEP_S = 5.0
WATCHED_S = 1_800.0


@dataclass
class Silence(Episode):
    """An episode with an outage.

    `settled_s`: seconds from the operator answering again to settled, of each outcome that was
    unknown then.
    """

    settled_s: dict[str, float] = field(default_factory=dict)
    unknown: dict[str, str] | None = None
    ended: float = 0.0
    _heard: dict[str, float] = field(default_factory=dict)

    async def _plays(self) -> None:
        usual = self.world.rates
        dark = replace(
            usual, lost_request=1.0, late_request=0.5, not_connected=0.0, lost_callback=1.0
        )
        self.ended = self.world.now + SILENT_AFTER_S + SILENT_S
        self.world.later(SILENT_AFTER_S, lambda: setattr(self.world, "rates", dark))
        self.world.later(SILENT_AFTER_S + SILENT_S, lambda: setattr(self.world, "rates", usual))
        await super()._plays()

    def _step_s(self) -> float:
        near = self.ended - 60 < self.world.now < self.ended + WATCHED_S
        return STEP_S if near else super()._step_s()

    async def _due(self) -> None:
        await provider_health.tend(self.rt.db, self.clock.now())
        if self.unknown is None and self.world.now >= self.ended:
            rows = await self.rt.db.rows(
                "select key, provider from payout where settled_at is null and maybe_taken"
            )
            self.unknown = {row["key"]: row["provider"] for row in rows}
        await super()._due()

    async def _heed(self, heard) -> None:
        await heed(self.rt, heard)
        if self.unknown is None:
            return
        for row in await self.rt.db.rows("select provider, heard_at from provider_health"):
            at = row["heard_at"].timestamp() if row["heard_at"] else 0.0
            if at >= self.ended:
                self._heard.setdefault(row["provider"], at)
        left = [key for key in self.unknown if key not in self.settled_s]
        done = await self.rt.db.rows(
            "select key from payout where key = any($1) and settled_at is not null", left
        )
        operators = {one.name: one for one in self.operators.values()}
        for row in done:
            name = self.unknown[row["key"]]
            final = operators[name].final_at(row["key"])
            self.settled_s[row["key"]] = self.world.now - max(
                self._heard.get(name, self.ended), final
            )

    @property
    def share(self) -> float:
        """Return the share of the unknown outcomes that was settled within five minutes."""
        assert self.unknown
        return sum(s <= SOON_S for s in self.settled_s.values()) / len(self.unknown)


async def measure(database_url: str, payouts: int, seed: int, factor: float) -> Silence:
    played = Silence(payouts, seed, factor)
    verdict = await played.run(database_url)
    assert verdict.good, verdict.faults
    return played


def main() -> int:
    ask = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    ask.add_argument("--payouts", type=int, default=2_000)
    ask.add_argument("--seed", type=int, default=1)
    ask.add_argument("--factor", type=float, default=1.0, help="times the usual fault rates")
    given = ask.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    with throwaway() as servers:
        asyncio.run(run_statement(servers.postgres_dsn, "create database silence template proof"))
        url = servers.database_url.replace("/gateway?", "/silence?")
        played = asyncio.run(measure(url, given.payouts, given.seed, given.factor))
    slow = sorted(played.settled_s.values())[-5:]
    print(
        f"{len(played.unknown or ())} outcomes unknown after {SILENT_S / 60:.0f} minutes of silence: {played.share:.1%}"
        f" settled within five minutes of an answer; the slowest after {', '.join(f'{s:.0f} s' for s in slow)}"
    )
    return 0 if played.share >= 0.99 else 1


if __name__ == "__main__":
    sys.exit(main())
