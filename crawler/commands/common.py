"""What every command shares: exit codes, options, and one clear line for what can go wrong outside the program."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import click

from crawler import base, importer
from crawler.archive import ArchiveError
from crawler.base import SourceSpider
from crawler.refresh import Held
from crawler.run_folder import FolderError
from standards_db import duck, snapshot
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
        except (DatabaseError, ArchiveError, FolderError, importer.ListError) as error:
            fail(str(error), EXIT_BAD_INPUT)
        except (snapshot.SnapshotError, duck.PackageError) as error:
            fail(str(error), EXIT_BAD_INPUT)
        except Held as error:
            fail(str(error), EXIT_LOCKED)
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
archive_option = click.option(
    "--archive",
    "record_to",
    type=click.Path(file_okay=False, path_type=Path),
    help="Keep what is fetched as WARC here.",
)
contact_option = click.option(
    "--contact", envvar="SPHERES_CONTACT", help="Your address for the user agent [env: SPHERES_CONTACT]."
)
delay_option = click.option(
    "--delay",
    default=1.0,
    show_default=True,
    type=click.FloatRange(min=0.5),
    help="Seconds between requests to a host.",
)
budget_option = click.option(
    "--budget", type=click.IntRange(min=1), help="Requests that the run of one source may make; more reject it."
)


def chosen(names: tuple[str, ...], every: bool, spheres: tuple[str, ...]) -> dict[str, type[SourceSpider]]:
    """The sources a command line asks for; a name that is not one is an error with the nearest names."""
    sources = base.all_sources()
    if unknown := [name for name in names if name not in sources]:
        fail(f"no source named {unknown[0]!r}; there are: {', '.join(sources)}", EXIT_BAD_INPUT)
    if not (names or every or spheres):
        fail("name a source, or use --all or --sphere; `spheres sources` lists them", EXIT_BAD_INPUT)
    return {name: source for name, source in sources.items() if every or name in names or source.sphere() in spheres}
