"""The few messages of PostgreSQL's protocol that one statement on a private socket needs.

They suffice for "are you ready?" and CREATE DATABASE. Importing a driver would cost more than
starting the server. Message formats: PostgreSQL manual, "Frontend/Backend Protocol".
"""

import socket
import struct
from pathlib import Path
from typing import Final

PROTOCOL_3_0: Final = 196_608
LENGTH_BYTES: Final = 4
MESSAGE_BYTES_MAX: Final = 1_000_000
TIMEOUT_S: Final = 30.0


class Rejected(Exception):
    """An error that the server answered. `sqlstate` is its code."""

    def __init__(self, sqlstate: str, text: str) -> None:
        super().__init__(text)
        self.sqlstate = sqlstate


def ask_postgres(path: Path, database: str, statement: str = "") -> None:
    """Log in to `database` over the socket, run `statement` if there is one, and disconnect.

    Raises Rejected when the server answers with an error, and OSError when no server answers.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as wire:
        wire.settimeout(TIMEOUT_S)
        wire.connect(str(path))
        words = b"user\0gateway\0database\0" + database.encode() + b"\0\0"
        wire.sendall(struct.pack("!ii", 8 + len(words), PROTOCOL_3_0) + words)
        _until_ready(wire)
        if statement:
            query = statement.encode() + b"\0"
            wire.sendall(b"Q" + struct.pack("!i", 4 + len(query)) + query)
            _until_ready(wire)
        wire.sendall(b"X" + struct.pack("!i", 4))


def _until_ready(wire: socket.socket) -> None:
    while True:
        kind, length = struct.unpack("!ci", _read(wire, 5))
        assert LENGTH_BYTES <= length <= MESSAGE_BYTES_MAX, "not PostgreSQL's protocol"
        body = _read(wire, length - LENGTH_BYTES)
        if kind == b"E":
            fields = {part[:1]: part[1:].decode() for part in body.split(b"\0") if part}
            raise Rejected(fields.get(b"C", ""), fields.get(b"M", "no message"))
        if kind == b"Z":
            return


def _read(wire: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        part = wire.recv(size - len(data))
        if not part:
            raise ConnectionResetError("the server closed the connection")
        data += part
    return data
