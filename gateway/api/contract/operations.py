"""The names of the operations, for generated clients: `start_batch`, `list_webhooks`.

A name follows from method and address, so that a new operation has one too. The table holds those
for which the rule gives no good English.
"""

import re
from typing import Final

_CHOSEN: Final[dict[str, str]] = {
    "GET /audience": "list_audience",
    "POST /batches/{batch}/tasks": "add_tasks",
    "GET /batches/{batch}/tasks": "list_tasks",
    "GET /batches/{batch}/tasks/{task}": "get_task",
    "GET /batches/{batch}/tasks/{task}/decision": "explain_task",
    "POST /batches/{batch}/tasks/{task}/decision": "decide_task",
    "POST /batches/{batch}/cancel-tasks": "cancel_tasks",
    "GET /batches/{batch}/results": "list_results",
    "GET /batches/{batch}/answers": "list_answers",
    "GET /batches/{batch}/bonuses": "list_bonuses",
    "POST /batches/{batch}/bonuses": "pay_bonus",
    "GET /batches/{batch}/rules": "list_rules",
    "POST /batches/{batch}/rules/trials": "try_rule",
    "POST /batches/{batch}/rules/{version}/switch": "switch_rule",
    "POST /batches/{batch}/gold/{task}/correct": "correct_gold",
    "POST /batches/{batch}/options/{option}/same": "merge_option",
    "POST /batches/{batch}/options/{option}/label": "relabel_option",
    "PUT /batches/{batch}/shares": "replace_batch_shares",
    "GET /batches/{batch}/audit/next": "get_audit_task",
    "POST /batches/{batch}/audit/tasks/{task}": "judge_audit_task",
    "GET /batches/{batch}/proof.csv": "get_proof",
    "GET /batches/{batch}/quality.html": "get_batch_quality_page",
    "GET /batches/{batch}/quality.csv": "get_batch_quality_table",
    "POST /webhooks/{webhook}/secret": "rotate_webhook_secret",
    "GET /webhooks/{webhook}/deliveries": "list_deliveries",
    "POST /projects/{project}/file": "add_project_file",
    "PUT /projects/{project}/file": "replace_project_file",
    "POST /preview": "preview_task",
    "POST /batches/{batch}/imports": "create_import",
    "GET /batches/{batch}/imports": "list_imports",
    "GET /batches/{batch}/imports/{job}": "get_import",
    "POST /batches/{batch}/exports": "create_export",
    "GET /batches/{batch}/exports": "list_exports",
    "GET /batches/{batch}/exports/{job}": "get_export",
    "GET /batches/{batch}/exports/{job}/file": "get_export_file",
    "POST /batches/{batch}/price": "raise_batch_price",
}
_PREFIX = "/api/v1"
VERBS: Final = frozenset(
    ("accept", "add", "allow", "archive", "cancel", "close", "copy", "correct", "create", "decide",
     "delete", "explain", "extend", "finish", "get", "judge", "list", "merge", "open", "pause", "pay",
     "preview", "propose", "raise", "refuse", "relabel", "release", "reopen", "replace", "replay", "rotate",
     "send", "start", "stop", "switch", "test", "try", "update", "withdraw")
)  # fmt: skip
"""The first words of names."""
_OF_METHOD = {"PATCH": "update", "PUT": "replace", "DELETE": "delete", "POST": "create"}


def operation_id(method: str, path: str) -> str:
    """Return the name of an operation.

    >>> operation_id("GET", "/api/v1/batches"), operation_id("POST", "/api/v1/batches")
    ('list_batches', 'create_batch')
    >>> operation_id("POST", "/api/v1/batches/{batch}/start")
    'start_batch'
    >>> operation_id("GET", "/api/v1/batches/{batch}/parts/{part}")
    'get_part'
    >>> operation_id("POST", "/api/v1/batches/{batch}/tasks/{task}/cancel")
    'cancel_task'
    """
    inner = path.removeprefix(_PREFIX)
    chosen = _CHOSEN.get(f"{method} {inner}")
    if chosen:
        return chosen
    return _by_rule(method, inner)


def _by_rule(method: str, inner: str) -> str:
    parts = [re.sub(r"\W", "_", part.strip("{}")) for part in inner.strip("/").split("/")]
    last, owner = parts[-1], _owner(inner)
    if inner.endswith("}"):
        return f"{'get' if method == 'GET' else _OF_METHOD[method]}_{last}"
    if method == "POST" and last in VERBS:
        of = parts[-2] if len(parts) > 1 else ""
        return f"{last}_{of}" if of else last
    whole = f"{owner}_{last}" if owner else last
    if method == "GET":
        return f"{'list' if last.endswith('s') else 'get'}_{whole}"
    return f"{_OF_METHOD[method]}_{_singular(whole) if method == 'POST' else whole}"


def _owner(inner: str) -> str:
    found = re.findall(r"{(\w+)}/", inner)
    return found[-1] if found else ""


def _singular(word: str) -> str:
    if word.endswith("ches"):
        return word.removesuffix("es")
    return word.removesuffix("s")


TAGS: Final[dict[str, str]] = {
    "Account": "Your money.",
    "Batches": "Batches of questions: make, price, start, watch, and end them.",
    "Tasks": "The questions of a batch: add, list and look at them.",
    "Results": "Results, every single answer, and the proof where the money went.",
    "Quality": "Your say: decide, correct, audit, accept; and what the quality steps found.",
    "Workers": "Whom a task may go to, partners' shares, and bonuses.",
    "Projects": "Large files that become chains of batches.",
    "Webhooks": "Calls by which the gateway tells your program what happened.",
}
"""The groups of operations in the document, with their descriptions."""
_TAG_RULES: Final = (
    (r"/account", "Account"),
    (r"/audience|/batches/{batch}/(bonuses|shares)", "Workers"),
    (r"/batches/{batch}/(results|answers|proof|exports|fields)", "Results"),
    (r"/batches/{batch}/(quality|audit|accept|refuse|gold|options|rules|predictions)", "Quality"),
    (r".*/decision$", "Quality"),
    (r"/batches/{batch}/(tasks|imports)|/preview", "Tasks"),
    (r"/batches", "Batches"),
    (r"/projects|/recipes", "Projects"),
    (r"/webhooks", "Webhooks"),
)


def tag_of(path: str) -> str:
    """Return the group of an operation.

    >>> tag_of("/api/v1/batches/{batch}/answers"), tag_of("/api/v1/batches/{batch}/start")
    ('Results', 'Batches')
    """
    inner = path.removeprefix(_PREFIX)
    return next((tag for rule, tag in _TAG_RULES if re.match(rule, inner)), "Batches")
