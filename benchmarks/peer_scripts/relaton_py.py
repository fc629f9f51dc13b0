"""Run by the Python of the peer's own environment: relaton-py's models over the YAML members of a zip."""

import sys
import zipfile

import common
import yaml
from relaton.models import BibliographicItem


def work(path):
    refused = 0
    kept = []
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            try:
                kept.append(BibliographicItem(**yaml.load(archive.read(name), Loader=yaml.CSafeLoader)))
            except (TypeError, ValueError):  # pydantic's ValidationError is a ValueError
                refused += 1
    return len(kept), refused


common.report(work, sys.argv[1])
