"""HTTP on a connection, with limits.

It extends uvicorn's httptools protocol, which has no limits for headers, time and connections. A
request is refused here before it is made: for an address or headers that are too long, a caller
that is too slow, or a connection too many. A body's limits are in `bodies`, where its route is
known. Nothing that a stranger does writes a log line. Refusals are counted.
"""

import asyncio
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from typing import Any, Final, cast

import httptools
from starlette.responses import PlainTextResponse
from starlette.types import Scope
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)
from uvicorn.server import ServerState

from gateway.api.callers.addresses import is_trusted
from gateway.api.callers.request_ids import REQUEST_ID, new_request_id
from gateway.api.edge.connections import ConnectionTable, OpenConnection
from gateway.api.edge.later import LaterAnswer
from gateway.api.edge.refusals import setting_name
from gateway.api.edge.turnstile import HeldCall, Turnstile
from gateway.api.problems import problem
from gateway.settings import DoorLimits

CONNECTION: Final = "gateway.connection"
"""The scope's extension by which `prove` finds the connection."""
# A caller that still sends after its answer has this long to read it before the connection is cut.
_LINGER_S = 5.0
_LAST_LOOK_S = 0.1
# The body of a key press comes with its head. A later body takes the usual route, where its time is
# limited.
_HELD_S = 1.0
# The number of requests that may follow on a connection before the first is answered.
_PIPELINED_MAX = 16


def prove(scope: Scope) -> None:
    """Note that this request brought the right secret.

    Its connection then keeps a phone's place.
    """
    line = cast("GuardedProtocol | None", scope.get("extensions", {}).get(CONNECTION))
    if line is not None:
        line.prove()


class _Refused(Exception):
    """The end of parsing, when the answer has been decided."""


class _Outgoing:
    """The transport that a request's answer is written to.

    It closes the connection only when the caller could read the answer.
    """

    def __init__(self, protocol: "GuardedProtocol", transport: asyncio.Transport) -> None:
        self._protocol = protocol
        self.write = transport.write
        self.is_closing = transport.is_closing

    def close(self) -> None:
        self._protocol.close_when_read()


