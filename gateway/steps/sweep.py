"""Finds what was left lying: leases that ran out, messages whose runner died, early receipts, lonely sessions."""

from datetime import timedelta

from gateway.runtime import Runtime
from gateway.steps import respect
from gateway.steps.receipts import retry_waiting_receipts
from gateway.steps.retry import until_settled
from gateway.steps.unknowns import settle_unknown
from gateway.steps.uploading import sweep_uploads
from gateway.store import leases

_AT_ONCE = 1000


async def sweep(rt: Runtime) -> None:
    now = rt.clock.now()
    grace = timedelta(seconds=rt.settings.receipt_grace_s)
    await until_settled(lambda: leases.lapse(rt.db, now, grace, _AT_ONCE))
    await settle_unknown(rt)
    await respect.hush(rt)
    await retry_waiting_receipts(rt)
    await sweep_uploads(rt)
