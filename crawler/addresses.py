"""Which addresses a crawl may connect to: those of the open internet, and what the operator named.

`Guard` asks before a request is sent, so that a refusal has its reason at once. `PublicResolver` is what the connection
itself asks: a name that leads somewhere else a moment later (DNS rebinding) is refused there, because the addresses
that are judged are those that are connected to.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import CannotResolveHostError, IgnoreRequest
from scrapy.resolver import CachingHostnameResolver
from twisted.internet.interfaces import IAddress, IHostResolution, IResolutionReceiver
from zope.interface import implementer

NAT64 = ipaddress.ip_network("64:ff9b::/96")


class Guard:
    """Downloader middleware: refuses any address that is not public, also after a redirect, before connecting."""

    def __init__(self, crawler: Crawler) -> None:
        self.allowed = set(crawler.settings.getlist("GUARD_ALLOW"))
        self.verdicts: dict[str, str | None] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Guard:
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        host = parts.hostname or ""
        if parts.scheme not in ("http", "https"):
            raise IgnoreRequest(f"refused: scheme {parts.scheme!r} of {request.url}")
        if host in self.allowed or "archived" in request.meta:
            return
        if host not in self.verdicts:
            self.verdicts[host] = await private_address(host)
        if address := self.verdicts[host]:
            raise IgnoreRequest(why(host, address))

    def process_exception(self, request: Request, exception: Exception) -> None:
        """Give a connection that the resolver refused its reason."""
        host = urlsplit(request.url).hostname or ""
        if isinstance(exception, CannotResolveHostError) and (address := PublicResolver.refused.get(host)):
            raise IgnoreRequest(why(host, address)) from exception


class PublicResolver(CachingHostnameResolver):
    """Scrapy's resolver of names for connections; gives none of the addresses of a name that has a private one."""

    refused: dict[str, str] = {}  # by name: the private address, for the reason of the refusal

    def __init__(self, reactor: Any, cache_size: int, allowed: set[str]) -> None:
        super().__init__(reactor, cache_size)
        self.allowed = allowed

    @classmethod
    def from_crawler(cls, crawler: Crawler, reactor: Any) -> PublicResolver:
        proxies = {urlsplit(proxy).hostname or "" for proxy in getproxies().values()}  # the operator's own
        allowed = {*crawler.settings.getlist("GUARD_ALLOW"), *proxies}
        return cls(reactor, crawler.settings.getint("DNSCACHE_SIZE"), allowed)

    def resolveHostName(
        self,
        resolutionReceiver: IResolutionReceiver,
        hostName: str,
        portNumber: int = 0,
        addressTypes: Sequence[type[IAddress]] | None = None,
        transportSemantics: str = "TCP",
    ) -> IHostResolution:
        receiver = resolutionReceiver
        if hostName not in self.allowed:
            receiver = PublicOnly(resolutionReceiver, hostName)
        return super().resolveHostName(receiver, hostName, portNumber, addressTypes, transportSemantics)


@implementer(IResolutionReceiver)
class PublicOnly:
    """Hands the addresses of a name on when it knows them all and each is public; none of them otherwise."""

    def __init__(self, receiver: IResolutionReceiver, name: str) -> None:
        self.receiver, self.name = receiver, name
        self.found: list[Any] = []

    def resolutionBegan(self, resolution: IHostResolution) -> None:
        self.receiver.resolutionBegan(resolution)

    def addressResolved(self, address: Any) -> None:
        self.found.append(address)

    def resolutionComplete(self) -> None:
        private = first_private(address.host for address in self.found)
        if private:
            PublicResolver.refused[self.name] = private
        else:
            PublicResolver.refused.pop(self.name, None)
            for address in self.found:
                self.receiver.addressResolved(address)
        self.receiver.resolutionComplete()


def why(host: str, address: str) -> str:
    return f"refused: {host} is at the private address {address}"


async def private_address(host: str) -> str | None:
    """The first address of `host` that is not public, or None. A host that does not resolve is left to the download."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError:
        return None
    return first_private(str(entry[4][0]) for entry in found)


def first_private(addresses: Iterable[str]) -> str | None:
    plain = {address.partition("%")[0] for address in addresses}
    return next((a for a in sorted(plain) if not is_public(ipaddress.ip_address(a))), None)


def is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Whether an address is one of the open internet, also the IPv4 address that an IPv6 address stands for."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
        if address in NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(inner)
    return address.is_global and not address.is_multicast