class GuardedProtocol(HttpToolsProtocol):
    """The protocol of one connection.

    A request has three parts: the head, the body, and the bytes that are discarded after the
    answer.
    """

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
        *,
        limits: DoorLimits,
        connections: ConnectionTable,
        count: Callable[[str], None],
        turnstile: Callable[[], Turnstile | None],
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._limits = limits
        self._connections = connections
        self._count = count
        self._turnstile = turnstile()
        self._held: HeldCall | None = None  # a call that the turnstile checks
        self._chunk = b""  # the bytes that began the call, if nothing else came with them
        self._quick = False  # whether the latest bytes ended a call that was answered quickly
        self._asked = False  # whether the turnstile has sent the call to the usual route
        self._line: OpenConnection | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._send_timer: asyncio.TimerHandle | None = None
        self._is_trusted = False  # whether the caller may name the id of a request
        self._in_head = True  # also true between requests
        self._begun = False  # whether a byte of the next head has come
        self._last_look = False
        self._head_bytes = 0
        self._fed = 0  # bytes since the last callback that took some, which the parser holds back
        self._discards = False

    # The connection

    def connection_made(self, transport: asyncio.Transport) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        super().connection_made(transport)
        host = self.client[0] if self.client else ""
        self._is_trusted = is_trusted(host, self._connections.proxies) if host else False
        self._line = self._connections.opened(self, host)
        if self._line is None:
            text = "the server cannot take another connection"
            self._refuse(503, text, "limits.connections", "connections", linger=False)
            return
        self._start_timer(self._limits.header_s, self._head_is_late)

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timer()
        if self._send_timer is not None:
            self._send_timer.cancel()
        if self._line is not None:
            self._connections.closed(self._line)
            self._line = None
        super().connection_lost(exc)

    def prove(self) -> None:
        """Note that a webhook with the right secret came on this connection."""
        if self._line is not None:
            self._connections.proven(self._line)

    def give_way(self, text: str, setting: str) -> None:
        """Close at once, for another connection. The reason is sent if an answer is awaited."""
        if self._discards:
            self.transport.abort()
        else:
            self._refuse(503, text, setting, "connections", linger=False)

    # Incoming bytes

    def data_received(self, data: bytes) -> None:
        if self._discards or self.transport.is_closing():
            return
        self._unset_keepalive_if_required()
        self._quick = self._asked = False
        if self._is_known_call(data):
            return
        self._fed += len(data)
        try:
            assert self.parser is not None  # The parser exists until the connection is lost.
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            pass  # No other protocol is spoken here, so the request is answered as plain HTTP.
        except httptools.HttpParserError:
            if not self._discards:
                self._refuse(400, "this is not HTTP that can be read", "", "unreadable")
            return
        if self._held is not None:
            if self._timer is None:
                self._start_timer(_HELD_S, self._let_in)
        elif not self._quick:
            self._limit_time(data)

    def _is_known_call(self, data: bytes) -> bool:
        """Answer bytes that are one call with a known head, and return True, or else False."""
        if self._turnstile is None:
            return False
        begins = self._in_head and not (self._begun or self._fed) and self._is_between
        self._chunk = data if begins else b""
        call = self._turnstile.known(data) if begins and not self.flow.write_paused else None
        if call is None:
            return False
        self._asked = not self._answers_quickly(call)
        return not self._asked

    def _limit_time(self, data: bytes) -> None:
        """Refuse a head that is already too long, or else start the time limit for its rest."""
        if self._in_head:
            if self._fed > self._limits.header_bytes:
                self._refuse_head()
            elif self._timer is None and (self._begun or self._is_between):
                self._start_timer(self._limits.header_s, self._head_is_late)
        elif self._fed > self._limits.header_bytes + len(data):
            # No body came out of more bytes than headers may have, so these are endless trailers or
            # chunk extensions.
            self._refuse(400, "the body's framing is too long", "limits.header_bytes", "too large")

    def on_message_begin(self) -> None:
        super().on_message_begin()
        cast("Scope", self.scope)["extensions"] = {CONNECTION: self}
        self._in_head, self._begun = True, True
        self._head_bytes = 0
        if len(self.pipeline) >= _PIPELINED_MAX:
            self._refuse(400, "too many requests at once on one connection", "", "too many")
            raise _Refused

    def on_url(self, url: bytes) -> None:
        self._count_head(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._in_head:
            return  # A trailer must not change a decision that was made on the headers.
        self._count_head(len(name) + len(value) + 4)
        if len(self.headers) >= self._limits.header_count:
            self._refuse(
                431,
                f"more than {self._limits.header_count} headers",
                "limits.header_count",
                "headers",
            )
            raise _Refused
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._in_head, self._begun, self._last_look = False, False, False
        self._fed = 0
        self._stop_timer()
        self._held = self._held_call()
        if self._held is None:
            self._let_in()

    def _held_call(self) -> HeldCall | None:
        """Return the call, if the turnstile checks this request before the entrance does."""
        assert self.parser is not None
        if (
            self._turnstile is None
            or self._asked
            or not self._is_between
            or self.expect_100_continue
            # A caller that reads no answers is made to wait by the usual route.
            or self.flow.write_paused
            or self.parser.get_method() != b"POST"
        ):
            return None
        keeps_alive = self.parser.get_http_version() != "1.0" and self.parser.should_keep_alive()
        return self._turnstile.held(self.url, self.headers, keeps_alive=keeps_alive)

    def _let_in(self) -> None:
        """Make a request of the received bytes, and pass it to the entrance."""
        held, self._held = self._held, None
        self._stop_timer()
        if self._line is not None:
            self._connections.busy(self._line)
        super().on_headers_complete()
        self.cycle.transport = cast("asyncio.Transport", _Outgoing(self, self.transport))
        if held is not None and held.body:
            super().on_body(held.body)

    def on_body(self, body: bytes) -> None:
        self._fed = 0
        if self._held is None:
            super().on_body(body)
        else:
            self._held.body += body

    def on_message_complete(self) -> None:
        self._in_head = True
        self._fed = 0
        if self._held is not None:
            assert self._turnstile is not None
            self._turnstile.remember(self._chunk, self._held.head)
            if self._answers_quickly(self._held):
                return
            self._let_in()
        super().on_message_complete()
        if self.cycle.response_complete:
            self._stop_timer()
            self._note_waiting()
            self._keep_alive()

    def _answers_quickly(self, call: HeldCall) -> bool:
        """Answer a call at the turnstile and return True, or False for the usual route."""
        assert self._turnstile is not None
        given = call.given_id if self._is_trusted else ""
        answer = self._turnstile.answer(call, given or new_request_id())
        if answer is None:
            return False
        self._held, self._quick = None, True
        self._stop_timer()
        self._unset_keepalive_if_required()
        if self._line is not None:
            self.prove()  # The address of the call holds the channel's secret.
            self._connections.busy(self._line)
        if isinstance(answer, asyncio.Future):
            later = LaterAnswer(keep_alive=call.head.keeps_alive)
            self.cycle = cast("RequestResponseCycle", later)
            answer.add_done_callback(partial(self._answer_later, later))
            return True
        self.server_state.total_requests += 1
        self.transport.write(answer)
        if self._line is not None:
            self._connections.waiting(self._line)
        if call.head.keeps_alive:
            self._keep_alive()
        else:
            self.transport.close()
        return True

    def _answer_later(self, later: LaterAnswer, answer: asyncio.Future[bytes]) -> None:
        later.response_complete = True
        if later.disconnected or self._discards or self.transport.is_closing():
            return
        if answer.cancelled():  # The process ends, and the provider repeats the call.
            self.transport.close()
            return
        self.transport.write(answer.result())
        if not later.keep_alive:
            self.close_when_read()
        self.on_response_complete()

    def _keep_alive(self) -> None:
        self._unset_keepalive_if_required()
        self.timeout_keep_alive_task = self.loop.call_later(
            self.timeout_keep_alive, self.timeout_keep_alive_handler
        )

    # Outgoing bytes

    def on_response_complete(self) -> None:
        if self._discards:
            return
        super().on_response_complete()
        if self._in_head:
            self._note_waiting()
        else:  # The rest of the body is read and discarded, for a short while.
            self._start_timer(_LINGER_S, self._cut)

    def close_when_read(self) -> None:
        """Close at once if the request was read whole, or else end this side and discard the rest.

        A connection that is closed with bytes unread is reset, and the caller loses the answer.
        """
        if self._discards or self.transport.is_closing():
            return
        if self._in_head:
            self._discards = True
            self.transport.close()
        else:
            self._linger()

    def _linger(self) -> None:
        self._discards = True
        if not self.transport.can_write_eof():
            self.transport.close()
            return
        self.transport.write_eof()
        self.flow.resume_reading()
        self._start_timer(_LINGER_S, self._cut)
        if self._line is not None:
            self._connections.waiting(self._line)  # It may be closed when places run out.

    def pause_writing(self) -> None:
        super().pause_writing()
        if self._send_timer is None:
            self._send_timer = self.loop.call_later(self._limits.send_s, self._cut)

    def resume_writing(self) -> None:
        if self._send_timer is not None:
            self._send_timer.cancel()
            self._send_timer = None
        super().resume_writing()

    # Refusals

    def _count_head(self, more: int) -> None:
        self._head_bytes += more
        if self._head_bytes > self._limits.header_bytes:
            self._refuse_head()
            raise _Refused

    def _refuse_head(self) -> None:
        self._refuse(
            431,
            f"address and headers are longer than {self._limits.header_bytes} bytes",
            "limits.header_bytes",
            "headers",
        )

    def _head_is_late(self) -> None:
        self._timer = None
        limit_s = self._limits.header_s
        if not self._is_between:  # The answer to the previous request is not finished.
            self._start_timer(limit_s, self._head_is_late)
            return
        if not self._last_look:
            # If this process was held up for a moment, bytes that came in time are read before the
            # head counts as late.
            self._last_look = True
            self._start_timer(_LAST_LOOK_S, self._head_is_late)
            return
        self._refuse(
            408,
            f"address and headers did not arrive within {limit_s:g} s",
            "limits.header_s",
            "too slow",
        )

    def _refuse(
        self, status: int, text: str, setting: str, reason: str, *, linger: bool = True
    ) -> None:
        """Answer and close.

        The connection is only closed when the answer would stand inside another one, or none is
        awaited.
        """
        self._count(reason)
        self._stop_timer()
        self._unset_keepalive_if_required()
        # The connection was opened ahead or is kept, and no request has come on it.
        unused = not self._begun and not (
            self._is_first and status == HTTPStatus.SERVICE_UNAVAILABLE
        )
        if not self._is_between or unused:
            self._discards = True
            self.transport.close()
            return
        self.transport.write(self._answer(status, text, setting))
        if linger:
            self._linger()
        else:
            self._discards = True
            self.transport.close()

    def _answer(self, status: int, text: str, setting: str) -> bytes:
        if setting:
            text = f"{text} (setting {setting_name(setting)})"
        url: bytes = getattr(self, "url", b"")
        answer = (
            problem(status, text) if url.startswith(b"/api/") else PlainTextResponse(text, status)
        )
        answer.headers["connection"] = "close"
        answer.headers[REQUEST_ID] = new_request_id()
        if status == HTTPStatus.SERVICE_UNAVAILABLE:
            answer.headers["retry-after"] = str(self._limits.retry_after_s)
        lines = [STATUS_LINE[status], *(b"%s: %s\r\n" % header for header in answer.raw_headers)]
        return b"".join([*lines, b"\r\n", bytes(answer.body)])

    @property
    def _is_between(self) -> bool:
        """Return whether no request is in progress."""
        return self._is_first or self.cycle.response_complete

    @property
    def _is_first(self) -> bool:
        """Return whether no request has come on this connection."""
        return cast("object", self.cycle) is None

    def _cut(self) -> None:
        self._timer = None
        self.transport.abort()

    def _note_waiting(self) -> None:
        if self._line is not None and self.cycle.response_complete:
            self._connections.waiting(self._line)

    def _start_timer(self, seconds: float, then: Callable[[], None]) -> None:
        self._stop_timer()
        self._timer = self.loop.call_later(seconds, then)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
