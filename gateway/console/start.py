"""The start page at /: the address of this gateway, the next steps, and the links.

The page is equal for every caller and holds no secret.
"""

from fastapi import FastAPI
from jinja2 import Environment, PackageLoader, select_autoescape
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from gateway.steps.runtime import Runtime

_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
_ONLY_HERE = "private"
KEY_FILE = "try-out.key"
"""The file in `data_dir` with the API key of the client that `gateway up` makes in a try-out."""


def add_start(app: FastAPI, rt: Runtime) -> None:
    """Mount the start page.

    Pages that are switched off are not linked. Pages that are served to private addresses only are
    marked.
    """
    pages = Environment(
        loader=PackageLoader("gateway.console", "pages"), autoescape=select_autoescape()
    )
    settings = rt.settings
    key_file = (settings.data_dir / KEY_FILE).absolute()
    html = pages.get_template("start.html").render(
        tryout=settings.local_phone,
        address=settings.public_url,
        key_file=key_file if key_file.exists() else None,
        links=[
            (path, text, audience == _ONLY_HERE)
            for path, text, audience in (
                ("/docs", "the client API, every field of it, to read and to try", settings.serve_docs),
                ("/openapi.json", "the same for programs", settings.serve_openapi),
                ("/metrics", "figures for Prometheus", settings.serve_metrics),
            )
            if audience != "off"
        ],
        docs=settings.serve_docs != "off",
    )  # fmt: skip

    async def page(request: Request) -> Response:
        return HTMLResponse(html, headers=_HEADERS)

    app.add_route("/", page, methods=["GET"])
