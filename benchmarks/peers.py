"""`python -m benchmarks.peers [--archive DIR] [--rows N] [--write]`: our readers of certificates and of bulk records
beside sec-certs and relaton-py, on the same files in the same run. Each peer is installed in an environment of its own
(sec-certs needs Debian's libpoppler-cpp-dev and pkg-config for that). Exit code 1 when one cannot be."""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import venv
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tabulate import tabulate

from benchmarks.__main__ import cpu
from benchmarks.peer_inputs import write_inputs

HERE = Path(__file__).parent
ROOT = HERE.parent
SCRIPTS = HERE / "peer_scripts"
PAGE = HERE / "PEERS.md"
LONGEST = 1800
# Packages of each peer's environment; relaton-py is written for the first pydantic.
PEERS = {"relaton-py": ["relaton>=0.2.33", "pydantic<2", "pyyaml>=6"], "sec-certs": ["sec-certs>=0.5"]}
SCRIPT_OF = {"relaton-py": "relaton_py.py", "sec-certs": "sec_certs_py.py"}
WAYS = {"reader": "our reader", "interpreted": "our reader and interpretation", "stored": "our full path, stored"}
INPUTS = {
    "cc_csv": ("Common Criteria portal, CSV", "sec-certs"),
    "cc_html": ("Common Criteria portal, HTML", "sec-certs"),
    "cmvp_html": ("CMVP list, HTML", "sec-certs"),
    "relaton_zip": ("bulk YAML", "relaton-py"),
}
HEADERS = ("input", "way", "rows", "refused", "CPU s", "rows per CPU s", "time, peer = 1", "peak MB")


class PeerError(Exception):
    """A peer cannot be installed or run; the text says which and why."""


def main() -> None:
    options = arguments()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        files = write_inputs(folder, options.archive, options.rows)
        pythons = {name: environment(options.environments, name) for name in PEERS}
        lines = [line for kind in INPUTS for line in compared(kind, folder, files[kind], pythons, options.repeats)]
    text = tabulate(lines, headers=HEADERS, tablefmt="github", floatfmt=".2f")
    print(text)
    if options.write:
        PAGE.write_text(page(text, pythons, options), encoding="utf-8")
        print(f"written: {PAGE.name}")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers", description=__doc__)
    parser.add_argument("--archive", type=Path, help="a folder of kept responses; without it the embedded sample")
    parser.add_argument("--rows", type=int, default=5_000, help="rows of each list (default %(default)s)")
    parser.add_argument("--repeats", type=int, default=3, help="rounds; the fastest counts (default %(default)s)")
    parser.add_argument("--environments", type=Path, default=ROOT / ".peers", help="where the peers are installed")
    parser.add_argument("--write", action="store_true", help=f"also write benchmarks/{PAGE.name}")
    return parser.parse_args()


def environment(folder: Path, name: str) -> Path:
    """The Python of the peer's environment, made and filled when it is not there."""
    place = folder / name
    python = place / "bin" / "python"
    if not (place / ".ready").exists():
        venv.create(place, with_pip=True, clear=True)
        done = subprocess.run(
            [python, "-m", "pip", "install", "--quiet", *PEERS[name]], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise PeerError(f"{name} cannot be installed: {done.stderr.strip()[-600:]}")
        (place / ".ready").touch()
    return python


def compared(kind: str, folder: Path, file: str, pythons: dict[str, Path], repeats: int) -> list[list[Any]]:
    """One input, the peer and our ways in turns; the round with the least CPU of each counts."""
    title, peer = INPUTS[kind]
    path = folder / file
    commands = {peer: [str(pythons[peer]), str(SCRIPTS / SCRIPT_OF[peer]), str(path), kind]}
    for way, label in WAYS.items():
        commands[label] = [sys.executable, "-m", "benchmarks.peer_ways", way, str(folder), file]
    best: dict[str, dict[str, Any]] = {}
    for _ in range(repeats):
        for label, command in commands.items():
            found = run(command, f"{label} on {title}")
            if label not in best or found["cpu"] < best[label]["cpu"]:
                best[label] = found
    floor = per_row(best[peer])
    return [
        [
            title,
            label,
            f["rows"],
            f["refused"],
            f["cpu"],
            round(1 / per_row(f)),
            per_row(f) / floor,
            round(f["peak_mb"]),
        ]
        for label, f in best.items()
    ]


def per_row(found: dict[str, Any]) -> float:
    """CPU seconds per row that was offered, kept or refused."""
    return float(found["cpu"]) / max(found["rows"] + found["refused"], 1)


def run(command: list[str], what: str) -> dict[str, Any]:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=LONGEST, check=False)
    if done.returncode:
        raise PeerError(f"{what} failed: {done.stderr.strip()[-600:]}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def page(text: str, pythons: dict[str, Path], options: argparse.Namespace) -> str:
    """PEERS.md: the table, what it was measured on and what each peer does."""
    source = "an archive of kept responses" if options.archive else "the embedded sample"
    versions = ", ".join(f"{name} {installed(pythons[name], name)}" for name in PEERS)
    return f"""# Beside peers
Written by `python -m benchmarks.peers --write` on {datetime.now(UTC):%Y-%m-%d}: {cpu()}, {os.cpu_count()} cores,
{platform.system()}, Python {platform.python_version()}, {versions}.
Input: {options.rows} rows each, made by repeating the rows of the largest page of {source}. Each piece of work ran in a
process of its own, in turns, {options.repeats} rounds; the round with the least CPU counts, start-up left out.

{text}

How to read it: below 1 in "time, peer = 1" we are faster per row. sec-certs reads the CSV with pandas and the HTML with
html5lib into its certificate objects; of the CMVP list it keeps only the numbers and reads the rest from each module's
page, where our reader keeps what the list prints. relaton-py has models and no reader of files, so PyYAML's C loader
stands before it; it refuses records that its models do not know. "refused" are rows that the way did not keep, with
a reason. The full path also interprets, judges and stores, which no peer does.
"""


def installed(python: Path, name: str) -> str:
    package = PEERS[name][0].partition(">")[0]
    code = f"from importlib.metadata import version; print(version({package!r}))"
    return subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


if __name__ == "__main__":
    try:
        main()
    except (PeerError, ValueError) as error:
        sys.exit(f"error: {error}")
