"""The command line: one file per command. `gateway --help` lists them."""

import sys


def main() -> None:
    """Run a command; what goes wrong on purpose is one line and exit code 1."""
    from gateway.cli.commands import app
    from gateway.errors import GatewayError
    from gateway.redaction import redacted

    try:
        app()
    except GatewayError as problem:
        print(f"gateway: {redacted(str(problem))}", file=sys.stderr)
        sys.exit(1)
