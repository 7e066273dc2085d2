"""The description of the client API at /docs: Swagger UI, which works without the internet.

FastAPI's own page loads its scripts from the servers of another company. Offline it is blank.
Online those servers learn of every visit and could change what the page does. This page takes
Swagger UI from an installed package and loads nothing from elsewhere, and its policy forbids it.
"""

from collections.abc import Awaitable, Callable
from importlib import resources

from fastapi import FastAPI
from jinja2 import Environment, PackageLoader, select_autoescape
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from gateway.base.errors.problem_codes import PROBLEM_KINDS
from gateway.base.scopes import MEANINGS
from gateway.steps.runtime import Runtime

_PACKAGE = "fastapi_offline"
"""The package whose files are served: Swagger UI as its makers publish it."""
_VENDORED = {"swagger-ui-bundle.js": "text/javascript", "swagger-ui.css": "text/css"}
_OWN = {"docs.js": "text/javascript"}
_HEADERS = {
    # Swagger UI sets styles on elements, and its style sheet holds its pictures.
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}
_STYLED = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
}

RouteHandler = Callable[[Request], Awaitable[Response]]


def add_documentation(app: FastAPI, rt: Runtime) -> None:
    """Mount /docs, and the list of error codes at /docs/problems.

    The webhook server's access check enforces the setting `serve_docs` for everything below /docs.
    """
    html = resources.files("gateway.console").joinpath("pages", "docs.html").read_text("utf-8")

    async def page(request: Request) -> Response:
        return HTMLResponse(html, headers=_HEADERS)

    async def moved(request: Request) -> Response:
        return RedirectResponse("/docs", status_code=308, headers=_HEADERS)

    async def problems(request: Request) -> Response:
        return HTMLResponse(told, headers=_HEADERS | _STYLED)

    pages = Environment(
        loader=PackageLoader("gateway.console", "pages"), autoescape=select_autoescape()
    )
    told = pages.get_template("problems.html").render(kinds=PROBLEM_KINDS, scopes=MEANINGS)
    app.add_route("/docs", page, methods=["GET"])
    app.add_route("/docs/problems", problems, methods=["GET"])
    app.add_route("/redoc", moved, methods=["GET"])
    for name, media in _OWN.items():
        app.add_route(f"/docs/{name}", _file("gateway.console", name, media), methods=["GET"])
    for name, media in _VENDORED.items():
        app.add_route(f"/docs/{name}", _file(_PACKAGE, name, media), methods=["GET"])


def _file(package: str, name: str, media: str) -> RouteHandler:
    async def answer(request: Request) -> Response:
        # The file is read per request: its 1.5 MB are never served by most processes.
        body = resources.files(package).joinpath("static", name).read_bytes()
        return Response(body, media_type=media, headers=_HEADERS)

    return answer
