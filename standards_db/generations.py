"""Published snapshots side by side, each in a folder that never changes, and one name that leads to the current one.

`published/standards.db` is a symbolic link to `published/<number>-<time>-<hash>/standards.db`. Publishing builds a
new folder and moves the link in one step; going back moves it to an older folder. A server that has opened one keeps
it until it is restarted, so it never answers from two generations.
"""

from __future__ import annotations

import fcntl
import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from standards_db import snapshot
from standards_db.snapshot import Progress, Report, SnapshotError, sync

NAME = re.compile(r"\d{6}-\d{8}T\d{6}Z-[0-9a-f]{12}")
KEEP = 5


@dataclass(frozen=True)
class Generation:
    """One published snapshot: its folder's name, when it was built, its hash, the accepted sources in it."""

    name: str
    built_at: str
    sha256: str
    documents: int
    certificates: int
    sources: str
    is_current: bool


def publish(
    ingest: str | Path, out: str | Path, *, keep: int = KEEP, progress: Progress | None = None
) -> tuple[Report, Path]:
    """Build a snapshot of `ingest`, let `out` point to it, keep the newest `keep`; (report, the snapshot's own path).

    A snapshot with the hash of the current one is not published again. Raises SnapshotError as `snapshot.publish` does;
    then `out` points where it did.
    """
    out = Path(out)
    if not out.parent.is_dir():
        raise SnapshotError(f"{out}: the folder {out.parent} does not exist")
    if out.exists() and out.samefile(ingest):
        raise SnapshotError(f"{out}: is the ingest database itself")
    with one_publisher(out) as building:
        adopt_plain_file(out)
        report = snapshot.publish(ingest, building / out.name, progress=progress)
        current = current_of(out)
        if current and describe(current)[1] == report.sha256:
            shutil.rmtree(building)
            report.warnings.append("nothing has changed since the snapshot that is published")
            return report, current
        folder = out.parent / next_name(out, f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}", report.sha256)
        building.replace(folder)
        sync(out.parent)
        point(out, folder)
        prune(out, keep)
    return report, folder / out.name


@contextmanager
def one_publisher(out: Path) -> Iterator[Path]:
    """The folder in which a snapshot is built; one process at a time, and what an earlier one left is removed."""
    building = out.parent / ".building"
    with (out.parent / ".publish.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise SnapshotError(f"{out}: another process is publishing this file") from None
        shutil.rmtree(building, ignore_errors=True)
        building.mkdir()
        try:
            yield building
        finally:
            shutil.rmtree(building, ignore_errors=True)


def next_name(out: Path, time: str, sha256: str) -> str:
    """The name of the next generation. Its number, not the clock, says which is newer."""
    newest = max((int(folder.name[:6]) for folder in folders(out)), default=0)
    return f"{newest + 1:06}-{time}-{sha256[:12]}"


def adopt_plain_file(out: Path) -> None:
    """A snapshot that an older version wrote to the place of the link becomes a generation of its own."""
    if out.is_symlink() or not out.is_file():
        return
    try:
        built_at, sha256, *_ = describe(out)
    except sqlite3.Error as error:
        raise SnapshotError(f"{out}: is not a snapshot: {error}") from error
    folder = out.parent / next_name(out, re.sub(r"[-:]", "", built_at), sha256)
    folder.mkdir(exist_ok=True)
    (folder / out.name).hardlink_to(out)
    point(out, folder)


def point(out: Path, folder: Path) -> None:
    """Let `out` lead to the snapshot in `folder`: in one step, readers see the old one or the new one."""
    link = out.with_name(f"{out.name}.link")
    link.unlink(missing_ok=True)
    link.symlink_to(Path(folder.name) / out.name)
    link.replace(out)
    sync(out.parent)


def current_of(out: Path) -> Path | None:
    """The path of the snapshot that `out` leads to, or None."""
    return out.resolve() if out.is_symlink() and out.exists() else None


def folders(out: Path) -> list[Path]:
    """The folders of the generations, oldest first."""
    return sorted(path.parent for path in out.parent.glob(f"*/{out.name}") if NAME.fullmatch(path.parent.name))


def generations(out: Path) -> list[Generation]:
    """Every snapshot that is kept, oldest first."""
    current = current_of(out)
    return [
        Generation(folder.name, *describe(folder / out.name), is_current=current == (folder / out.name).resolve())
        for folder in folders(out)
    ]


def describe(path: Path) -> tuple[str, str, int, int, str]:
    """When a snapshot was built, its hash, its documents and certificates, and the sources with an accepted run."""
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
        row = connection.execute("select built_at, sha256, documents, certificates from snapshot").fetchone()
        sql = "select distinct source from runs where verdict = 'accepted' order by 1"
        sources = ", ".join(source for (source,) in connection.execute(sql))
    return (*row, sources)


def roll_back(out: str | Path, to: str | None = None) -> Generation:
    """Let `out` point to the generation before the current one, or to the one named `to`; the one it points to now."""
    out = Path(out)
    kept = generations(out)
    names = [one.name for one in kept]
    current = next((place for place, one in enumerate(kept) if one.is_current), None)
    if to is not None:
        matching = [name for name in names if name == to or name.rpartition("-")[2].startswith(to)]
        if len(matching) != 1:
            raise SnapshotError(f"{out}: {len(matching)} snapshots are called {to!r}; there are: {', '.join(names)}")
        target = matching[0]
    elif current is None or current == 0:
        raise SnapshotError(f"{out}: no snapshot before the current one is kept")
    else:
        target = names[current - 1]
    point(out, out.parent / target)
    return next(one for one in generations(out) if one.name == target)


def prune(out: Path, keep: int) -> list[str]:
    """Remove all but the newest `keep` generations, never the current one; the names removed."""
    current = current_of(out)
    old = [f for f in folders(out)[: -max(keep, 1)] if current is None or f.resolve() != current.parent]
    for folder in old:
        shutil.rmtree(folder)
    return [folder.name for folder in old]
