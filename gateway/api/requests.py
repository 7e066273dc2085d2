"""The typed models of clients' requests, from which the requests in /openapi.json are made."""

import json
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from gateway.api.quality_requests import (
    AcceptHours,
    AuditOption,
    QualificationOption,
    ReviewOption,
)
from gateway.api.strict import PriceInput, StrictModel, TimeInput
from gateway.base.bounds import ANSWERS_OF_TASK_MAX, INT8_MAX, RowId
from gateway.base.text.strings import Id, Line40, Line100, Line160, Line200, Line500
from gateway.qa.checks.plan import ACCEPT_H
from gateway.tasks.entry.fields import TYPES
from gateway.tasks.packed import PACK_MAX
from gateway.tasks.values import values

Language = Annotated[str, Field(pattern="^[a-z]{2,3}$", examples=["sw"])]
POLICY_PATTERN = "^(all|dynamic|double|fixed:[0-9]{1,5}|worth:[0-9]{1,13})$"
FORMS = {
    "policy": "all, dynamic, double, fixed:N (N answers per task) or worth:N (the value of a corrected "
    "error, in minor units), with N a whole number, like fixed:3",
    "price": 'an amount in major units, like 3.00 or "3.00"',
    "partner_price": 'an amount in major units, like 1.00 or "1.00"',
    "review_price": 'an amount in major units, like 3.00 or "3.00"',
    "deadline": "a time with its zone, like 2026-12-24T18:00:00Z",
    "languages": 'codes of languages in a list, like ["sw"]',
    "language": "a code of a language, like sw",
    "pack": f"auto, off, or a whole number from 2 to {PACK_MAX}",
    "shares": 'partners with their parts, like {"KIBERA": 0.6}',
}
"""The accepted forms of fields, for errors where the schema alone would name patterns."""
# The API's own words are compared as they are.
Word = Annotated[str, StringConstraints(pattern="^[a-z_]{1,40}$", strip_whitespace=False)]
PolicyText = Annotated[str, StringConstraints(pattern=POLICY_PATTERN, strip_whitespace=False)]
Word40 = Annotated[str, StringConstraints(pattern="^[a-z][a-z0-9_]{0,39}$", strip_whitespace=False)]
FieldEnd = (
    Annotated[str, Field(min_length=1, max_length=40)]
    | Annotated[int, Field(ge=-INT8_MAX, le=INT8_MAX)]
    | Annotated[float, Field(ge=-1e15, le=1e15)]
)
OptionId = Annotated[Id, Field(max_length=64)]


class OptionIn(StrictModel):
    """A possible answer of a categorisation. Results name its `id`, and workers read its label."""

    id: OptionId
    labels: Annotated[
        dict[Language, Line40],
        Field(default_factory=dict, max_length=20, examples=[{"en": "Shop", "sw": "Duka"}]),
    ]


LabelKey = Annotated[str, StringConstraints(pattern="^[A-Za-z0-9_.-]{1,40}$")]


class FieldIn(StrictModel):
    """A typed field of a record, for data entry. Results have a column with its `id`."""

    id: Annotated[Word40, Field(examples=["amount"])]
    type: Annotated[
        Word,
        Field(
            description="number, date, name, money, choice or text",
            json_schema_extra={"enum": list(TYPES)},
        ),
    ]
    labels: Annotated[
        dict[Language, Line40],
        Field(default_factory=dict, max_length=20, examples=[{"en": "Amount", "sw": "Kiasi"}]),
    ]
    min: Annotated[
        FieldEnd | None,
        Field(description="The least value of a number, a date (2026-05-03) or money"),
    ] = None
    max: Annotated[FieldEnd | None, Field(description="The greatest value")] = None
    decimals: Annotated[
        int | None, Field(ge=0, le=10, description="The most decimals of a number; 0 = whole")
    ] = None
    length_min: Annotated[
        int | None, Field(ge=1, le=200, description="The least characters of a text or name")
    ] = None
    length_max: Annotated[int | None, Field(ge=1, le=200)] = None
    check: Annotated[
        Word | None,
        Field(description="The check digit of a text: luhn, mod97, iban, mod11 or verhoeff"),
    ] = None
    options: Annotated[
        list[OptionIn | OptionId] | None, Field(max_length=9, description="The values of a choice")
    ] = None
    currency: Annotated[
        str | None, Field(pattern="^[A-Z]{3}$", description="Of money; none = your own")
    ] = None
    optional: Annotated[bool, Field(description="The record may leave it empty")] = False


