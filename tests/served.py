"""Datasette over a snapshot, asked without a server: what the tests of the pages share."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import yaml
from bs4 import BeautifulSoup
from datasette.app import Datasette
from datasette.plugins import pm

from standards_db import datasette_plugin

METADATA = Path(__file__).parents[1] / "metadata.yml"


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


class Served:
    """Datasette over the small snapshot, with its own event loop."""

    def __init__(self, path: Path, *, allow_facet: bool = True) -> None:
        if not pm.is_registered(datasette_plugin):
            pm.register(datasette_plugin, "standards_db")
        self.metadata = yaml.safe_load(METADATA.read_text(encoding="utf-8"))
        self.loop = asyncio.new_event_loop()
        settings = {"suggest_facets": False, "facet_time_limit_ms": 1000, "allow_facet": allow_facet}
        self.datasette = Datasette([], immutables=[str(path)], metadata=self.metadata, settings=settings)

    def get(self, path: str) -> Any:
        return self.loop.run_until_complete(self.datasette.client.get(path))

    def soup(self, path: str) -> BeautifulSoup:
        return BeautifulSoup(self.get(path).text, "html.parser")

    def rows(self, path: str) -> list[dict[str, Any]]:
        """All rows behind the address of a table page (at most 1,000)."""
        table, _, query = path.partition("?")
        response = self.get(f"{table}.json?{query}&_shape=array&_size=max")
        assert response.status_code == 200, response.text
        return response.json()

    def sql(self, sql: str) -> list[dict[str, Any]]:
        return self.get(f"/standards.json?{urlencode({'sql': sql, '_shape': 'array'})}").json()

    def close(self) -> None:
        self.loop.close()
