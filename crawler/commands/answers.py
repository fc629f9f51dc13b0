"""What the rows say: findings in words, and suggestions of counterparts across languages."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import click

from crawler.commands.common import EXIT_BAD_INPUT, db_option, fail, json_option
from crawler.serving import default_snapshot
from crawler.show import echo_json, table
from standards_db import counterparts as suggestions
from standards_db.schema import open_db


@click.command()
@db_option()
@click.option(
    "--snapshot",
    "path",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The snapshot  [default: the one beside the database]",
)
@click.option("--topic", help="Only this topic (a key of table `topics`; all = the whole).")
@json_option
def findings(db_path: Path, path: Path | None, topic: str | None, as_json: bool) -> None:
    """Say in sentences what the published figures say, topic by topic, with the link behind each number."""
    path = path or default_snapshot(db_path)
    if not path.exists():
        fail(f"{path}: no snapshot; `spheres publish` makes one", EXIT_BAD_INPUT)
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        if topic and not connection.execute("select 1 from topics where key = ?", [topic]).fetchone():
            fail(f"--topic {topic!r}: no such topic; the keys are in table `topics`", EXIT_BAD_INPUT)
        sql = "select topic, rank, kind, sentence, clauses from findings where topic = coalesce(?, topic) order by"
        rows = connection.execute(f"{sql} topic <> 'all', topic, rank", [topic]).fetchall()
    if as_json:
        names = ("topic", "rank", "kind", "sentence")
        echo_json([dict(zip(names, row, strict=False)) | {"clauses": json.loads(row[4])} for row in rows])
        return
    for key, _, kind, sentence, clauses in rows:
        click.echo(f"{key} ({kind}): {sentence}")
        for clause in json.loads(clauses):
            for number in clause["numbers"]:
                click.echo(f"    {number['number']:>6}  {number['link']}")


@click.command()
@db_option()
@click.option(
    "--encoder",
    "name",
    default=suggestions.CHOSEN,
    show_default=True,
    type=click.Choice(list(suggestions.ENCODERS)),
    help="The sentence encoder to suggest with.",
)
@click.option("--compare", is_flag=True, help="Evaluate every encoder that is known, not only the one to suggest with.")
@click.option("--evaluate-only", is_flag=True, help="Print the evaluation and leave the table as it is.")
@json_option
def counterparts(db_path: Path, name: str, compare: bool, evaluate_only: bool, as_json: bool) -> None:
    """Suggest documents of other spheres with the nearest titles, across Chinese and English, and say how good that is.

    The table printed is measured on adoptions that sources state: how often is the true work among the first 1, 5, 10?
    The threshold is the score that best tells a work that is held from one that is not. Suggestions are shown with
    their score and counted in no measure. Needs: pip install 'cyber-spheres[counterparts]'
    """
    db = open_db(db_path, create=False)
    others = [other for other in suggestions.ENCODERS if compare and other != name]
    try:
        rows, thresholds = suggestions.evaluate(db.conn, [*others, name])
        count = None if evaluate_only else suggestions.build(db.conn, name, thresholds)
    except suggestions.CounterpartsError as error:
        fail(str(error), EXIT_BAD_INPUT)
    limits: list[dict[str, Any]] = [
        {
            "pairs": kind,
            "threshold": threshold.score,
            "right, of those with a counterpart": f"{threshold.right:.0%}",
            "wrong, of those without": f"{threshold.wrong:.0%}",
        }
        for kind, threshold in thresholds.items()
    ]
    if as_json:
        echo_json({"evaluation": rows, "encoder": name, "thresholds": limits, "suggestions": count})
        return
    click.echo(table(rows))
    click.echo(f"\nThreshold of {name}:")
    click.echo(table(limits))
    if count is not None:
        click.echo(f"\n{count} suggestions in table counterparts")