class BatchIn(StrictModel):
    """A new batch, which starts as a draft."""

    name: Line200
    labels: Annotated[
        dict[LabelKey, Line100],
        Field(
            default_factory=dict,
            max_length=20,
            description="Your own words about the batch; lists of batches are filtered by them",
            examples=[{"project": "shops-2026"}],
        ),
    ]
    kind: Annotated[
        Word,
        Field(
            description="verification, categorisation, transcription or entry",
            examples=["verification"],
        ),
    ]
    value: Annotated[
        Word,
        Field(
            description=f"The type of a transcription's answer: {', '.join(values())}. A date "
            "is kept as 2026-05-03, a number in plain digits with a point before decimals, a name "
            "as typed but compared without case, spaces and accents. The worker reads how her "
            "answer was understood, and is asked back when it is not certain.",
        ),
    ] = "text"
    instructions: Annotated[
        Line160,
        Field(description="Shown with every task. Keep it short: every message pays for it."),
    ]
    price: Annotated[
        PriceInput,
        Field(
            description="Per accepted answer, in major units: a string or a number, e.g. 3.00. "
            "No thousands separator.",
            examples=["3.00"],
        ),
    ]
    partner_price: Annotated[
        PriceInput | None,
        Field(
            description="What a partner earns with each accepted answer of its workers, besides "
            "`price`, in major units. None: partners earn nothing with this batch. Answers of "
            "workers without a partner cost `price` alone.",
            examples=["1.00"],
        ),
    ] = None
    options: Annotated[
        list[OptionIn | OptionId],
        Field(default_factory=list, max_length=9, description="2 to 9, for a categorisation"),
    ]
    fields: Annotated[
        list[FieldIn],
        Field(
            default_factory=list,
            max_length=9,
            description="1 to 9 typed fields of a record, for the kind entry. Two workers key "
            "each record, and others settle the fields in which they differ.",
        ),
    ]
    languages: Annotated[
        list[Language],
        Field(
            default_factory=list,
            max_length=20,
            description="The workers' languages; none = all",
            examples=[["sw"]],
        ),
    ]
    language: Annotated[
        Language | None,
        Field(
            description="The language of your texts. Only workers who chose it are asked, unless "
            "`any_language` is true.",
            examples=["sw"],
        ),
    ] = None
    any_language: Annotated[
        bool, Field(description="Ask workers of other languages than that of the texts, too")
    ] = False
    open: Annotated[
        bool,
        Field(
            description="Tasks may be added while it runs. It then does not close by itself, but "
            "after POST /finish when all is decided."
        ),
    ] = False
    deadline: Annotated[
        TimeInput | None,
        Field(
            description="After this time no worker is asked a new question",
            examples=["2026-12-24T18:00:00Z"],
        ),
    ] = None
    at_deadline: Annotated[
        Literal["close", "pause"],
        Field(
            description="close: questions that workers hold are still taken, tasks that are left "
            "are judged by the answers that they have, and the batch closes. pause: it waits for you."
        ),
    ] = "close"
    policy: Annotated[
        PolicyText,
        Field(
            description="fixed:N, dynamic, worth:N (minor units that a corrected error is worth), "
            "or all (every worker in each task's audience). For entry: double (two entries, "
            "and more for the fields that differ; the default there) or fixed:N",
        ),
    ] = "fixed:3"
    confidence: Annotated[
        float | None, Field(gt=0.5, lt=1, description="For dynamic: stop when this sure")
    ] = None
    accuracy: Annotated[
        float | None,
        Field(
            gt=0.5,
            le=0.99,
            description="The share of right results, instead of policy and confidence: the gateway "
            "chooses how many answers to ask for, quotes them, and certifies at the end whether "
            "the share was reached. It needs gold tasks. For verification and categorisation",
            examples=[0.95],
        ),
    ] = None
    method: Annotated[Word, Field(description="The rule that turns answers into results")] = "auto"
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
    needs_lesson: Annotated[
        bool,
        Field(
            description="Ask only workers who passed the free lesson for this kind. A worker who "
            "has not is told how to begin it."
        ),
    ] = False
    promote_gold: Annotated[
        bool, Field(description="Use results without doubt as gold for other workers")
    ] = False
    use_predictions: Annotated[
        bool,
        Field(
            description="With the policy dynamic: let the predictions of your model count, as far "
            "as gold and answers show that they are right"
        ),
    ] = False
    review_price: Annotated[
        PriceInput | None,
        Field(description="For worth:N: the cost of your own review of one task, in major units"),
    ] = None
    rotate: Annotated[
        bool,
        Field(
            description="For categorisations: show each worker the options in a different order, "
            "which reveals a worker who always presses the same key. Use false for scales and "
            "other options that have an order. Options that begin with a digit, are a single "
            "letter, yes or no keep your order in any case."
        ),
    ] = True
    order: Annotated[
        Literal["depth", "breadth"],
        Field(
            description="depth: tasks are finished one after the other, so first results come "
            "early. breadth: every task gets an answer before any gets a second, which gives a "
            "first impression of all"
        ),
    ] = "depth"
    worker_max: Annotated[
        int | None,
        Field(ge=1, le=1_000_000, description="The most answers per worker; none = no limit"),
    ] = None
    worker_day_max: Annotated[
        int | None,
        Field(ge=1, le=100_000, description="The most answers per worker in any 24 hours"),
    ] = None
    shares: Annotated[
        dict[
            Annotated[str, Field(pattern="^[A-Za-z0-9]{1,40}$")],
            Annotated[float, Field(gt=0, le=1)],
        ],
        Field(
            default_factory=dict,
            max_length=20,
            description="The part of the tasks kept for each partner's workers, by the code",
            examples=[{"KIBERA": 0.6}],
        ),
    ]
    keep_shares_h: Annotated[
        int,
        Field(
            ge=1, le=24 * 90, description="Hours for which shares are kept; then for all workers"
        ),
    ] = 72
    lease_s: Annotated[
        int | None,
        Field(ge=60, le=7 * 86400, description="Seconds a question waits for its worker"),
    ] = None

    pack: Annotated[
        Literal["auto", "off"] | Annotated[int, Field(ge=2, le=PACK_MAX)],
        Field(
            description="Questions per SMS: the cheapest number (auto), at most N, or one (off). "
            "Transcriptions always go one by one."
        ),
    ] = "auto"
    qualification: QualificationOption = None
    review: ReviewOption = None
    audit: AuditOption = None
    accept_h: AcceptHours = ACCEPT_H


