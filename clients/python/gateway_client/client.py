"""The client of the gateway's API."""

import json
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import unquote

import httpx

from gateway_client.files import BatchFiles, pieces
from gateway_client.life import BatchLife
from gateway_client.models import Answer, Progress, Quote, Result, media_type

_TRIES: Final = 8
_WAIT_S, _WAIT_MAX_S = 2.0, 30.0
_BUSY: Final = (429, 503)
_PAGE: Final = 1000
_ENDED: Final = ("done", "cancelled")

Tasks = str | Path | Sequence[Mapping[str, Any]]
"""Tasks: the path of a CSV, XLSX or JSON file, or a list of objects with `id` and `text`."""


class GatewayProblem(Exception):
    """A refusal of the gateway, with its reason.

    `errors` lists each fault with its `field`, `row` (1 is the first task) and `message`.
    """

    def __init__(self, status: int, detail: str, errors: Sequence[Mapping[str, Any]] = ()) -> None:
        super().__init__(f"{detail} (HTTP {status})")
        self.status, self.detail, self.errors = status, detail, list(errors)


class Client(BatchLife, BatchFiles):
    """A client with an API key. It is a context manager, which closes its connections."""

    def __init__(
        self,
        url: str,
        key: str,
        *,
        http: httpx.Client | None = None,
        on_wait: Callable[[float], None] = lambda _: None,
    ) -> None:
        """Open a client for the gateway at `url`. `http` is for tests and for proxies.

        `on_wait` is called with the seconds before a request is made again.
        """
        self._on_wait = on_wait
        self._http = http or httpx.Client(timeout=120.0)
        self._root = f"{url.rstrip('/')}/api/v1"
        self._key = {"Authorization": f"Bearer {key}"}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._http.close()

    def submit(
        self,
        tasks: Tasks,
        *,
        name: str,
        kind: str,
        instructions: str,
        price: str,
        **more: Any,
    ) -> str:
        """Make a draft of these tasks, and return the batch's id.

        `more` are further fields of a batch, like `policy`, `options` or `labels`. Raises
        GatewayProblem naming field and row. Nothing is stored then, and the draft is deleted.
        """
        order = {
            "name": name,
            "kind": kind,
            "instructions": instructions,
            "price": price,
            **more,
        }
        body, media = _body(tasks)
        once = {"Idempotency-Key": uuid.uuid4().hex}
        made = self._asks("POST", "/batches", json=order, headers=once).json()
        batch: str = made["id"]
        headers = {"Content-Type": media}
        try:
            self._asks("POST", f"/batches/{batch}/tasks", content=body, headers=headers)
        except GatewayProblem as refused:
            try:
                self.delete(batch)
            except (GatewayProblem, httpx.TransportError):
                refused.detail += f"; the draft {batch} is left without tasks"
                refused.args = (f"{refused.detail} (HTTP {refused.status})",)
            raise
        return batch

    def preview(
        self,
        tasks: Sequence[Mapping[str, Any]],
        *,
        kind: str,
        instructions: str,
        price: str,
        **more: Any,
    ) -> dict[str, Any]:
        """Return a batch as workers would meet it: messages, screens, replies and price.

        Nothing is stored. At most ten tasks are shown; `more` are the further fields of a batch.
        """
        order = {"kind": kind, "instructions": instructions, "price": price, **more}
        shown: dict[str, Any] = self._asks(
            "POST", "/preview", json={**order, "tasks": list(tasks)}
        ).json()
        return shown

    def preview_batch(self, batch: str, *, tasks: int = 3) -> dict[str, Any]:
        """Return the first tasks of a batch as workers meet them."""
        shown: dict[str, Any] = self._asks(
            "GET", f"/batches/{batch}/preview", params={"tasks": str(tasks)}
        ).json()
        return shown

    def add(self, batch: str, tasks: Tasks) -> int:
        """Add tasks to a draft, or to a running batch that is open; return their number."""
        body, media = _body(tasks)
        headers = {"Content-Type": media, "Idempotency-Key": uuid.uuid4().hex}
        said = self._asks("POST", f"/batches/{batch}/tasks", content=body, headers=headers).json()
        number: int = said["added"]
        return number

    def quote(self, batch: str) -> Quote:
        """Return the cost of a draft."""
        return Quote.read(self._asks("GET", f"/batches/{batch}/quote").json())

    def start(self, batch: str, *, without_promise: bool = False, pilot: int | None = None) -> None:
        """Set aside the money, and let the batch run. Repeating it changes nothing.

        A draft whose `accuracy` cannot be promised starts only `without_promise`. With `pilot`,
        this many tasks are asked first. The batch then pauses, and `pilot` returns what was learnt.
        """
        asked = {"without_promise": "true"} if without_promise else {}
        body = {} if pilot is None else {"pilot": pilot}
        self._asks("POST", f"/batches/{batch}/start", params=asked, json=body)

    def pilot(self, batch: str) -> dict[str, Any]:
        """Return what the first tasks of a batch have shown; `start` lets it go on."""
        shown: dict[str, Any] = self._asks("GET", f"/batches/{batch}/pilot").json()
        return shown

    def pause(self, batch: str) -> None:
        """Ask no more questions until `start`."""
        self._asks("POST", f"/batches/{batch}/pause")

    def cancel(self, batch: str) -> None:
        """End a batch for good. Answers that were given stay paid."""
        self._asks("POST", f"/batches/{batch}/cancel")

    def batch(self, batch: str) -> dict[str, Any]:
        """Return all that the gateway shows of a batch."""
        return self._asks("GET", f"/batches/{batch}").json()

    def batches(self, **filters: str) -> Iterator[dict[str, Any]]:
        """Yield the batches of this client, newest first; filters are `state` and `label`."""
        after: str | None = None
        while True:
            wanted = filters | ({"after": after} if after else {})
            page = self._asks("GET", "/batches", params=wanted).json()
            yield from page["batches"]
            after = page["next"]
            if after is None:
                return

    def watch(self, batch: str, *, every_s: float = 2.0) -> Iterator[Progress]:
        """Yield the progress of a batch whenever it changes, until the batch has ended."""
        last: Progress | None = None
        while True:
            shown = self.batch(batch)
            now = Progress.read(shown["progress"])
            if now != last:
                yield now
            last = now
            if shown["state"] in _ENDED and not shown["background"]:
                return
            time.sleep(every_s)

    def results(self, batch: str, **filters: str) -> Iterator[Result]:
        """Yield the results in the order of the tasks.

        Filters are `state` and `decided_after`.
        """
        for one in self._pages(f"/batches/{batch}/results", filters):
            yield Result.read(one)

    def answers(self, batch: str, **filters: str) -> Iterator[Answer]:
        """Yield every single answer in the order of the tasks; the filter is `answered_after`."""
        for one in self._pages(f"/batches/{batch}/answers", filters):
            yield Answer.read(one)

    def _pages(self, path: str, filters: Mapping[str, str]) -> Iterator[dict[str, Any]]:
        after: str | None = None
        while True:
            wanted = {**filters, "limit": str(_PAGE)} | ({"after": after} if after else {})
            answer = self._asks("GET", path, params=wanted)
            yield from answer.json()
            following = answer.headers.get("Next-After")
            if following is None:
                return
            after = unquote(following)

    def _saves(self, path: str, file: Path) -> int:
        """Write the response to a GET into a file, piece by piece, and return its size."""
        with self._http.stream("GET", self._root + path, headers=self._key) as answer:
            if not answer.is_success:
                answer.read()
                raise _problem(answer)
            with file.open("wb") as out:
                return sum(out.write(piece) for piece in answer.iter_bytes())

    def _asks(self, method: str, path: str, **given: Any) -> httpx.Response:
        """Make a request, again while the gateway is busy or a connection breaks.

        All requests may be made twice: those that make something carry a key, and the others have
        the same effect twice. Raises GatewayProblem, or httpx's error for a gateway that is away.
        """
        headers = {**self._key, **given.pop("headers", {})}
        attempt = 1
        while True:
            wait_s = _WAIT_S * attempt
            sent = {**given}
            if isinstance(sent.get("content"), Path):
                sent["content"] = pieces(sent["content"])
            try:
                answer = self._http.request(method, self._root + path, headers=headers, **sent)
            except httpx.TransportError:
                if attempt == _TRIES:
                    raise
            else:
                if answer.is_success:
                    return answer
                if answer.status_code not in _BUSY or attempt == _TRIES:
                    raise _problem(answer)
                told = answer.headers.get("Retry-After", "")
                wait_s = float(told) if told.isdecimal() else wait_s
            wait_s = min(wait_s, _WAIT_MAX_S)
            self._on_wait(wait_s)
            time.sleep(wait_s)
            attempt += 1


def _body(tasks: Tasks) -> tuple[bytes, str]:
    """Return the tasks as the body of an upload, and its media type."""
    if isinstance(tasks, str | Path):
        path = Path(tasks)
        return path.read_bytes(), media_type(path)
    return json.dumps(list(tasks)).encode(), "application/json"


def _problem(answer: httpx.Response) -> GatewayProblem:
    try:
        said = answer.json()
        return GatewayProblem(answer.status_code, said["detail"], said.get("errors", ()))
    except (ValueError, KeyError, TypeError):
        return GatewayProblem(answer.status_code, answer.text[:500] or "no reason was given")
