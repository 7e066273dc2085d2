"""Logging that cannot break a response and shows no password.

Every line of this process ends here: those of structlog, of the standard library (uvicorn, RQ,
asyncio), and of errors that no handler catches. `_render` redacts and renders, and `Lines` writes.
A line that cannot be rendered or written is counted (`lost`) and raises nothing, because a full
disk must not turn a USSD screen into an error. When a line can be written again, the next one says
how many were lost.

Bind the identity of an event with `bound`, so that one search shows its whole path.
"""

import contextlib
import logging
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping, MutableMapping
from contextvars import ContextVar, Token
from types import TracebackType
from typing import Any, Final, Literal, cast

import orjson
import structlog

from gateway.base.redaction import may_tell, redacted, redacted_values

__all__ = [
    "LogFormat",
    "LogRateLimit",
    "bound",
    "configure",
    "is_routine",
    "lost",
    "pretty",
    "seldom",
]

LogFormat = Literal["auto", "json", "pretty"]
_SELDOM_PER_MINUTE: Final = 30
_MINUTE_S: Final = 60.0
_TRACE_LENGTH_MAX: Final = 8000
_FIRST: Final = ("timestamp", "level", "event")

log = structlog.get_logger()


_bound: ContextVar[Mapping[str, object]] = ContextVar("gateway.base.logs.bound", default={})  # noqa: B039  # never changed, only replaced


class bound:  # noqa: N801  # reads as a word in `with bound(...):`
    """A block whose values stand in every log line, also in tasks that it starts.

    structlog's own function goes over every variable of the context twice, which costs as much as a
    whole line. Each step of a phone binds twice.
    """

    __slots__ = ("_token", "_values")

    def __init__(self, **values: object) -> None:
        self._values = values
        self._token: Token[Mapping[str, object]] | None = None

    def __enter__(self) -> None:
        self._token = _bound.set({**_bound.get(), **self._values})

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: object
    ) -> None:
        assert self._token is not None
        _bound.reset(self._token)


def bind(**values: object) -> None:
    """Add values to every further line of this task, and of the tasks that it starts."""
    _bound.set({**_bound.get(), **values})


class Lines:
    """The writer of log lines. A line that cannot be written is counted."""

    def __init__(self) -> None:
        self.lost = 0
        self._unsaid = 0
        self._torn = False

    def msg(self, line: str) -> None:
        """Write one line."""
        if self._write(line) and self._unsaid:
            number, self._unsaid = self._unsaid, 0
            log.warning("log lines could not be written and were lost", lines=number)

    debug = info = warning = warn = error = critical = exception = fatal = log = msg

    def drop(self) -> None:
        """Count a line that could not be written."""
        self.lost += 1
        self._unsaid += 1

    def _write(self, line: str) -> bool:
        data = f"{line}\n".encode(errors="replace")
        try:
            if sys.stderr is not sys.__stderr__:  # a test reads it
                sys.stderr.write(data.decode())
                return True
            if self._torn:
                data = b"\n" + data
            # The line bypasses Python's buffer. Otherwise a part that a full disk refused would be
            # written later, in pieces.
            written = os.write(2, data)
            self._torn = written < len(data)
        except (OSError, ValueError, AttributeError):
            self.drop()
            return False
        if self._torn:
            self.drop()
        return not self._torn


class LogRateLimit:
    """A limit for lines that a stranger can cause.

    After a maximum per minute, one line counts the rest.
    """

    def __init__(self, per_minute: int = _SELDOM_PER_MINUTE) -> None:
        self._per_minute = per_minute
        self._since, self._written, self._held = 0.0, 0, 0

    def warning(self, event: str, **values: object) -> None:
        """Log a warning, or count it when there were too many."""
        now = time.monotonic()
        if now - self._since >= _MINUTE_S or not self._since:
            held, self._since, self._written, self._held = self._held, now, 0, 0
            if held:
                log.warning(
                    "lines were held back, because there were too many per minute", lines=held
                )
        if self._written >= self._per_minute:
            self._held += 1
            return
        self._written += 1
        log.warning(event, **values)


_lines = Lines()
seldom = LogRateLimit()


def lost() -> int:
    """Return the number of log lines that this process could not write."""
    return _lines.lost


