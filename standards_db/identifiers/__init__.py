"""Designations of standards and certificates: ``parse``, ``find`` and the ``Identifier`` they give."""

from .grammars import find, parse
from .model import Identifier
from .series import Series, SeriesError, all_series

__all__ = ["Identifier", "Series", "SeriesError", "all_series", "find", "parse"]
