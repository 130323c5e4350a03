"""Further libraries that tests import at the top of their modules, for the template of the workers."""

from __future__ import annotations

import docx
import httpx
import hypothesis.strategies
import mcp
import playwright.sync_api
import prometheus_client
import psycopg
import reportlab.pdfgen.canvas
import sklearn.linear_model

__all__ = ["docx", "httpx", "hypothesis", "mcp", "playwright", "prometheus_client", "psycopg", "reportlab", "sklearn"]
