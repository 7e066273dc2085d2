"""The command line, with one file per command. `gateway --help` lists them."""

import gc
import sys


def main() -> None:
    """Run a command. An expected error is printed as one line, and the exit code is 1."""
    # What a process loads stays for its life. With Python's own thresholds the garbage collector
    # looks at all of it again and again, which takes about a tenth of a start.
    gc.set_threshold(10_000, 20, 50)
    from gateway.base.errors import GatewayError
    from gateway.base.redaction import redacted
    from gateway.cli.commands import app

    try:
        _refuse_broken_arguments()
        app()
    except GatewayError as problem:
        print(f"gateway: {redacted(str(problem))}", file=sys.stderr)
        sys.exit(1)


def _refuse_broken_arguments() -> None:
    """Raise Refused for an argument whose bytes are not UTF-8 text."""
    from gateway.base.errors import Refused

    for place, argument in enumerate(sys.argv[1:], 1):
        try:
            argument.encode()
        except UnicodeEncodeError:
            raise Refused(f"argument {place} is not UTF-8 text") from None
