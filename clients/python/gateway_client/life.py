"""The changes of a batch during its life."""

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, Self

import httpx


@dataclass(frozen=True, slots=True)
class Change:
    """A change of a batch: what it was, what it is now, and what that costs.

    `cost_minor` was set aside for it, in minor units of `currency`, and a negative amount came
    back. With `dry_run` nothing was changed.
    """

    id: int
    at: str
    by: str
    what: str
    before: dict[str, Any]
    after: dict[str, Any]
    cost_minor: int
    currency: str
    dry_run: bool = False
    enough: bool = True

    @classmethod
    def read(cls, said: dict[str, Any]) -> Self:
        """Return the change in a response."""
        made = cls.of(said["change"], said["currency"])
        return replace(made, dry_run=said["dry_run"], enough=said["enough"])

    @classmethod
    def of(cls, one: dict[str, Any], currency: str) -> Self:
        """Return one change of a history. What a newer gateway adds is left out."""
        known: dict[str, Any] = {name: one[name] for name in _FIELDS}
        return cls(**known, currency=currency)


_FIELDS: Final = ("id", "at", "by", "what", "before", "after", "cost_minor")


class BatchLife:
    """The methods that change a batch. Each change of a running batch can be tried first."""

    def edit(self, batch: str, **fields: Any) -> dict[str, Any]:
        """Change fields of a draft, or the labels of any batch, and return the batch."""
        shown: dict[str, Any] = self._sends("PATCH", f"/batches/{batch}", fields).json()
        return shown

    def delete(self, batch: str) -> None:
        """Delete a draft with its tasks."""
        self._asks("DELETE", f"/batches/{batch}")

    def copy(self, batch: str, *, tasks: bool = False, name: str | None = None) -> str:
        """Make a draft with the settings of a batch, and return its id."""
        made = self._sends("POST", f"/batches/{batch}/copy", {"tasks": tasks, "name": name})
        new: str = made.json()["id"]
        return new

    def extend(self, batch: str, *, dry_run: bool = False, **more: Any) -> Change:
        """Ask for more answers (`answers`, `maximum`, `tasks`), or move the `deadline`."""
        if isinstance(more.get("deadline"), datetime):
            more["deadline"] = more["deadline"].isoformat()
        return self._changes(batch, "extend", more, dry_run=dry_run)

    def reopen(
        self, batch: str, tasks: Sequence[str], *, answers: int = 1, dry_run: bool = False
    ) -> Change:
        """Open decided tasks for more answers. A batch that is done runs again."""
        return self._changes(
            batch, "reopen", {"tasks": list(tasks), "answers": answers}, dry_run=dry_run
        )

    def cancel_tasks(self, batch: str, tasks: Sequence[str], *, dry_run: bool = False) -> Change:
        """Cancel open tasks. Workers who hold one may still answer it, and are paid."""
        return self._changes(batch, "cancel-tasks", {"tasks": list(tasks)}, dry_run=dry_run)

    def raise_price(self, batch: str, price: str, *, dry_run: bool = False) -> Change:
        """Raise the price for workers who are not asked yet."""
        return self._changes(batch, "price", {"price": price}, dry_run=dry_run)

    def finish(self, batch: str) -> Change:
        """End the adding of tasks to an open batch."""
        return Change.read(self._sends("POST", f"/batches/{batch}/finish", {}).json())

    def history(self, batch: str) -> Iterator[Change]:
        """Yield the changes of a batch, oldest first."""
        currency = self._asks("GET", f"/batches/{batch}").json()["money"]["currency"]
        after: int | None = None
        while True:
            params = {"after": after} if after else {}
            page = self._asks("GET", f"/batches/{batch}/history", params=params).json()
            yield from (Change.of(one, currency) for one in page["changes"])
            after = page["next"]
            if after is None:
                return

    def _changes(self, batch: str, path: str, body: dict[str, Any], *, dry_run: bool) -> Change:
        where = f"/batches/{batch}/{path}"
        if dry_run:
            return Change.read(self._asks("POST", f"{where}?dry_run=1", json=body).json())
        return Change.read(self._sends("POST", where, body).json())

    def _sends(self, method: str, path: str, body: dict[str, Any]) -> httpx.Response:
        """Make a change once, however often the request has to be made."""
        return self._asks(method, path, json=body, headers={"Idempotency-Key": uuid.uuid4().hex})

    def _asks(self, method: str, path: str, **given: Any) -> httpx.Response:
        raise NotImplementedError
