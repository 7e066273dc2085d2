"""Typed values: a client asks for a transcription of a value, and each value is a task kind."""

from collections.abc import Mapping
from functools import cache
from typing import cast

from gateway.base import plugins
from gateway.base.errors import Refused
from gateway.tasks import kinds
from gateway.tasks.port import TaskKind

TRANSCRIPTION, TEXT = "transcription", "text"


@cache
def values() -> Mapping[str, str]:
    """Return the task kind of every value that can be typed, `text` first.

    >>> list(values())[0], values()["text"], values()["date"]
    ('text', 'transcription', 'date')
    """
    typed = [name for name in plugins.kinds(kinds) if _value(name) and name != TRANSCRIPTION]
    return {TEXT: TRANSCRIPTION, **{name: name for name in typed}}


@cache
def kinds_asked() -> tuple[str, ...]:
    """Return the kinds that a client may name. Every typed value has the kind transcription.

    >>> kinds_asked()
    ('categorisation', 'entry', 'transcription', 'verification')
    """
    typed = set(values().values()) - {TRANSCRIPTION}
    return tuple(name for name in plugins.kinds(kinds) if name not in typed)


def kind_asked(kind: str, value: str) -> str:
    """Return the task kind for the kind and the value that a client sent.

    Raises Refused naming the field.
    """
    if kind in values().values() and kind != TRANSCRIPTION:
        raise Refused(
            f"no kind {kind!r}: send the kind {TRANSCRIPTION} with the value {kind}", field="kind"
        )
    if value not in values():
        raise Refused(f"no value {value!r}; there is: {', '.join(values())}", field="value")
    if value != TEXT and kind != TRANSCRIPTION:
        raise Refused(
            f"a value is typed, so the kind must be {TRANSCRIPTION}, not {kind!r}", field="value"
        )
    return kind if value == TEXT else values()[value]


def as_asked(kind: str) -> tuple[str, str | None]:
    """Return the kind and the value by which clients know a task kind.

    The value is None where options are chosen.

    >>> as_asked("date"), as_asked("verification")
    (('transcription', 'date'), ('verification', None))
    """
    for value, name in values().items():
        if name == kind:
            return TRANSCRIPTION, value
    return kind, None


def _value(name: str) -> str:
    kind = cast("TaskKind", cast("object", plugins.load(kinds, name)))
    return kind.VALUE
