"""Real PostgreSQL and Redis inside the data folder, for when no server was given.

`EmbeddedServers` is the whole interface. Behind it each server is *kept* (see `kept`): a small
keeper process holds it as its child for as long as any gateway process uses the data folder.
This room is standard library only, so it starts fast and runs before anything is installed.
"""

from gateway.servers.embedded import EmbeddedServers
from gateway.servers.errors import ServerError

__all__ = ["EmbeddedServers", "ServerError"]
