"""Scrapy settings, each that differs from the default with its reason. Three ways in: live, archive, sample."""

from __future__ import annotations

from typing import Any

from standards_db.version import VERSION

BASE: dict[str, Any] = {
    "SPIDER_MODULES": [],  # sources are found by crawler.base.all_sources
    "LOG_LEVEL": "WARNING",  # the command prints its own account of a run
    "CONCURRENT_ITEMS": 1,  # the default starts 100 tasks per response; an item is a list of records, see pipelines
    "SCRAPER_SLOT_MAX_ACTIVE_SIZE": 1,  # one response at a time: rows are staged in the order of pages
    "DOWNLOAD_TIMEOUT": 60,  # the default of 180 s holds a closing crawl for minutes
    "DOWNLOAD_VERIFY_CERTIFICATES": True,  # off by default: evidence must come from whom it says
    "COOKIES_ENABLED": True,  # one source keeps its search in a session
    "RETRY_ENABLED": False,  # BackOff waits between tries; Scrapy's own retry does not
    "ITEM_PIPELINES": {"crawler.pipelines.Interpret": 300, "crawler.pipelines.Check": 400},
    "SPIDER_MIDDLEWARES": {"crawler.middlewares.Tracing": 1100, "crawler.middlewares.Blocked": 40},
    "EXTENSIONS": {"crawler.extensions.RunLog": 500},
    # Scrapy's own are imported even when they are off, two of them to open a port that runs Python.
    "EXTENSIONS_BASE": {"scrapy.extensions.closespider.CloseSpider": 0},
    "DOWNLOADER_STATS": False,  # on by default: builds every request and response once more to count its bytes
    "WARN_ON_GENERATOR_RETURN_VALUE": False,  # parses a callback's source for every page; a test looks at them once
    "DUPEFILTER_DEBUG": False,
}

LIVE: dict[str, Any] = {
    "LOG_INSTALL_ROOT_HANDLER": False,  # logging is the command's own
    "ROBOTSTXT_OBEY": True,  # off by default
    "DOWNLOAD_MAXSIZE": 64 * 2**20,  # the largest page is 8 MB, the largest archive 26; a larger feed says so itself
    "DOWNLOAD_WARNSIZE": 48 * 2**20,
    "CONCURRENT_REQUESTS": 1,  # per source: one that waits for its server, or is told to stop, sends nothing meanwhile
    "CONCURRENT_REQUESTS_PER_DOMAIN": 1,
    "HOST_DELAY": 1.0,  # one request per second and host, whichever sources ask it: Pace keeps it
    "DOWNLOAD_DELAY": 0,  # Scrapy's own delay knows one source only
    "TWISTED_DNS_RESOLVER": "crawler.addresses.PublicResolver",  # connects to no address inside, whatever a name says
    "DOWNLOADER_MIDDLEWARES": {
        "crawler.addresses.Guard": 50,
        "crawler.hosts.BackOff": 560,
        "crawler.resume.Resume": 565,  # what a killed run has kept needs no validators
        "crawler.pages.Conditional": 570,
        "crawler.middlewares.Recorder": 585,  # above HttpCompression (590): what is kept is the decoded body
        "crawler.hosts.Pace": 990,  # next to the wire: every request waits for its moment and is counted
    },
}

REPLAY: dict[str, Any] = {
    # Scrapy's own components are for the wire and for watching it. Kept pages need two of them: requests in the order
    # of the archive, and an answer that is an error kept from its callback. Switched off one by one they would still
    # all be imported, with their clients, which takes half a second.
    "SPIDER_MIDDLEWARES_BASE": {
        "scrapy.spidermiddlewares.start.StartSpiderMiddleware": 25,
        "scrapy.spidermiddlewares.httperror.HttpErrorMiddleware": 50,
    },
    "DOWNLOADER_MIDDLEWARES_BASE": {},
    "EXTENSIONS_BASE": {},
    "TWISTED_REACTOR_ENABLED": False,  # nothing is fetched; a plain asyncio loop can run many crawls in one process
    "DOWNLOAD_MAXSIZE": 512 * 2**20,  # kept files are there already; the largest feed is about 100 MB
    "DOWNLOAD_WARNSIZE": 0,
    "CONCURRENT_REQUESTS": 1,  # one body in memory, and the order of the archive
    "DOWNLOAD_HANDLERS": {
        "http": "crawler.archive.ReplayHandler",
        "https": "crawler.archive.ReplayHandler",
        "ftp": None,
        "s3": None,
        "file": None,
        "data": None,
    },
}


def live(contact: str, delay: float) -> dict[str, Any]:
    """Settings of a live crawl: `contact` is the operator's address for the user agent, `delay` seconds per host."""
    agent = f"cyber-spheres/{VERSION} (contact: {contact})"
    return {**BASE, **LIVE, "USER_AGENT": agent, "HOST_DELAY": delay}


def replay() -> dict[str, Any]:
    """Settings of a run over kept responses."""
    return {**BASE, **REPLAY}
