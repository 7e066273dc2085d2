"""The check of query parameters: an unknown one is refused on every route of the client API.

An ignored parameter gives a wrong answer that looks right: `?state=done` would list everything.
"""

from collections import Counter
from difflib import get_close_matches

from fastapi import Request
from fastapi.dependencies.utils import get_flat_params
from fastapi.params import Query
from fastapi.routing import APIRoute

from gateway.base.errors import Fault, Refused


async def refuse_unknown(request: Request) -> None:
    """Raise Refused for a query parameter that is unknown to the route, or is given twice."""
    route = request.scope.get("route")
    if not request.url.query or not isinstance(route, APIRoute):
        return
    fields = get_flat_params(route.dependant)
    known = sorted(field.alias for field in fields if isinstance(field.field_info, Query))
    faults = tuple(
        Fault(_unknown(name, known) if name not in known else "is given twice", name)
        for name, times in Counter(name for name, _ in request.query_params.multi_items()).items()
        if name not in known or times > 1
    )
    if faults:
        raise Refused(f"{faults[0].field}: {faults[0].message}", faults=faults)


def _unknown(name: str, known: list[str]) -> str:
    if not known:
        return "there is no such query parameter; this address takes none"
    near = get_close_matches(name, known, n=1)
    meant = f"did you mean {near[0]!r}? " if near else ""
    return f"there is no such query parameter; {meant}known: {', '.join(known)}"