def configure(form: LogFormat = "auto", *, least: int = logging.INFO) -> None:
    """Send every line of this process through here, from the level `least` on.

    `auto` means JSON, or plain text on a terminal.
    """
    readable = form == "pretty" or (form == "auto" and _is_terminal())
    render = _renderer(readable=readable, colours=_is_terminal())
    structlog.configure(
        processors=[
            _with_bound,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            # A traceback is written without the variables of its frames, which may hold a phone
            # number or a PIN.
            structlog.processors.ExceptionRenderer(_trace),
            render,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(least),
        logger_factory=lambda *_: _lines,
    )
    logging.raiseExceptions = False
    root = logging.getLogger()
    for handler in list(root.handlers):
        if isinstance(handler, _Handler):
            root.removeHandler(handler)
    root.addHandler(_Handler())
    sys.excepthook = _last_words
    threading.excepthook = lambda args: _last_words(
        args.exc_type, args.exc_value or args.exc_type(), args.exc_traceback
    )


def is_routine(line: str) -> bool:
    """Return True for a JSON log line that tells of the usual course of work.

    >>> is_routine('{"level":"info"}'), is_routine('{"level":"error"}')
    (True, False)
    >>> is_routine("Segmentation fault")
    False
    """
    try:
        told: Any = orjson.loads(line)
    except ValueError:
        return False
    return isinstance(told, dict) and cast("dict[str, object]", told).get("level") == "info"


def pretty(line: str, *, colours: bool = False) -> str:
    """Return a JSON log line as text for a terminal, and any other line unchanged.

    >>> pretty('{"timestamp":"2026-03-01T12:00:00.5Z","level":"warning","event":"forged","a":"at"}')
    '12:00:00 warning  forged  a=at'
    >>> pretty("starting")
    'starting'
    """
    try:
        told: Any = orjson.loads(line)
    except ValueError:
        return _printable(line)
    if not isinstance(told, dict) or "event" not in told:
        return _printable(line)
    return _as_text(cast("dict[str, object]", told), colours=colours)


class _Handler(logging.Handler):
    """A handler that sends the standard library's lines through the same chain."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            told: dict[str, Any] = {"logger": record.name}
            if record.exc_info:
                told["exc_info"] = record.exc_info
            if record.levelno >= logging.INFO:
                log.log(record.levelno, record.getMessage(), **told)
        except Exception:  # noqa: BLE001  # whatever a line does, the work goes on
            _lines.drop()

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  # the library's name
        _lines.drop()


def _with_bound(
    _logger: object, _name: str, values: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Add the bound values, unless the line has a value of that name itself."""
    return {**_bound.get(), **values}


def _renderer(*, readable: bool, colours: bool) -> Callable[..., str]:
    def render(_logger: object, _name: str, values: MutableMapping[str, Any]) -> str:
        try:
            if readable:
                return _as_text(redacted_values(values), colours=colours)
            line = _as_json(values)
            # One check of the whole line comes first. Most lines hold nothing to hide, and checking
            # each value costs as much again.
            return _as_json(redacted_values(values)) if may_tell(line) else line
        except Exception:  # noqa: BLE001  # a value whose text cannot be made
            _lines.drop()
            raise structlog.DropEvent from None

    return render


def _as_json(values: Mapping[str, object]) -> str:
    ordered = {key: values[key] for key in _FIRST if key in values} | dict(values)
    return orjson.dumps(ordered, default=_plain, option=orjson.OPT_NON_STR_KEYS).decode()


def _plain(value: object) -> object:
    return list(cast("set[object]", value)) if isinstance(value, set | frozenset) else str(value)


def _as_text(values: Mapping[str, object], *, colours: bool) -> str:
    rest = {key: value for key, value in values.items() if key not in (*_FIRST, "exception")}
    level, at = str(values.get("level", "info")), str(values.get("timestamp", ""))[11:19]
    mark = {"warning": "33", "error": "31", "critical": "31"}.get(level, "32")
    shown = f"\x1b[{mark}m{level:<8}\x1b[0m" if colours else f"{level:<8}"
    words = " ".join(f"{key}={_printable(str(value))}" for key, value in rest.items())
    text = f"{at} {shown} {_printable(str(values.get('event', '')))}" + (
        f"  {words}" if words else ""
    )
    if trace := values.get("exception"):
        text += "\n" + "\n".join(_printable(line) for line in str(trace).splitlines())
    return text


def _printable(text: str) -> str:
    """Return text without control characters, which a terminal would obey."""
    return "".join(c if c.isprintable() or c == "\t" else f"\\x{ord(c):02x}" for c in text)


def _trace(exc_info: Any) -> str:
    kind, error, trace = exc_info
    text = "".join(traceback.format_exception(kind, error, trace))
    return text if len(text) <= _TRACE_LENGTH_MAX else f"...\n{text[-_TRACE_LENGTH_MAX:]}"


def _last_words(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    with contextlib.suppress(Exception):
        log.critical(redacted(str(error)) or kind.__name__, exc_info=(kind, error, trace))


def _is_terminal() -> bool:
    try:
        return sys.stderr.isatty()
    except (AttributeError, ValueError):
        return False