class StartIn(StrictModel):
    """The way to start a batch."""

    pilot: Annotated[
        int | None,
        Field(
            ge=1,
            le=10_000,
            description="Ask this many tasks first, then pause with what was learnt",
            examples=[20],
        ),
    ] = None


_IDS: Any = {"max_length": ANSWERS_OF_TASK_MAX, "json_schema_extra": {"uniqueItems": True}}


class AudienceIn(StrictModel):
    """The workers that may receive a task.

    Workers and partners are named by id (see `/audience`), and workers also by language.
    """

    workers: Annotated[
        list[Annotated[str, Field(pattern="^w_[a-z2-7]{26}$")]], Field(default_factory=list, **_IDS)
    ]
    partners: Annotated[list[RowId], Field(default_factory=list, **_IDS)]
    languages: Annotated[list[Language], Field(default_factory=list, max_length=20)]


class TaskIn(StrictModel):
    """A task.

    `gold` is its known truth, for a hidden check, and `gold_reason` why it is right, which a new
    worker is told after her answer. `audience` names the workers that may get it.
    """

    id: Id | Annotated[int, Field(ge=-INT8_MAX, le=INT8_MAX)]
    text: Annotated[str, Field(min_length=1, max_length=1_200)]
    gold: (
        Annotated[str, Field(max_length=1_200)]
        | int
        | Annotated[dict[str, str | int | float], Field(max_length=9)]
        | None
    ) = None
    gold_reason: Annotated[str, Field(max_length=120)] | None = None
    audience: AudienceIn | None = None


class DecisionIn(StrictModel):
    """The true value of a task in review, and the name of the person that decides it (`by`)."""

    value: (
        Annotated[str, Field(min_length=1, max_length=1_200)]
        | Annotated[
            dict[str, str | int | float],
            Field(min_length=1, max_length=9, description="Fields of a record"),
        ]
    )
    by: Line100

    @property
    def said(self) -> str:
        """Return the value as text: that of fields as a JSON object."""
        return self.value if isinstance(self.value, str) else json.dumps(self.value)


class GoldIn(DecisionIn):
    """A correction of wrong gold: the true value, the name of the corrector, and the reason."""

    reason: Line500


class SameIn(StrictModel):
    """Two options with one meaning.

    It holds the option that stays, the name of the corrector, and the reason.
    """

    same_as: OptionId
    by: Line100
    reason: Line500


class LabelIn(StrictModel):
    """A correction of a wrong label.

    It holds the label that workers of a language read instead, the name of the corrector, and the
    reason.
    """

    label: Line40
    language: Language = "en"
    misled: Annotated[
        bool,
        Field(
            description="The old label had another meaning: answers under it no longer count, and "
            "the tasks are asked again. If false, the answers stay."
        ),
    ] = False
    by: Line100
    reason: Line500


class NewRuleIn(StrictModel):
    """A changed rule, to be tried on the batch's answers.

    A field that is left out stays unchanged.
    """

    policy: PolicyText | None = None
    confidence: Annotated[float | None, Field(gt=0.5, lt=1)] = None
    method: Word | None = None
    by: Line100


class SwitchIn(StrictModel):
    """A switch to a rule: the name of the person that switches it on, and the reason."""

    by: Line100
    reason: Line500
