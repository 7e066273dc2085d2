"""What goes wrong with an embedded server, said in one line that tells what to do."""

from gateway.errors import GatewayError


class ServerError(GatewayError):
    """An embedded server cannot run; the message is one line for the person at the keyboard."""


class NotRunning(ServerError):
    """A server is needed, does not run, and is not to be started by this command."""
