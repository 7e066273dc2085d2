"""The limits of simultaneous requests: in total, per class of routes, and per API key."""

import re
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from enum import StrEnum

from gateway.api.edge.refusals import DoorRefusal, too_many
from gateway.settings import DoorLimits

_UPLOAD = re.compile(r"/api/v1/(?:batches/[^/]+/(?:tasks|imports)|projects/[^/]+/file)/?")


class RouteClass(StrEnum):
    """A class of routes that share their places."""

    WEBHOOK = "webhook"
    CLIENT = "client"
    UPLOAD = "upload"
    PAGE = "page"


def class_of(method: str, path: str) -> RouteClass:
    """Return the class of a request.

    >>> class_of("POST", "/in/at/secret/ussd"), class_of("POST", "/api/v1/batches/b_1/tasks")
    (<RouteClass.WEBHOOK: 'webhook'>, <RouteClass.UPLOAD: 'upload'>)
    >>> class_of("GET", "/console")
    <RouteClass.PAGE: 'page'>
    """
    if path.startswith(("/in/", "/hooks/")):
        return RouteClass.WEBHOOK
    if path.startswith("/api/"):
        upload = method in ("POST", "PUT") and _UPLOAD.fullmatch(path)
        return RouteClass.UPLOAD if upload else RouteClass.CLIENT
    return RouteClass.PAGE


_SAID = {
    RouteClass.WEBHOOK: "webhooks",
    RouteClass.CLIENT: "requests of clients",
    RouteClass.UPLOAD: "uploads",
    RouteClass.PAGE: "requests for pages",
}


def takes_import(path: str) -> bool:
    """Return whether the body of a request is the file of an import, which may be very large."""
    return path.rstrip("/").endswith("/imports")


class RequestLimit:
    """The places of one server process.

    Clients and pages together never have all of them, because webhooks keep theirs.
    """

    def __init__(self, limits: DoorLimits) -> None:
        self._limits = limits
        self._taken: Counter[RouteClass] = Counter()
        self._all = 0
        self._of_keys: Counter[tuple[RouteClass, str]] = Counter()
        self._most = {
            RouteClass.WEBHOOK: (limits.webhook_requests, "limits.webhook_requests"),
            RouteClass.CLIENT: (limits.client_requests, "limits.client_requests"),
            RouteClass.UPLOAD: (limits.upload_requests, "limits.upload_requests"),
            RouteClass.PAGE: (limits.page_requests, "limits.page_requests"),
        }
        self._most_of_key = {
            RouteClass.CLIENT: (limits.client_requests_per_key, "limits.client_requests_per_key"),
            RouteClass.UPLOAD: (limits.upload_requests_per_key, "limits.upload_requests_per_key"),
        }

    def taken(self, kind: RouteClass) -> "_Place":
        """Hold a place of the class for a block. Raises DoorRefusal when none is free."""
        if self._all >= self._limits.requests:
            raise self._full("requests", self._limits.requests, "limits.requests")
        most, setting = self._most[kind]
        if self._taken[kind] >= most:
            raise self._full(_SAID[kind], most, setting)
        return _Place(self, kind)

    def count(self, kind: RouteClass, change: int) -> None:
        """Count a place that is taken (1) or free again (-1)."""
        self._taken[kind] += change
        self._all += change

    @contextmanager
    def taken_by(self, kind: RouteClass, key: str) -> Generator[None]:
        """Hold a place of one API key for a block.

        Raises DoorRefusal when the key has all its places.
        """
        most, setting = self._most_of_key[kind]
        name = (kind, key)
        if self._of_keys[name] >= most:
            raise self._full(f"{_SAID[kind]} with this API key", most, setting)
        self._of_keys[name] += 1
        try:
            yield
        finally:
            self._of_keys[name] -= 1
            if not self._of_keys[name]:
                del self._of_keys[name]

    def _full(self, what: str, most: int, setting: str) -> DoorRefusal:
        return too_many(what, most, setting, self._limits.retry_after_s)


class _Place:
    """A place that is held for a block.

    It is a class because a generator would cost twice as much, per key press of a phone.
    """

    __slots__ = ("_kind", "_places")

    def __init__(self, places: RequestLimit, kind: RouteClass) -> None:
        self._places, self._kind = places, kind

    def __enter__(self) -> None:
        self._places.count(self._kind, 1)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: object
    ) -> None:
        self._places.count(self._kind, -1)
