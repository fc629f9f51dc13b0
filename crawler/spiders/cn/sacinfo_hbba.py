"""hbba.sacinfo.org.cn: the register of Chinese industry standards (YD, GM, GA, JR, SJ and about seventy others)."""

from __future__ import annotations

from crawler.base import Expect
from crawler.platforms import SacinfoApp, sacinfo_routes

# communications, commercial cryptography, public security, finance, electronics
INDUSTRIES = ("通信", "国密", "公共安全", "金融", "电子")


class SacinfoHbba(SacinfoApp):
    """Register: Chinese industry standards on record, with number, title, ministry, dates, status and classification.

    Publisher: Standardization Administration of China, industry standards information service.
    Caveats: lists print dates as milliseconds of a midnight in Shanghai; no English titles and no adoption; the
    classification stands on the page of a standard only; a live crawl reads five of about seventy industries.
    """

    name = "sacinfo_hbba"
    title = "Industry standards on record (China)"
    body = "cn_industry"
    homepage = "https://hbba.sacinfo.org.cn/"
    site = "https://hbba.sacinfo.org.cn"
    rank = 25
    queries = tuple({"industry": industry} for industry in INDUSTRIES)
    expect = Expect(min=2000, max=90000, filled={"title_zh": 0.98, "status": 0.98, "published": 0.95})
    routes = sacinfo_routes("hbba.sacinfo.org.cn")
