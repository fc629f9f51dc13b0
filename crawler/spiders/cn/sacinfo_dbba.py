"""dbba.sacinfo.org.cn: the register of Chinese local standards (DB11/T and so on), the industry register's twin."""

from __future__ import annotations

from crawler.base import Expect
from crawler.platforms import SacinfoApp, sacinfo_routes

# The register holds tens of thousands of local standards of every trade: these words find those of this field.
WORDS = ("网络安全", "信息安全", "数据安全", "密码", "个人信息", "等级保护")


class SacinfoDbba(SacinfoApp):
    """Register: Chinese local standards on record, with number, title, authority, dates and status.

    Publisher: Standardization Administration of China, local standards information service.
    Caveats: written after the industry register, which is the same application: no page of this site was on record
    to check against, so a page that differs is refused; a live crawl searches titles for six words.
    """

    name = "sacinfo_dbba"
    title = "Local standards on record (China)"
    body = "cn_local"
    homepage = "https://dbba.sacinfo.org.cn/"
    site = "https://dbba.sacinfo.org.cn"
    rank = 20
    queries = tuple({"key": word} for word in WORDS)
    expect = Expect(min=50, max=90000, filled={"title_zh": 0.98, "status": 0.95, "published": 0.9})
    routes = sacinfo_routes("dbba.sacinfo.org.cn")
