"""The start page at /: the address of this gateway, the next steps, and the links.

The page is equal for every caller and holds no secret.
"""

import shlex

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from gateway.console.rendering import page_headers, template
from gateway.steps.runtime import Runtime

_HEADERS = page_headers()
_ONLY_HERE = "private"
KEY_FILE = "try-out.key"
"""The file in `data_dir` with the API key of the client that `gateway up` makes in a try-out."""


def mount(app: FastAPI, rt: Runtime, address: str) -> None:
    """Mount the start page.

    Pages that are switched off are not linked. Pages that are served to private addresses only are
    marked.
    """
    settings = rt.settings
    key_file = (settings.data_dir / KEY_FILE).absolute()
    html = template("index.html").render(
        tryout=settings.local_phone,
        address=settings.public_url,
        key_file=shlex.quote(str(key_file)) if key_file.exists() else None,
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

    app.add_route(address, page, methods=["GET"])
