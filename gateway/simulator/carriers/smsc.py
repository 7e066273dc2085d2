"""An operator's SMSC as SMPP 3.4 shows it to an ESME (for example Kannel).

An ESME binds, submits messages, and receives receipts and phones' texts. Only the needs of such a
link are implemented: bind, submit_sm with a receipt (numbers that end in 99 cannot be reached),
deliver_sm, enquire_link and unbind. Texts have one part, in Latin-1 or UCS-2. Wire format: SMPP
3.4, sections 4 and 5.
"""

import asyncio
import contextlib
import struct
import time
from dataclasses import dataclass, field
from typing import Self

BINDS = {1: "receiver", 2: "transmitter", 9: "transceiver"}
SUBMIT_SM, DELIVER_SM, UNBIND, ENQUIRE_LINK = 0x4, 0x5, 0x6, 0x15
RESPONSE = 0x80000000
INVALID_COMMAND = 0x3
RECEIPT_ESM_CLASS = 0x04
UCS2 = 8
# The number of deliver_sm that may wait for their response before phones have to wait, too.
WINDOW = 50
_TEXT_BYTES_MAX = 254


@dataclass(frozen=True, slots=True)
class SubmittedMessage:
    """A message that was handed to the operator."""

    id: str
    sender: str
    to: str
    text: str
    wants_receipt: bool


@dataclass
class Smsc:
    """An SMSC that listens on the loopback."""

    port: int = 0
    """The port to listen on. 0 takes any free port."""
    submitted: list[SubmittedMessage] = field(default_factory=list)
    """The messages that were submitted, in order of arrival."""
    receipts: int = 0
    """The number of receipts delivered."""
    acknowledged: int = 0
    """The number of phones' texts that the other side acknowledged and so must keep."""
    _links: list["_Link"] = field(default_factory=list)
    _server: asyncio.Server | None = None
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for link in list(self._links):
            link.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def bound(self) -> bool:
        """Return whether a connected ESME receives phones' texts."""
        return any(link.receives for link in self._links)

    async def phone_says(self, phone: str, to: str, text: str) -> None:
        """Deliver a text from a phone to `to`.

        Waits while too many texts are not acknowledged yet.
        """
        await self._receiver().deliver(phone, to, text.encode("latin-1"))

    def _receiver(self) -> "_Link":
        return next(link for link in self._links if link.receives)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        link = _Link(self, reader, writer)
        self._links.append(link)
        try:
            await link.run()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # The ESME closed the connection.
        finally:
            self._links.remove(link)
            link.close()

    def took(self, sent: SubmittedMessage) -> None:
        self.submitted.append(sent)
        if sent.wants_receipt:
            task = asyncio.create_task(self._receipt(sent))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _receipt(self, sent: SubmittedMessage) -> None:
        """Deliver the receipt of a message, also for an unreachable phone.

        The format is that of SMPP 3.4, appendix B.
        """
        reached = not sent.to.endswith("99")
        stat, done = ("DELIVRD", "001") if reached else ("UNDELIV", "000")
        date = time.strftime("%y%m%d%H%M")
        error = "000" if reached else "001"
        words = (
            f"id:{sent.id} sub:001 dlvrd:{done} submit date:{date} done date:{date} "
            f"stat:{stat} err:{error} text:{sent.text[:10]}"
        )
        await self._receiver().deliver(
            sent.to, sent.sender, words.encode("latin-1", "replace"), RECEIPT_ESM_CLASS
        )
        self.receipts += 1


class _Link:
    """The connection of one ESME."""

    def __init__(
        self, smsc: Smsc, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._smsc, self._reader, self._writer = smsc, reader, writer
        self._window = asyncio.Semaphore(WINDOW)
        self._sequence = 0
        self.receives = False

    def close(self) -> None:
        with contextlib.suppress(RuntimeError):
            self._writer.close()

    async def run(self) -> None:
        while True:
            length, command, _, sequence = struct.unpack(
                "!IIII", await self._reader.readexactly(16)
            )
            body = await self._reader.readexactly(length - 16)
            if command in BINDS:
                self.receives = BINDS[command] != "transmitter"
                self._write(command | RESPONSE, 0, sequence, b"simulated\0")
            elif command == SUBMIT_SM:
                sent = _submitted(body, f"{len(self._smsc.submitted) + 1:08x}")
                self._write(SUBMIT_SM | RESPONSE, 0, sequence, sent.id.encode() + b"\0")
                self._smsc.took(sent)
            elif command == DELIVER_SM | RESPONSE:
                self._window.release()
                self._smsc.acknowledged += 1
            elif command in (ENQUIRE_LINK, UNBIND):
                self._write(command | RESPONSE, 0, sequence)
                if command == UNBIND:
                    return
            elif command < RESPONSE:
                self._write(RESPONSE, INVALID_COMMAND, sequence)
            await self._writer.drain()

    async def deliver(self, source: str, to: str, text: bytes, esm_class: int = 0) -> None:
        await self._window.acquire()
        self._sequence += 1
        short = text[:_TEXT_BYTES_MAX]
        # The fields in order: service type, international numbers, esm class, protocol, priority,
        # no times, flags, coding 0, and the text.
        body = b"".join(
            (
                b"\0",
                *(b"\x01\x01", source.lstrip("+").encode(), b"\0"),
                *(b"\x00\x01", to.lstrip("+").encode(), b"\0"),
                bytes([esm_class, 0, 0]) + b"\0\0",
                bytes([0, 0, 3, 0, len(short)]),  # coding 3 is Latin-1
                short,
            )
        )
        self._write(DELIVER_SM, 0, self._sequence, body)
        await self._writer.drain()

    def _write(self, command: int, status: int, sequence: int, body: bytes = b"") -> None:
        self._writer.write(struct.pack("!IIII", 16 + len(body), command, status, sequence) + body)


def _submitted(body: bytes, message_id: str) -> SubmittedMessage:
    """Read the body of a submit_sm (SMPP 3.4, 4.4.1)."""
    _, at = _string(body, 0)
    sender, at = _string(body, at + 2)
    to, at = _string(body, at + 2)
    _, at = _string(body, at + 3)
    _, at = _string(body, at)
    registered, coding, length = body[at], body[at + 2], body[at + 4]
    short = body[at + 5 : at + 5 + length]
    text = short.decode("utf-16-be" if coding == UCS2 else "latin-1", "replace")
    return SubmittedMessage(message_id, sender, to, text, bool(registered & 3))


def _string(body: bytes, at: int) -> tuple[str, int]:
    end = body.index(b"\0", at)
    return body[at:end].decode("latin-1"), end + 1
