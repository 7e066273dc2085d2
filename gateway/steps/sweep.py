"""Finds what was left lying: leases that ran out, messages whose runner died, early receipts, lonely sessions."""

from gateway.runtime import Runtime
from gateway.steps.receipts import retry_waiting_receipts
from gateway.store import outbox

_AT_ONCE = 1000


async def sweep(rt: Runtime) -> None:
    now = rt.clock.now()
    await rt.db.execute(
        """select release_task(id, 'expired') from (select id from assignment
             where state = 'held' and lease_until < $1 order by lease_until limit $2) a""",
        now,
        _AT_ONCE,
    )
    await outbox.recover(rt.db, now)
    await retry_waiting_receipts(rt)
