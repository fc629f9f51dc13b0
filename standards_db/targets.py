"""Where edges point: the edition that a printed target means, or why none was found.

Tried in turn: the identifier itself; the same edition written shorter, in another packaging or under another prefix of
ISO and IEC; for a target without edition the newest one that existed when the referring document was published (for a
successor the first one after it); the same printed designation in the same source, where it was not understood.
`resolution` says which it was. A document never is its own target.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict

from standards_db.identifiers import Identifier, parse
from standards_db.identifiers.numbering import number_key, repackaged, same_edition, under_prefix_of

OTHER_PREFIX = "other prefix"
LATER = "('superseded by', 'to be superseded by', 'adopted by')"  # statements about a text that came afterwards

BY_TARGET = "create index if not exists relations_by_target on relations (target_identifier)"
# The bare number of a work means any edition of it, except of an RFC, which has none.
EXACT = """
update relations set target_document = target_identifier, resolution = 'exact'
where target_identifier in (select id from documents) and target_identifier <> document
    and (target_identifier <> target_work or target_work glob 'RFC *')
"""
MISSING = """
select distinct target_identifier, target_work, target_work in (select work from documents)
from relations where target_document is null and target_work is not null and target_work not glob 'RFC *'
"""
FOUND = """
update relations set target_document = ?, target_work = ?, resolution = ?
where target_document is null and target_identifier = ? and document <> ?
"""
# Dates may be a year only: two are compared as far as the coarser of them goes.
DAY = "coalesce({0}.published, {0}.implemented, iif({0}.edition glob '[12][0-9][0-9][0-9]', {0}.edition, null))"
KNOWN, REFERRING = DAY.format("d"), DAY.format("r")
SHORTER = f"min(length({KNOWN}), length({REFERRING}))"
UNDATED = f"""
update relations set (target_document, target_work, resolution) = (
    select d.id, coalesce(d.work, relations.target_work), '{{meaning}}' || iif(o.work is null, '', ', {OTHER_PREFIX}')
    from documents r
    left join temp.other_prefixes o on o.text = relations.target_identifier
    left join documents d on d.work = coalesce(o.work, relations.target_work) and d.kind <> 'draft' and d.id <> r.id
        and substr({KNOWN}, 1, {SHORTER}) {{order}} substr({REFERRING}, 1, {SHORTER})
    where r.id = relations.document
    order by {{first}}, d.id desc limit 1)
where target_document is null and target_work is not null and target_edition_key is null and type {{types}}
"""
BEFORE = UNDATED.format(
    meaning="newest before publication",
    order="<=",
    first="d.edition_key desc, d.published desc",
    types=f"not in {LATER}",
)
AFTER = UNDATED.format(
    meaning="first after publication",
    order=">=",
    first="d.id is null, d.edition_key, d.published",
    types=f"in {LATER}",
)
WITHOUT_EDITION = """
update relations set target_document = target_identifier, resolution = 'exact'
where target_document is null and target_identifier in (select id from documents) and target_identifier <> document
"""
AS_PRINTED = """
with printed as materialized (
    select source, identifier_text as text, min(id) as id from documents
    where identifier is null and identifier_text glob '*[0-9]*' group by 1, 2 having count(*) = 1
)
update relations set target_document = printed.id, resolution = 'same printed designation'
from printed
where target_document is null and target_work is null
    and printed.source = relations.source and printed.text = relations.target_text and printed.id <> document
"""
REASONS = f"""
update relations set resolution = case
    when target_work is null then 'identifier not understood'
    when target_identifier = document then 'the document itself'
    when not exists (select 1 from documents d where d.work = target_work) then 'work not held'
    when target_edition_key is not null then 'edition not held'
    when type in {LATER} then 'no edition after publication'
    else 'no edition before publication' end
where target_document is null
"""
HELD = """
select distinct work from documents where work glob 'ISO*' or work glob 'IEC*' or work glob 'EN *' order by work
"""


def point(connection: sqlite3.Connection) -> None:
    """Find the target of every edge anew."""
    connection.execute(BY_TARGET)  # for as long as this takes: edges are looked up by printed target one text at a time
    forget(connection)
    connection.execute(EXACT)
    respell(connection)
    done = ("drop table temp.other_prefixes", "drop index relations_by_target")
    for statement in (BEFORE, AFTER, WITHOUT_EDITION, AS_PRINTED, REASONS, *done):
        connection.execute(statement)


def forget(connection: sqlite3.Connection) -> None:
    """Take back what an earlier run derived, also the work of a target that was found under another prefix."""
    moved = connection.execute(
        f"select distinct target_identifier from relations where resolution glob '*{OTHER_PREFIX}'"
    ).fetchall()
    printed = [(parse(text), text) for (text,) in moved]
    connection.executemany(
        f"update relations set target_work = ? where target_identifier = ? and resolution glob '*{OTHER_PREFIX}'",
        [(target.undated, text) for target, text in printed if target],
    )
    connection.execute(
        "update relations set target_document = null, resolution = null, is_stale = null, is_orphan = null"
    )


def respell(connection: sqlite3.Connection) -> None:
    """Look for missing targets under the other spellings of their edition; note the prefixes of undated ones."""
    connection.execute("drop table if exists temp.other_prefixes")
    connection.execute("create temp table other_prefixes (text text primary key, work text not null)")
    works: dict[str, list[Identifier]] | None = None
    for text, work, is_held in connection.execute(MISSING).fetchall():
        target = parse(text)
        if target is None or target.family == "3gpp":  # whose versions have one spelling
            continue
        if is_held:
            if target.is_dated and (found := shortened(connection, target)):
                connection.execute(FOUND, [found[0], work, found[1], text, found[0]])
            continue
        key = number_key(target)
        if key is None:
            continue
        works = held_works(connection) if works is None else works
        if len(works[key]) != 1:
            continue
        (other,) = works[key]
        if not target.is_dated:
            connection.execute("insert into temp.other_prefixes values (?, ?)", [text, other.undated])
        elif found := shortened(connection, under_prefix_of(target, other)):
            connection.execute(FOUND, [found[0], other.undated, f"same edition, {OTHER_PREFIX}", text, found[0]])


def shortened(connection: sqlite3.Connection, target: Identifier) -> tuple[str, str] | None:
    """The one held document of the target's work that is the same edition, and how its spelling differs."""
    held = [row[0] for row in connection.execute("select id from documents where work = ?", [target.undated])]
    if str(target) in held:
        return str(target), "exact"
    for spelling in map(str, repackaged(target)):
        if spelling in held:
            return spelling, "same edition, other packaging"
    fitting = [text for text in held if (known := parse(text)) is not None and same_edition(target, known)]
    return (fitting[0], "same edition, written shorter") if len(fitting) == 1 else None


def held_works(connection: sqlite3.Connection) -> dict[str, list[Identifier]]:
    """The works held by the number that all their prefixes share."""
    works: dict[str, list[Identifier]] = defaultdict(list)
    for (text,) in connection.execute(HELD):
        work = parse(text)
        if work is not None and (key := number_key(work)):
            works[key].append(work)
    return works
