"""The shape of the archives of Mechanical Turk: results with one row per assignment.

The service closed in 2026. A HIT becomes a task, and its past answers come along as columns. With
`map=gold:Answer.NAME`, past answers that agree become the task's gold. The gateway's own exports in
this shape have the truth of a gold task in `Input.gold`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from gateway.base.tabular import column_key
from gateway.tasks.shaping.layout import Header, Layout, gold_columns, laid_out, question_column
from gateway.tasks.shaping.rows import GivenRow, ReadingAsked, UploadedRow

INPUT, ANSWER, HIT = "Input.", "Answer.", "HITId"
GOLD, GOLD_REASON = "Input.gold", "Input.gold_reason"
"""The variables in which the gateway's own exports have the truth of a gold task and its reason.

The truth of a record has a column per field, such as `Input.gold.amount`. The service itself had no
place for them.
"""
# The columns about the HIT and the assignment. They name workers, and say nothing about the task.
_SYSTEM = (
    HIT, "HITTypeId", "Title", "Description", "Keywords", "Reward", "CreationTime",
    "MaxAssignments", "RequesterAnnotation", "AssignmentDurationInSeconds",
    "AutoApprovalDelayInSeconds", "Expiration", "NumberOfSimilarHITs", "LifetimeInSeconds",
    "AssignmentId", "WorkerId", "AssignmentStatus", "AcceptTime", "SubmitTime", "AutoApprovalTime",
    "ApprovalTime", "RejectionTime", "RequesterFeedback", "WorkTimeInSeconds",
    "LifetimeApprovalRate", "Last30DaysApprovalRate", "Last7DaysApprovalRate", "Approve", "Reject",
)  # fmt: skip


def recognised(names: Sequence[str]) -> bool:
    """Return whether these are the columns of an archive."""
    header = Header(names)
    plain = header.find("id") and header.find("text")
    return bool(header.beginning(INPUT)) and (header.find(HIT) is not None or not plain)


def read(
    names: Sequence[str], rows: Iterable[GivenRow], asked: ReadingAsked
) -> Iterator[UploadedRow]:
    """Yield the tasks of a file. Raises Refused where a column cannot be told."""
    return laid_out(rows, _layout(Header(names), asked))


def flat(row: GivenRow) -> GivenRow:
    """Return an object of JSON under the column names of a table: it has them already."""
    return row


def _layout(header: Header, asked: ReadingAsked) -> Layout:
    hit = header.find(HIT)
    name = header.mapped(asked, "id", INPUT) or hit or header.find(f"{INPUT}id", "id")
    golds = {one[len(GOLD) + 1 :]: one for one in header.beginning(f"{GOLD}.")}
    if (only := header.find(GOLD)) is not None and not golds:
        golds[""] = only
    reason = header.mapped(asked, "gold_reason", INPUT) or header.find(GOLD_REASON)
    aside = {name, reason, *golds.values()}
    inputs = [one for one in header.beginning(INPUT) if one not in aside]
    gold = header.mapped(asked, "gold", ANSWER, INPUT)
    return Layout(
        text=header.mapped(asked, "text", INPUT) or question_column(inputs, "Input column", INPUT),
        id=name,
        gold={"": gold} if gold else _golds(golds, header, asked),
        reason=reason,
        grouped_by=(hit,) if hit else (),
        answers=frozenset(header.beginning(ANSWER)),
        dropped=frozenset(one for each in _SYSTEM if (one := header.find(each))),
        is_rejected=_is_rejected,
    )


def _golds(golds: Mapping[str, str], header: Header, asked: ReadingAsked) -> Mapping[str, str]:
    """Return the columns of the truth: the only one, or one per field of a record."""
    return golds if "" in golds else gold_columns(golds, header, asked)


def _is_rejected(cells: Mapping[str, object]) -> bool:
    by_key = {column_key(name): cell for name, cell in cells.items()}
    status = str(by_key.get("assignmentstatus", "")).casefold()
    return status == "rejected" or bool(str(by_key.get("reject", "") or "").strip())
