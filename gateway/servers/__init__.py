"""The embedded servers: a real PostgreSQL and Redis inside the data folder.

The gateway uses them when the settings name no server. `EmbeddedServers` is the whole interface.
Behind it each server is *kept* (see `kept`): a small keeper process holds the server as its child
for as long as any gateway process uses the data folder. This package imports the standard library
only, so it starts fast and runs before anything is installed.
"""

from gateway.servers.embedded import EmbeddedServers
from gateway.servers.errors import ServerError

__all__ = ["EmbeddedServers", "ServerError"]
