"""The typed models of previews and pilots, from which /openapi.json is made."""

from datetime import datetime
from typing import Literal

from gateway.api.contract.listed import (
    PilotStateOut,
)
from gateway.api.contract.told import ResponseModel
from gateway.api.quote_responses import Warned


class CostlyCharacterOut(ResponseModel):
    """A character that makes an SMS dearer than its length, with its places from 0.

    One character `outside_gsm` turns the whole SMS into UCS-2, which holds 70 characters instead of
    160. One that `counts_twice` counts as two.
    """

    character: str
    name: str
    at: list[int]
    why: Literal["outside_gsm", "counts_twice"]


class PreviewSmsOut(ResponseModel):
    """One SMS, exactly as the gateway would send it.

    `moment` tells when: among a worker's `first` questions (with the line on how to reply),
    `later`, as the `next` question behind the receipt of an answer, or with `several` questions.
    `tasks` are your ids of the tasks in it. `cannot_go` is the reason why these channels cannot
    send it.
    """

    moment: Literal["first", "later", "next", "several"]
    channels: list[str]
    tasks: list[str]
    text: str
    encoding: Literal["GSM7", "UCS2"]
    units: int
    segments: int
    units_left: int
    costly: list[CostlyCharacterOut]
    cannot_go: str | None


class PreviewScreenOut(ResponseModel):
    """One USSD screen. It has `units` of at most `units_max` in its encoding."""

    text: str
    encoding: Literal["GSM7", "UCS2"]
    units: int
    units_max: int


class PreviewScreensOut(ResponseModel):
    """The screens of a question on networks with equal limits.

    `networks` are their codes, and `default` stands for all others. A worker can type up to
    `input_characters` there.
    """

    channels: list[str]
    networks: list[str]
    input_characters: int
    screens: list[PreviewScreenOut]


class PreviewQuestionOut(ResponseModel):
    """One task as workers of one language meet it."""

    task: str
    sms: list[PreviewSmsOut]
    screens: list[PreviewScreensOut]


class PreviewRepliesOut(ResponseModel):
    """The replies that are understood, by the value that is stored, and the words to skip.

    For typed answers `means` is empty, and `how` says what is expected.
    """

    how: str
    means: dict[str, list[str]]
    skip: list[str]


class PreviewLanguageOut(ResponseModel):
    """The preview in one language. `several` is one SMS with several of the questions."""

    language: str
    questions: list[PreviewQuestionOut]
    several: list[PreviewSmsOut]
    replies: PreviewRepliesOut


class PreviewSegmentOut(ResponseModel):
    """The price of one SMS segment, in millionths of a major unit (`micro`)."""

    channel: str
    country: str
    currency: str
    micro: int


class PreviewPriceOut(ResponseModel):
    """The price of the answers, in minor units: the likely cost and the most, without messages."""

    currency: str
    price_minor: int
    partner_price_minor: int
    answers_least: int
    answers_most: int
    least_minor: int
    most_minor: int
    segments: list[PreviewSegmentOut]


class PreviewOut(ResponseModel):
    """A batch as workers would meet it.

    If it `rotates`, each worker sees the options in another order, and the preview shows one.
    `warnings` is the advice on texts that cost more than one plain segment.
    """

    languages: list[PreviewLanguageOut]
    rotates: bool
    price: PreviewPriceOut
    warned: int
    warnings: list[Warned]


class ConfusingOut(ResponseModel):
    """A text that confused workers: they did not agree, skipped it, or replied unclearly."""

    task: str
    text: str
    agreement: float
    skipped: int
    unclear: int


class LearntOut(ResponseModel):
    """The result of a pilot.

    `agreement` is the mean share of the answers of a task that are equal to its most frequent one.
    `unclear` counts replies that were not understood. The projections are for the whole batch at
    the pilot's rate and pace; costs are in minor units, without messages.
    """

    tasks: int
    answers: int
    answers_per_task: float
    agreement: float
    skipped: int
    unclear: int
    seconds: float
    tasks_left: int
    answers_projected: int
    seconds_projected: float
    currency: str
    spent_minor: int
    projected_minor: int
    confusing: list[ConfusingOut]


class PilotOut(ResponseModel):
    """The pilot of a batch: `running`, `ended` (the batch is paused), or `resumed`."""

    tasks: int
    state: PilotStateOut
    began_at: datetime
    ended_at: datetime | None
    learnt: LearntOut | None
