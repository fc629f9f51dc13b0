"""The version, as the installed distribution states it."""

from importlib.metadata import PackageNotFoundError, version

try:
    VERSION = version("cyber-spheres")
except PackageNotFoundError:
    VERSION = "0 (not installed)"
