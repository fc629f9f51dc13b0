"""Run by the Python of the peer's own environment: sec-certs' readers of the lists of certificates."""

import logging
import sys
from pathlib import Path

import common
from sec_certs.dataset import CCDataset, FIPSDataset

READERS = {
    "cc_csv": CCDataset._parse_single_csv,
    "cc_html": CCDataset._parse_single_html,
    "cmvp_html": lambda path: FIPSDataset()._get_certificates_from_html(path),
}
logging.disable(logging.WARNING)

common.report(lambda path: (len(READERS[sys.argv[2]](Path(path))), 0), sys.argv[1])
