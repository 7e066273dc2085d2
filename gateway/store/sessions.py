"""USSD sessions as the provider ends them."""

from gateway.store.db import Database


async def end(db: Database, channel: str, session: str, *, completed: bool) -> None:
    """Note that a session is over; a second notice changes nothing."""
    await db.execute(
        """update ussd_session set ended = true, completed = $3
           where channel = $1 and session = $2 and completed is null""",
        channel,
        session,
        completed,
    )
