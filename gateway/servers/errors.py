"""The errors of an embedded server. Each message is one line that says what to do."""

from gateway.base.errors import GatewayError


class ServerError(GatewayError):
    """An error that keeps an embedded server from running, as one line for the operator."""


class NotRunning(ServerError):
    """An error for a server that is needed, is down, and may not be started by this command."""
