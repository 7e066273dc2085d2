"""What clients send and get, as typed models: the source of /openapi.json."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from gateway.tasks.packed import PACK_MAX


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class OptionIn(_Strict):
    """One possible answer of a categorisation. Results name its `id`; workers read its label."""

    id: str
    labels: Annotated[
        dict[str, str], Field(default_factory=dict, examples=[{"en": "Shop", "sw": "Duka"}])
    ]


class BatchIn(_Strict):
    """A new batch; it starts as a draft."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    kind: Annotated[
        str,
        Field(
            description="verification, categorisation or transcription", examples=["verification"]
        ),
    ]
    instructions: Annotated[
        str,
        Field(
            min_length=1,
            max_length=160,
            description="Shown with every task; short: it is paid for each time.",
        ),
    ]
    price: Annotated[
        str, Field(description="Per accepted answer, in major units, e.g. 3.00", examples=["3.00"])
    ]
    options: Annotated[
        list[OptionIn | str],
        Field(default_factory=list, description="2 to 9, for a categorisation"),
    ]
    languages: Annotated[
        list[str],
        Field(default_factory=list, description="Of the workers; none = all", examples=[["sw"]]),
    ]
    policy: Annotated[
        str,
        Field(
            description="fixed:N, dynamic, worth:N (minor units that a corrected error is worth), or all (everybody "
            "in each task's audience)"
        ),
    ] = "fixed:3"
    confidence: Annotated[
        float | None, Field(gt=0.5, lt=1, description="For dynamic: stop when this sure")
    ] = None
    method: Annotated[str, Field(description="How answers become results")] = "auto"
    gold_rate: Annotated[
        float,
        Field(ge=0, le=0.5, description="Share of hidden gold among a proven worker's questions"),
    ] = 0.0
    entry_gold: Annotated[
        int,
        Field(
            ge=0, le=20, description="Gold among a new worker's first questions, if there is any"
        ),
    ] = 5
    promote_gold: Annotated[
        bool, Field(description="Ask results that leave no doubt as gold of others")
    ] = False
    review_price: Annotated[
        str | None,
        Field(description="For worth:N: what your own look at one task costs, in major units"),
    ] = None
    rotate: Annotated[
        bool,
        Field(
            description="Categorisations: show every worker the options in an order of her own, so that a thumb that "
            "always presses the same key is seen. False for scales and other options that have an order. Options "
            "that begin with a digit, are a single letter, yes or no keep your order in any case."
        ),
    ] = True
    order: Annotated[
        Literal["depth", "breadth"],
        Field(
            description="depth: tasks are finished one after the other, so first results come early. breadth: every task "
            "gets an answer before any gets a second, so there is a first impression of all"
        ),
    ] = "depth"
    worker_max: Annotated[
        int | None,
        Field(ge=1, le=1_000_000, description="Answers of one worker at most; none = any"),
    ] = None
    worker_day_max: Annotated[
        int | None, Field(ge=1, le=100_000, description="The same, in any 24 hours")
    ] = None
    shares: Annotated[
        dict[str, Annotated[float, Field(gt=0, le=1)]],
        Field(
            default_factory=dict,
            max_length=20,
            description="By a partner's code, the part of the tasks kept for its workers",
            examples=[{"KIBERA": 0.6}],
        ),
    ]
    keep_shares_h: Annotated[
        int, Field(ge=1, le=24 * 90, description="Hours for which shares are kept; then anybody's")
    ] = 72
    lease_s: Annotated[
        int | None,
        Field(ge=60, le=7 * 86400, description="Seconds a question waits for its worker"),
    ] = None

    pack: Annotated[
        Literal["auto", "off"] | Annotated[int, Field(ge=2, le=PACK_MAX)],
        Field(
            description="Questions in one SMS: as many as is cheapest (auto), at most N, or each by itself (off). "
            "Transcriptions always go one by one."
        ),
    ] = "auto"


class TaskIn(_Strict):
    """One task. `gold`: its truth, for a hidden check. `audience`: who may be asked."""

    id: str | int
    text: str
    gold: str | None = None
    audience: dict[str, list[int | str]] | None = None


class Progress(BaseModel):
    """Counted in answers as well as in tasks: 90 % of the answers in shows as 90 %."""

    tasks: int
    tasks_done: int
    tasks_review: int
    golds: int
    answers: int
    answers_wanted: int
    asked_now: int
    percent: float


class MessageCost(BaseModel):
    """The batch's SMS that providers took, in minor units of `currency` with their fraction; the provider's own price
    where it names one. `currency` is empty where no price is known. It is not taken from the batch's money."""

    currency: str
    messages: int
    segments: int
    cost_minor: float


class MessageCostRange(BaseModel):
    """Minor units of `currency`, rounded up."""

    currency: str
    least_minor: int
    expected_minor: int
    most_minor: int


