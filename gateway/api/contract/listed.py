"""The texts in responses of which the values are listed in the document.

A list stands where its values come from. It is written here only where they come from several
places or from the database.
"""

from functools import cache
from typing import Annotated, Final

from gateway.api.contract.told import Listed
from gateway.base import plugins
from gateway.base.errors.problem_codes import FaultRule
from gateway.qa import rule_names
from gateway.qa.judging.overlap import TaskDecision
from gateway.steps.batches.checks.acceptance import AcceptanceState
from gateway.steps.messages.webhooks.events import TEST, EventType
from gateway.store.batches.file_jobs import JobKind
from gateway.tasks import kinds
from gateway.tasks.entry.fields import TYPES
from gateway.tasks.exports import formats
from gateway.tasks.exports.port import Content
from gateway.tasks.projects.plan import AGAIN, ASK, CHECK
from gateway.tasks.projects.recipe import JOINS, PARAMETER_TYPES, SPLITS
from gateway.tasks.values import kinds_asked, values
from gateway.workers.partners.states import PartnerState

WORK_STATES: Final = ("draft", "running", "paused", "done", "cancelled")
TASK_STATES: Final = ("open", "decided", "review", "cancelled")
CHANGES: Final = (
    "create", "edit", "label", "start", "pause", "cancel", "add_tasks", "extend", "reopen", "cancel_tasks", "price", "finish",
    "deadline", "done",
)  # fmt: skip
"""The changes in the history of a batch."""
FINDINGS: Final = (
    "position", "rhythm", "copying", "leaked_gold", "drift", "below_bar", "call_her", "audit_failed", "refused_delivery",
)  # fmt: skip
"""The kinds of finding."""

BatchStateOut = Annotated[str, Listed(WORK_STATES)]
TaskStateOut = Annotated[str, Listed(TASK_STATES)]
ResultStateOut = Annotated[str, Listed((*TASK_STATES, "ambiguous"))]
StageStateOut = Annotated[
    str, Listed(("planned", "waiting", "running", "done", "skipped", "cancelled"))
]
KindOut = Annotated[str, Listed(kinds_asked)]
TaskKindOut = Annotated[str, Listed(cache(lambda: plugins.kinds(kinds)))]
"""The kind of a stage, in which each typed value is a kind of its own."""
ValueOut = Annotated[str, Listed(cache(lambda: tuple(values())))]
MethodOut = Annotated[str, Listed(cache(rule_names))]
OrderOut = Annotated[str, Listed(("depth", "breadth"))]
AtDeadlineOut = Annotated[str, Listed(("close", "pause"))]
WorkDoneOut = Annotated[
    str,
    Listed(("checking", "storing", "starting", "learning", "teaching", "closing", "publishing")),
]
ChannelOut = Annotated[str, Listed(("sms", "ussd"))]
BecameOut = Annotated[str, Listed(("held", "answered", "skipped", "expired", "withdrawn"))]
VerdictOut = Annotated[str, Listed(tuple(TaskDecision))]
SettledOut = Annotated[str, Listed(("single", "agreed", "settled", "open", "person"))]
FieldTypeOut = Annotated[str, Listed(TYPES)]
FindingKindOut = Annotated[str, Listed(FINDINGS)]
FindingStateOut = Annotated[str, Listed(("open", "closed"))]
ChangeOut = Annotated[str, Listed(CHANGES)]
JobKindOut = Annotated[str, Listed(tuple(JobKind))]
JobStateOut = Annotated[str, Listed(("queued", "running", "ready", "failed"))]
ContentOut = Annotated[str, Listed(tuple(Content))]
FormatOut = Annotated[str, Listed(cache(lambda: plugins.kinds(formats)))]
FaultRuleOut = Annotated[str, Listed(tuple(FaultRule))]
EventOut = Annotated[str, Listed((*EventType, TEST))]
WebhookStateOut = Annotated[str, Listed(("active", "off", "disabled"))]
DeliveryStateOut = Annotated[str, Listed(("waiting", "delivered", "failed"))]
PartnerStateOut = Annotated[str, Listed(tuple(PartnerState))]
AcceptanceStateOut = Annotated[str, Listed(tuple(AcceptanceState))]
PilotStateOut = Annotated[str, Listed(("running", "ended", "resumed"))]
SourceOut = Annotated[str, Listed(tuple(sorted(set(SPLITS.values()))))]
SplitOut = Annotated[str, Listed(tuple(SPLITS))]
JoinOut = Annotated[str, Listed(tuple(JOINS))]
RoleOut = Annotated[str, Listed((ASK, CHECK, AGAIN))]
ParameterTypeOut = Annotated[str, Listed(PARAMETER_TYPES)]
EncodingOut = Annotated[str, Listed(("GSM7", "UCS2"))]
