"""The kinds of answers in a file."""

from enum import StrEnum


class AnswerKind(StrEnum):
    """The kind of the answers."""

    VERIFICATION = "verification"
    CATEGORISATION = "categorisation"
    TRANSCRIPTION = "transcription"
