"""What every command shares: exit codes, options, and one clear line for what can go wrong outside the program."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import click

from crawler import importer
from crawler.archive import ArchiveError
from standards_db import snapshot
from standards_db.schema import DatabaseError

EXIT_REJECTED, EXIT_BAD_INPUT, EXIT_LOCKED = 1, 2, 75
EXIT_CODES = """\b
Exit codes:
  0   everything asked for was done
  1   a source's run was rejected, a check failed, or part of an archive could not be read
  2   the command or its input is wrong (message on standard error)
  75  the database is locked by another process; try again
"""


class Spheres(click.Group):
    """Turns what can go wrong outside the program into one clear line and an exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (DatabaseError, ArchiveError, importer.ListError, snapshot.SnapshotError) as error:
            fail(str(error), EXIT_BAD_INPUT)
        except sqlite3.OperationalError as error:
            locked = "locked" in str(error)
            fail(f"database: {error}", EXIT_LOCKED if locked else EXIT_BAD_INPUT)
        except sqlite3.DatabaseError as error:
            fail(f"database: {error}", EXIT_BAD_INPUT)
        except OSError as error:
            fail(str(error), EXIT_BAD_INPUT)


def fail(message: str, code: int) -> NoReturn:
    click.echo(f"spheres: {message}", err=True)
    sys.exit(code)


def db_option(default: str = "ingest.db") -> Callable[[Any], Any]:
    return click.option(
        "--db",
        "db_path",
        type=click.Path(dir_okay=False, path_type=Path),
        default=default,
        show_default=True,
        help="The ingest database.",
    )


json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
