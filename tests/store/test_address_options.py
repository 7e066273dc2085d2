"""A database address with `sslmode`, as the doctor advises it, is understood everywhere.

Every part that connects is tested.
"""

from gateway.store.db import open_database, ping
from gateway.store.schema import migrate, must_be_current


async def test_an_address_with_sslmode_is_migrated_and_opened(new_database):
    url = f"{await new_database('sslmode')}&sslmode=prefer"
    await migrate(url)
    db = await open_database(url, connections=1)
    try:
        await ping(db)
        await must_be_current(db)
    finally:
        await db.close()
