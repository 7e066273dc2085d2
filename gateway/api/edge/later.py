"""An answer that is being made outside the application."""

import asyncio
from dataclasses import dataclass, field


@dataclass(slots=True)
class LaterAnswer:
    """The part of uvicorn's cycle of a request that its protocol looks at.

    A further request on the connection waits behind it, and a server that stops waits for it.
    """

    keep_alive: bool
    response_complete: bool = False
    disconnected: bool = False
    message_event: asyncio.Event = field(default_factory=asyncio.Event)