class MessagesQuoteOut(BaseModel):
    """To the workers there are now, each working on as she last did: who dials costs no message, who texts gets several
    questions in one where the batch packs them. `least`: the first answers are enough and all replies are clear;
    `expected`: a few are not; `most`: every paid slot, everybody by SMS, one question a message. `unpriced`: countries
    without a price."""

    segments_least: int
    segments_expected: int
    segments_most: int
    costs: list[MessageCostRange]
    unpriced: list[str]


class Money(BaseModel):
    """Minor units of `currency`. `forecast_minor`: what the batch will have cost at its close, as things go now.
    `released_minor`: what came back to you when it closed."""

    currency: str
    reserved_minor: int
    spent_minor: int
    forecast_minor: int
    released_minor: int
    messages: list[MessageCost]


class ShareOut(BaseModel):
    """A partner's share: the part of the tasks that was promised, how many tasks that is, how many of them are done, and
    the answers its workers gave in the whole batch. `kept_until`: from then on its open tasks are anybody's."""

    partner: str
    share: float
    tasks: int
    tasks_done: int
    answers: int
    kept_until: datetime | None


class FindingOut(BaseModel):
    """Something a person should look at, with the figures it rests on. Nothing happens to anybody by a finding alone.
    `worker`: by number; none where it is about a task."""

    id: int
    kind: str
    worker: int | None
    evidence: dict[str, Any]
    state: str
    outcome: str | None
    at: datetime


class BatchOut(BaseModel):
    id: str
    name: str
    kind: str
    state: str
    instructions: str
    price_minor: int
    policy: str
    method: str
    languages: list[str]
    options: list[OptionIn]
    pack_max: Annotated[int, Field(description="Questions in one SMS at most")]
    rotates: Annotated[bool, Field(description="Every worker has an order of options of her own")]
    order: str
    worker_max: int | None
    worker_day_max: int | None
    created_at: datetime
    started_at: datetime | None
    closed_at: datetime | None
    progress: Progress
    money: Money
    shares: Annotated[list[ShareOut], Field(description="Told of a single batch only")] = []
    findings: Annotated[list[FindingOut], Field(description="Told of a single batch only")] = []


class Warned(BaseModel):
    """A question that costs more than one plain SMS segment. `text` is a cheaper wording, where there is one, and
    `diff` shows what differs; nothing was changed. `loses_letters`: let somebody who speaks the language read it.
    `kept`: characters that nothing can replace and that make the whole message dearer (UCS-2)."""

    row: int
    task: str
    encoding: str
    segments: int
    segments_then: Annotated[int, Field(description="With the cheaper wording")]
    text: str | None
    diff: str | None
    loses_letters: bool
    kept: str


class QuoteOut(BaseModel):
    """What the batch can cost: at most if every paid slot is used, at least if every task is clear at once.
    `warned`: how many questions cost more than one plain SMS segment; `warnings`: the first of them."""

    tasks: int
    golds: int
    price_minor: int
    answers_minimum: int
    answers_maximum: int
    least_minor: int
    most_minor: int
    available_minor: int
    enough: bool
    currency: str
    messages: MessagesQuoteOut
    warned: int
    warnings: list[Warned]
    workers: Annotated[int, Field(description="Who may be asked")]
    workers_needed: Annotated[
        int, Field(description="At least: nobody answers a task twice, or more than your limit")
    ]
    days_least: Annotated[int, Field(description="With your limit a day and these workers")]


class ResultOut(BaseModel):
    """`state`: decided, review (answers do not agree well enough), ambiguous (the question has no single answer), open or cancelled."""

    task: str
    state: str
    value: str | None
    confidence: float | None
    answers: int
    rule: str | None


class DecisionIn(_Strict):
    """What is true of a task in review, and who says so."""

    value: str
    by: Annotated[str, Field(min_length=1, max_length=100)]


class GoldIn(DecisionIn):
    """Gold that was wrong: what is true, who says so, and why."""

    reason: Annotated[str, Field(min_length=1, max_length=500)]


class SameIn(_Strict):
    """Two options mean the same: which one stays, who says so, and why."""

    same_as: str
    by: Annotated[str, Field(min_length=1, max_length=100)]
    reason: Annotated[str, Field(min_length=1, max_length=500)]


class NewRuleIn(_Strict):
    """A changed rule, to be tried on the batch's answers; what is left out stays as it is."""

    policy: str | None = None
    confidence: Annotated[float | None, Field(gt=0.5, lt=1)] = None
    method: str | None = None
    by: Annotated[str, Field(min_length=1, max_length=100)]


class SwitchIn(_Strict):
    """Who switches a rule on, and why."""

    by: Annotated[str, Field(min_length=1, max_length=100)]
    reason: Annotated[str, Field(min_length=1, max_length=500)]


class AccountOut(BaseModel):
    client: str
    name: str
    currency: str
    available_minor: int
    reserved_minor: int


class Added(BaseModel):
    """`warned`: how many questions cost more than one plain SMS segment; `warnings`: the first of them."""

    added: int
    warned: int
    warnings: list[Warned]
