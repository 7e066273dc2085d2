"""The check of query parameters: an unknown one is refused on every route of the client API.

An ignored parameter gives a wrong answer that looks right: `?state=done` would list everything.
"""

from collections import Counter
from collections.abc import Iterator
from difflib import get_close_matches

from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from pydantic import BaseModel

from gateway.base.errors import Fault, Refused
from gateway.base.errors.problem_codes import FaultRule


async def refuse_unknown(request: Request) -> None:
    """Raise Refused for a query parameter that is unknown to the route, or is given twice."""
    route = request.scope.get("route")
    if not request.url.query or not isinstance(route, APIRoute):
        return
    known = sorted(_names(route.dependant))
    faults = tuple(
        Fault(_unknown(name, known), name, rule=FaultRule.UNKNOWN)
        if name not in known
        else Fault("is given twice", name, rule=FaultRule.GIVEN_TWICE)
        for name, times in Counter(name for name, _ in request.query_params.multi_items()).items()
        if name not in known or times > 1
    )
    if faults:
        raise Refused(f"{faults[0].field}: {faults[0].message}", faults=faults)


def _names(dependant: Dependant) -> Iterator[str]:
    """Yield the names of the query parameters of a route and of its dependencies.

    A parameter that is a model holds several.
    """
    for field in dependant.query_params:
        annotation = field.field_info.annotation
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            yield from annotation.model_fields
        else:
            yield field.alias
    for one in dependant.dependencies:
        yield from _names(one)


def _unknown(name: str, known: list[str]) -> str:
    if not known:
        return "there is no such query parameter; this address takes none"
    near = get_close_matches(name, known, n=1)
    meant = f"did you mean {near[0]!r}? " if near else ""
    return f"there is no such query parameter; {meant}known: {', '.join(known)}"
