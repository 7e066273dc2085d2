"""What clients send, as typed models: the source of the requests in /openapi.json."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from gateway.bounds import ANSWERS_OF_TASK_MAX, INT8_MAX, RowId
from gateway.money import EXACT_PATTERN
from gateway.tasks.packed import PACK_MAX
from gateway.texts import Id, Line40, Line100, Line160, Line200, Line500

Language = Annotated[str, Field(pattern="^[a-z]{2,3}$", examples=["sw"])]
# Not stripped: an amount with a line break behind it was not written by a person, and not by a
# careful program.
_MAJOR = Field(gt=0, lt=1_000_000_000_000)
Price = (
    Annotated[
        str,
        StringConstraints(max_length=40, strip_whitespace=False),
        # For the document only: `exact_amount` refuses with words that help.
        Field(json_schema_extra={"pattern": EXACT_PATTERN}),
    ]
    | Annotated[int, _MAJOR]
    | Annotated[float, _MAJOR]
)
POLICY_PATTERN = "^(all|dynamic|fixed:[0-9]{1,5}|worth:[0-9]{1,13})$"
FORMS = {
    "policy": "all, dynamic, fixed:N (N answers a task) or worth:N (what a corrected error is worth, in minor units), "
    "with N a whole number, like fixed:3",
    "price": 'an amount in major units, like 3.00 or "3.00"',
    "review_price": 'an amount in major units, like 3.00 or "3.00"',
    "languages": 'codes of languages in a list, like ["sw"]',
    "language": "a code of a language, like sw",
    "pack": f"auto, off, or a whole number from 2 to {PACK_MAX}",
    "shares": 'partners with their parts, like {"KIBERA": 0.6}',
}
"""What a field takes, for errors, where the schema alone would name patterns and unions."""
# Words of ours are compared as they are.
Word = Annotated[str, StringConstraints(pattern="^[a-z_]{1,40}$", strip_whitespace=False)]
Policy = Annotated[str, StringConstraints(pattern=POLICY_PATTERN, strip_whitespace=False)]
OptionId = Annotated[Id, Field(max_length=64)]


class _Strict(BaseModel):
    # Strict: 0 is not false, 5 is not "5". What the schema does not say is refused.
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, strict=True)


class OptionIn(_Strict):
    """One possible answer of a categorisation. Results name its `id`; workers read its label."""

    id: OptionId
    labels: Annotated[
        dict[Language, Line40],
        Field(default_factory=dict, max_length=20, examples=[{"en": "Shop", "sw": "Duka"}]),
    ]


class BatchIn(_Strict):
    """A new batch; it starts as a draft."""

    name: Line200
    kind: Annotated[
        Word,
        Field(
            description="verification, categorisation or transcription",
            examples=["verification"],
        ),
    ]
    value: Annotated[
        Word,
        Field(
            description="Of a transcription, what is typed: text, date, number or name. A date is kept as 2026-05-03, a number in plain digits with a "
            "point before decimals, a name as typed but compared without case, spaces and accents. The worker reads "
            "what was understood, and is asked back where it is not certain.",
        ),
    ] = "text"
    instructions: Annotated[
        Line160,
        Field(description="Shown with every task; short: it is paid for each time."),
    ]
    price: Annotated[
        Price,
        Field(
            description="Per accepted answer, in major units: a string or a number, e.g. 3.00. No thousands separator.",
            examples=["3.00"],
        ),
    ]
    options: Annotated[
        list[OptionIn | OptionId],
        Field(default_factory=list, max_length=9, description="2 to 9, for a categorisation"),
    ]
    languages: Annotated[
        list[Language],
        Field(
            default_factory=list,
            max_length=20,
            description="Of the workers; none = all",
            examples=[["sw"]],
        ),
    ]
    policy: Annotated[
        Policy,
        Field(
            description="fixed:N, dynamic, worth:N (minor units that a corrected error is worth), or all (everybody "
            "in each task's audience)",
        ),
    ] = "fixed:3"
    confidence: Annotated[
        float | None, Field(gt=0.5, lt=1, description="For dynamic: stop when this sure")
    ] = None
    method: Annotated[Word, Field(description="How answers become results")] = "auto"
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
        Price | None,
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
        dict[
            Annotated[str, Field(pattern="^[A-Za-z0-9]{1,40}$")],
            Annotated[float, Field(gt=0, le=1)],
        ],
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


_IDS: Any = {"max_length": ANSWERS_OF_TASK_MAX, "json_schema_extra": {"uniqueItems": True}}


class AudienceIn(_Strict):
    """Who may be asked: workers and partners by id (see `/audience`), workers by language."""

    workers: Annotated[list[RowId], Field(default_factory=list, **_IDS)]
    partners: Annotated[list[RowId], Field(default_factory=list, **_IDS)]
    languages: Annotated[list[Language], Field(default_factory=list, max_length=20)]


class TaskIn(_Strict):
    """One task. `gold`: its truth, for a hidden check. `audience`: who may be asked."""

    id: Id | Annotated[int, Field(ge=-INT8_MAX, le=INT8_MAX)]
    text: Annotated[str, Field(min_length=1, max_length=1_200)]
    gold: Annotated[str, Field(max_length=1_200)] | int | None = None
    audience: AudienceIn | None = None


class DecisionIn(_Strict):
    """What is true of a task in review, and who says so."""

    value: Annotated[str, Field(min_length=1, max_length=1_200)]
    by: Line100


class GoldIn(DecisionIn):
    """Gold that was wrong: what is true, who says so, and why."""

    reason: Line500


class SameIn(_Strict):
    """Two options mean the same: which one stays, who says so, and why."""

    same_as: OptionId
    by: Line100
    reason: Line500


class LabelIn(_Strict):
    """A label that was wrong: what workers of a language read instead, who says so, and why."""

    label: Line40
    language: Language = "en"
    misled: Annotated[
        bool,
        Field(
            description="The old label said something else: what was chosen under it decides nothing any more and is "
            "asked again. Without, what was answered stays."
        ),
    ] = False
    by: Line100
    reason: Line500


class NewRuleIn(_Strict):
    """A changed rule, to be tried on the batch's answers; what is left out stays as it is."""

    policy: Policy | None = None
    confidence: Annotated[float | None, Field(gt=0.5, lt=1)] = None
    method: Word | None = None
    by: Line100


class SwitchIn(_Strict):
    """Who switches a rule on, and why."""

    by: Line100
    reason: Line500
