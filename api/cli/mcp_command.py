"""`renglon mcp`: the Model Context Protocol over standard input and output, for clients that start it themselves."""

from __future__ import annotations

import logging
import sys

from api.cli.remote import Remote
from rag.settings import Settings

PATIENCE_S = 600  # the first start indexes the folder; clients that don't want to wait that long cancel


def run(settings: Settings) -> None:
    """Serve until the input ends: from the server that holds the data folder, or else from the folder itself."""
    # Standard output carries messages and nothing else.
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s")
    from api.mcp.server import article_server
    from api.mcp.sources import ForwardedArticles, OwnArticles

    if Remote.of(settings):
        article_server(ForwardedArticles(settings)).run("stdio")
        return
    from api.service import Service

    service = Service(settings, command="renglon mcp")
    service.start()
    try:
        article_server(OwnArticles(service, PATIENCE_S)).run("stdio")
    finally:
        service.stop()
