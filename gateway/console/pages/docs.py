"""The description of the client API at /docs: Swagger UI, which works without the internet.

FastAPI's own page loads its scripts from the servers of another company. Offline it is blank.
Online those servers learn of every visit and could change what the page does. This page takes
Swagger UI from an installed package and loads nothing from elsewhere, and its policy forbids it.
"""

from importlib import resources

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from gateway.base.errors.problem_codes import PROBLEM_KINDS
from gateway.base.scopes import MEANINGS
from gateway.console.rendering import page_headers, static_file, template
from gateway.steps.runtime import Runtime

_PACKAGE = "fastapi_offline"
"""The package whose files are served: Swagger UI as its makers publish it."""
_VENDORED = {"swagger-ui-bundle.js": "text/javascript", "swagger-ui.css": "text/css"}
_OWN = {"docs.js": "text/javascript"}
# Swagger UI sets styles on elements, and its style sheet holds its pictures.
_HEADERS = page_headers(
    "script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'none'",
    cache="no-cache",
)
_STYLED = page_headers(cache="no-cache")


def mount(app: FastAPI, rt: Runtime, address: str) -> None:
    """Mount /docs, and the list of error codes at /docs/problems.

    The webhook server's access check enforces the setting `serve_docs` for everything below /docs.
    """
    html = resources.files("gateway.console").joinpath("templates", "docs.html").read_text("utf-8")

    async def page(request: Request) -> Response:
        return HTMLResponse(html, headers=_HEADERS)

    async def moved(request: Request) -> Response:
        return RedirectResponse(address, status_code=308, headers=_HEADERS)

    async def problems(request: Request) -> Response:
        return HTMLResponse(told, headers=_STYLED)

    told = template("problems.html").render(kinds=PROBLEM_KINDS, scopes=MEANINGS)
    app.add_route(address, page, methods=["GET"])
    app.add_route(f"{address}/problems", problems, methods=["GET"])
    app.add_route("/redoc", moved, methods=["GET"])
    files = [(_OWN, "gateway.console"), (_VENDORED, _PACKAGE)]
    for names, package in files:
        for name, media in names.items():
            served = static_file(package, name, media, _HEADERS)
            app.add_route(f"{address}/{name}", served, methods=["GET"])
