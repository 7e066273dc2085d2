"""The job that finds abandoned work.

It finds leases that ran out, messages whose runner died, early receipts, uploads and sessions. It
also removes the files of projects that are over for long enough.
"""

from datetime import timedelta

from gateway.steps.batches.uploading import sweep_uploads
from gateway.steps.messages import contact_hours
from gateway.steps.messages.receipts import retry_waiting_receipts
from gateway.steps.messages.settle_unknown import settle_unknown
from gateway.steps.repeated import KEPT
from gateway.steps.retry import until_settled
from gateway.steps.runtime import Runtime
from gateway.store.batches import projects
from gateway.store.batches.life import unfinished_copies
from gateway.store.people import idempotency
from gateway.store.turns import leases

_AT_ONCE = 1000


async def sweep(rt: Runtime) -> None:
    """Process all abandoned work once."""
    now = rt.clock.now()
    grace = timedelta(seconds=rt.settings.receipt_grace_s)
    await until_settled(lambda: leases.lapse(rt.db, now, grace, _AT_ONCE))
    await settle_unknown(rt)
    await contact_hours.hush(rt)
    await retry_waiting_receipts(rt)
    await sweep_uploads(rt)
    await unfinished_copies.remove_cut_off(rt.db, now)
    await idempotency.remove_before(rt.db, now - KEPT, _AT_ONCE)
    await _remove_project_files(rt)


async def _remove_project_files(rt: Runtime) -> None:
    days = rt.settings.retention.project_files_days
    before = rt.clock.now() - timedelta(days=days) if days else None
    await until_settled(lambda: projects.remove_files(rt.db, rt.clock.now(), before, _AT_ONCE))
