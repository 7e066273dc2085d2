"""The client's own pseudonyms in place of the row ids of workers."""

import re
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final, cast

from gateway.api.responses import FindingOut
from gateway.base.pseudonyms import Pseudonyms
from gateway.steps.batches.files.told import fields_for_client
from gateway.steps.quality.corrections.correct_gold import Diff
from gateway.store.quality.findings import BatchFinding

_PAIR: Final = re.compile(r"\A(\d+) and (\d+) ")


def story_for_client(story: dict[str, Any], names: Pseudonyms) -> dict[str, Any]:
    """Return the history of a task in the form that its client reads."""

    def told(one: dict[str, Any]) -> dict[str, Any]:
        return {**one, "worker": names.of(one["worker"])}

    return {
        **fields_for_client(story, names),
        "asked": [told(one) for one in story["asked"]],
        "answers": [told(one) for one in story["answers"]],
    }


def correction_for_client(diff: Diff, names: Pseudonyms) -> dict[str, Any]:
    """Return the changes of a correction in the form that the client reads."""
    return {
        **diff,
        "answers": [{**one, "worker": names.of(one["worker"])} for one in diff["answers"]],
        "back": [names.of(one) for one in diff["back"]],
    }


def finding_for_client(row: BatchFinding, names: Pseudonyms) -> FindingOut:
    """Return a finding in the form that the client reads.

    The evidence for copying names workers, in its sentence and in its pairs.
    """
    evidence: dict[str, Any] = dict(cast("Mapping[str, Any]", row.evidence))
    if "sentence" in evidence:
        evidence["sentence"] = _PAIR.sub(
            lambda found: f"{names.of(int(found[1]))} and {names.of(int(found[2]))} ",
            evidence["sentence"],
        )
    if "pairs" in evidence:
        evidence["pairs"] = [
            {**pair, "workers": [names.of(int(one)) for one in pair["workers"]]}
            for pair in evidence["pairs"]
        ]
    told: dict[str, Any] = {**asdict(row), "evidence": evidence}
    told["worker"] = None if row.worker is None else names.of(row.worker)
    return FindingOut(**told)
