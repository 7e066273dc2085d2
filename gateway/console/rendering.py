"""The parts that all console pages share: protecting headers, templates and static files.

A browser may load nothing from elsewhere for any page, and no other site may frame one.
"""

from collections.abc import Awaitable, Callable
from importlib import resources

from jinja2 import Environment, PackageLoader, Template, select_autoescape
from starlette.requests import Request
from starlette.responses import Response

RouteHandler = Callable[[Request], Awaitable[Response]]

PLAIN = "style-src 'unsafe-inline'; img-src data:; form-action 'none'"
"""The permissions of a page without scripts, whose style stands in the page itself."""


def page_headers(permitted: str = PLAIN, *, cache: str = "no-store") -> dict[str, str]:
    """Return the headers of a page that may use only what `permitted` names."""
    return {
        "Content-Security-Policy": f"default-src 'none'; {permitted}; "
        "frame-ancestors 'none'; base-uri 'none'",
        "Cache-Control": cache,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
    }


def template(name: str) -> Template:
    """Return a template of `console/templates`, which escapes every value that it shows."""
    loader = PackageLoader("gateway.console", "templates")
    return Environment(loader=loader, autoescape=select_autoescape()).get_template(name)


def static_file(package: str, name: str, media_type: str, headers: dict[str, str]) -> RouteHandler:
    """Return a handler that serves one file of a package's folder `static`."""

    async def answer(request: Request) -> Response:
        # The file is read per request: most processes never serve it, and some are large.
        body = resources.files(package).joinpath("static", name).read_bytes()
        return Response(body, media_type=media_type, headers=headers)

    return answer
