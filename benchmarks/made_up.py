"""Made-up registers of any size, for measurements: what their pages would print, as spiders yield it.

Nothing here is real, and nothing can be taken for it: numbers lie above 900 000 where no body has given any, every
title and vendor says "(made up)" or 虚构, every address is under `made-up.invalid`. Only the proportions are
believable: spheres, bodies, kinds, statuses, years, topics, editions, adoptions and their degrees, vendors and schemes
are skewed. The same seed and counts give the same records.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import accumulate, count, islice
from random import Random
from typing import Any

from standards_db.records import Certificate, Document, Exclusion, Relation

SITE = "https://made-up.invalid"
FIRST_NUMBER, LAST_NUMBER, PARTS = 900_001, 909_999, 8
FIRST_CERTIFICATE = 90_000_001
BLOCKS = 10  # 90…, 91… to 99…
NUMBER = re.compile(r"90(?=\d{4}|\d \d{3})")  # how every number made here begins
APART = 2_000_000  # between the numbers of Chinese adoptions and those of other Chinese works
FIRST_YEAR, LAST_YEAR, USUAL_YEAR = 1984, 2026, 2019
# (English, Chinese, weight): the first lines are words that the taxonomy knows, the others are of no topic.
SUBJECTS = (
    ("Information security management systems", "信息安全管理体系", 3),
    ("Risk assessment of information security", "信息安全风险评估", 2),
    ("Incident response for cybersecurity", "网络安全事件响应", 1),
    ("Vulnerability disclosure", "漏洞管理", 2),
    ("Software supply chain security", "软件供应链安全", 1),
    ("Block cipher encryption", "分组密码算法", 5),
    ("Elliptic curve digital signature", "椭圆曲线数字签名", 4),
    ("Post quantum cryptography", "抗量子密码", 1),
    ("Cryptographic module security", "密码模块", 1),
    ("Public key infrastructure", "公钥基础设施", 3),
    ("Electronic signature and trust service", "电子签名", 2),
    ("Identity management and authentication", "身份鉴别", 8),
    ("Privacy of personal data", "个人信息保护", 4),
    ("Data security governance", "数据安全", 2),
    ("Common Criteria evaluation of security", "安全评估准则", 2),
    ("Classified protection of cybersecurity", "网络安全等级保护", 2),
    ("Cloud computing security", "云计算安全", 2),
    ("Internet of things security", "物联网安全", 3),
    ("Industrial automation security", "工业控制安全", 1),
    ("5G security", "5G移动通信安全", 20),
    ("Firewall and network security", "防火墙网络安全", 7),
    ("Bluetooth security", "蓝牙安全", 1),
    ("Road vehicle cybersecurity", "汽车网络安全", 2),
    ("Medical device security", "医疗器械网络安全", 1),
    ("Banking security", "金融安全", 2),
    ("Artificial intelligence security", "人工智能安全", 2),
    ("Blockchain security", "区块链安全", 1),
    ("Optical fibre", "光纤", 30),
    ("Steel structure", "钢结构", 30),
    ("Plastics", "塑料", 30),
    ("Lighting", "照明", 25),
    ("Document exchange", "文件交换", 25),
    ("Battery", "电池", 25),
    ("Textile", "纺织品", 20),
    ("Video coding", "视频编码", 20),
    ("Water supply", "给水", 20),
    ("Rotating machinery", "旋转机械", 20),
)
ASPECTS = (
    ("Requirements", "要求"),
    ("Test methods", "试验方法"),
    ("Guidance", "指南"),
    ("Terms", "术语"),
    ("Architecture", "体系结构"),
    ("Interfaces", "接口"),
    ("Procedures", "规程"),
    ("Measurement", "测量"),
    ("Data model", "数据模型"),
    ("Management", "管理"),
)
NOUNS = re.findall(
    r"(\w+)/(\w+)",
    """
    bridges/桥梁 pumps/泵 valves/阀 cables/线缆 sensors/感应器 seals/密封件 motors/电机 lamps/灯 panels/面板 hulls/船体
    wheels/轮 pipes/管道 hinges/铰链 towers/塔 lenses/透镜 gauges/量具 fans/风机 pallets/托盘 boilers/锅炉 relays/继电器
    filters/过滤器 mirrors/镜 joints/接头 beams/梁 bolts/螺栓 presses/压力机 ovens/炉 frames/框架 tanks/罐 hoists/葫芦
    springs/弹簧 clocks/钟 scales/秤 ladders/梯 doors/门 gears/齿轮 cranes/起重机
    """,
)
# How bodies write a designation: number (a and b are its halves), part, year, place among the editions.
INTL = (("ISO/IEC {n}-{p}:{y}", 45), ("ISO {n}-{p}:{y}", 30), ("IEC {n}-{p}:{y}", 15), ("ITU-T X.{n}{p} (03/{y})", 10))
HOME = {
    "cn": (("GB/T {n}.{p}-{y}", 50), ("T/TAF {n}.{p}-{y}", 14), ("YD/T {n}.{p}-{y}", 13), ("GB {n}.{p}-{y}", 8),
           ("JR/T {n}.{p}-{y}", 6), ("GM/T {n}.{p}-{y}", 5), ("GB/Z {n}.{p}-{y}", 4)),
    "eu": (("EN {n}-{p}:{y}", 40), ("ETSI TS {a} {b}-{p} V1.{e}.1", 40), ("ETSI EN {a} {b}-{p} V1.{e}.1", 12),
           ("CEN/TS {n}-{p}:{y}", 8)),
    "us": (("IEEE {n}.{p}-{y}", 45), ("NIST SP 800-{n}{p} Rev. {e}", 30), ("ANSI X9.{n}-{p}-{y}", 15),
           ("INCITS {n}-{p}-{y}", 10)),
}  # fmt: skip
LINEAGES = (("intl", 40), ("cn", 26), ("eu", 22), ("us", 12))
# Who takes over an international work, how often, under which designation, with which degrees of 100.
ADOPTERS = (
    ("eu", 0.35, "EN {target}:{y}", (97, 3, 0)),
    ("cn", 0.30, "GB/T {m}.{p}-{y}", (58, 34, 8)),
    ("us", 0.05, "INCITS/{target}:{y}", (95, 5, 0)),
)
DEGREES = {"cn": ("等同采用", "修改采用", "非等效采用"), "eu": ("IDT", "MOD", "NEQ"), "us": ("IDT", "MOD", "NEQ")}
WORDS = {  # in force, ended, unfinished
    "cn": ("现行", "废止", "正在征求意见"),
    "eu": ("Published", "Withdrawn", "Under drafting"),
    "us": ("Active", "Withdrawn", "Draft"),
    "intl": ("Published", "Withdrawn", "Under development"),
}
SCHEMES = (("CMVP", 25), ("FedRAMP", 6), ("NIAP/US", 12), ("BSI-CC/DE", 14), ("ANSSI/FR", 11), ("CCRA/KR", 8),
           ("CCRA/JP", 7), ("NSCIB/NL", 5), ("CCRA/CA", 4), ("OCSI/IT", 3), ("CCN/ES", 3), ("EUCC", 2))  # fmt: skip
COUNTRIES = (("US", 30), ("CN", 22), ("DE", 10), ("JP", 8), ("KR", 7), ("FR", 7), ("NL", 4), ("FI", 3), ("IL", 3))
SYLLABLES = re.findall("..", "bacedifoguhakilomuneparosatevuwaxiyoze")
LEVELS = ("EAL2", "EAL4+", "EAL5+", "Level 1", "Level 2", "Level 3", None)
PRODUCTS = ("Firewall", "Smart card", "Network device", "Key store", "Operating system", "Cloud service", "Printer")
ICS = (
    "35.030",
    "35.040",
    "33.040.40",
    "25.040.40",
    "35.240.15",
    "91.080.10",
    "83.080.01",
    "29.140",
    "23.060",
    "21.060",
)
CERTIFICATES_PER_VENDOR = 15
ALGORITHMS = ("AES", "SHA-256", "RSA", "ECDSA", "HMAC", "DRBG")


@dataclass(frozen=True, slots=True)
class Maker:
    """A made-up vendor, with the country that its lists print."""

    name: str
    country: str


def moved(text: str | None, block: int) -> str | None:
    """The text with every made-up number moved to another block, of which there are BLOCKS."""
    return NUMBER.sub(f"9{block}", text) if text and "90" in text else text


Chooser = Callable[[], Any]


def chooser(rng: Random, weighted: Iterable[tuple[Any, float]]) -> Chooser:
    """A function that draws one of the values, each as often as its weight says."""
    values, weights = zip(*weighted, strict=True)
    sums = list(accumulate(weights))
    return lambda: rng.choices(values, cum_weights=sums)[0]


class Standards:
    """Lineages of editions: an international work with those who adopt it, or a work of one sphere."""

    def __init__(self, seed: int) -> None:
        self.rng = Random(seed)
        self.subject = chooser(self.rng, [((en, zh), weight) for en, zh, weight in SUBJECTS])
        self.lineage = chooser(self.rng, LINEAGES)
        self.intl = chooser(self.rng, INTL)
        self.home = {sphere: chooser(self.rng, bodies) for sphere, bodies in HOME.items()}
        self.degree = {
            sphere: chooser(self.rng, zip(DEGREES[sphere], weights, strict=True)) for sphere, _, _, weights in ADOPTERS
        }

    def all(self) -> Iterator[tuple[str, Document]]:
        """(sphere, document) without end. Raises OverflowError when the numbers are used up."""
        for place in count():
            number, part = FIRST_NUMBER + place // PARTS, place % PARTS + 1
            if number > LAST_NUMBER:
                raise OverflowError(f"no made-up number is left after {place} works")
            sphere, title = self.lineage(), self.title()
            if sphere == "intl":
                yield from self.international(number, part, title)
            else:
                pattern = self.home[sphere]()
                yield from ((sphere, one) for one in self.editions(sphere, pattern, number, part, self.years(), title))

    def title(self) -> tuple[str, str]:
        """English and Chinese: most of the Chinese registers print both, the others the English one."""
        (subject, subject_zh), (aspect, aspect_zh) = self.subject(), self.rng.choice(ASPECTS)
        (noun, noun_zh), (other, other_zh) = self.rng.choice(NOUNS), self.rng.choice(NOUNS)
        return (
            f"{subject} — {aspect} for {noun} and {other} (made up)",
            f"{subject_zh} {noun_zh}和{other_zh}{aspect_zh}（虚构）",
        )

    def years(self, first: int | None = None) -> list[int]:
        """The years of the editions of a work, at most one every third year."""
        begin = int(self.rng.triangular(first or FIRST_YEAR, LAST_YEAR + 1, max(USUAL_YEAR - 8, first or 0)))
        years = [min(begin, LAST_YEAR)]
        while self.rng.random() < 0.5 and years[-1] + 3 <= LAST_YEAR:
            years.append(self.rng.randint(years[-1] + 3, LAST_YEAR))
        return years

    def editions(
        self,
        sphere: str,
        pattern: str,
        number: int,
        part: int,
        years: list[int],
        title: tuple[str, str],
        adopted: Callable[[int], Relation] | None = None,
        **more: Any,
    ) -> Iterator[Document]:
        names = {"n": number, "a": number // 1000, "b": f"{number % 1000:03}", "p": part, **more}
        printed = [pattern.format(y=year, e=place, **names) for place, year in enumerate(years, 1)]
        in_force, ended, unfinished = WORDS[sphere]
        for place, (designation, year) in enumerate(zip(printed, years, strict=True)):
            is_last = place == len(years) - 1
            chance = self.rng.random()
            is_draft = is_last and chance < 0.03
            status = unfinished if is_draft else in_force if is_last and chance < 0.88 else ended
            month, day = self.rng.randint(1, 12 if year < LAST_YEAR else 9), self.rng.randint(1, 28)
            relations: tuple[Relation, ...] = (adopted(year),) if adopted else ()
            if place and self.rng.random() < 0.6:
                relations += (Relation(type="supersedes", target_text=printed[place - 1]),)
            if self.rng.random() < 0.1:
                far = self.rng.randint(FIRST_NUMBER, number)
                relations += (Relation(type="references", target_text=f"ISO/IEC {far}-{part}"),)
            yield Document(
                designation=designation,
                title=title[0] if sphere != "cn" or chance < 0.8 else None,
                title_zh=title[1] if sphere == "cn" else None,
                status_text=status if chance > 0.02 or is_draft else None,
                published_text=None if is_draft else f"{year}-{month:02}-{day:02}",
                withdrawn_text=f"{years[place + 1]}-{month:02}-{day:02}" if not is_last and chance < 0.7 else None,
                ics=(self.rng.choice(ICS),),
                url=f"{SITE}/{sphere}/{number}-{part}/{place + 1}",
                relations=relations,
            )

    def international(self, number: int, part: int, title: tuple[str, str]) -> Iterator[tuple[str, Document]]:
        """The editions of an international work, then those of the spheres that adopt it."""
        pattern, years = self.intl(), self.years()
        yield from (("intl", one) for one in self.editions("intl", pattern, number, part, years, title))
        if pattern.startswith("ITU"):
            return
        target = pattern.partition(":")[0].format(n=number, p=part)
        for sphere, chance, own, _ in ADOPTERS:
            if self.rng.random() < chance and not (sphere == "us" and target.startswith("IEC")):
                found = self.editions(
                    sphere, own, number, part, self.years(years[0]), title,
                    partial(self.adoption, sphere, target, years),
                    target=target, m=number + APART,
                )  # fmt: skip
                yield from ((sphere, one) for one in found)

    def adoption(self, sphere: str, target: str, years: list[int], year: int) -> Relation:
        """Of the newest edition of that year, sometimes of the one before, seldom of no stated edition or degree."""
        held = [one for one in years if one <= year]
        edition = held[-2] if len(held) > 1 and self.rng.random() < 0.25 else held[-1]
        text = target if self.rng.random() < 0.05 else f"{target}:{edition}"
        degree = None if self.rng.random() < 0.04 else self.degree[sphere]()
        return Relation(type="adopts", target_text=text, degree_text=degree)


def documents(wanted: int, seed: int) -> Iterator[tuple[str, Document]]:
    """(sphere, document) of so many documents, each with a designation of its own."""
    return islice(Standards(seed).all(), wanted)


def makers(wanted: int, seed: int) -> list[Maker]:
    """Vendors of made-up names; some begin with a place, as many real ones do."""
    rng = Random(seed)
    country = chooser(rng, COUNTRIES)
    found = []
    for place in range(wanted):
        name = "".join(rng.choice(SYLLABLES) for _ in range(rng.randint(2, 4))).capitalize()
        kind = rng.choice(("Systems", "Networks", "Technology", "Devices", "Software"))
        home = country()
        if home == "CN" and rng.random() < 0.6:
            name = f"{rng.choice(('Shenzhen', 'Beijing', 'Hangzhou'))} {name}"
        form = {"CN": "Co., Ltd.", "DE": "GmbH", "FR": "SAS", "NL": "B.V."}.get(home, "Inc.")
        found.append(Maker(f"{name} {FIRST_NUMBER + place} {kind} {form} (made up)", home))
    return found


def certificates(wanted: int, seed: int) -> Iterator[Certificate]:
    """So many certificates; few vendors hold most of them."""
    rng = Random(seed + 1)
    vendors = makers(max(5, wanted // CERTIFICATES_PER_VENDOR), seed)
    scheme = chooser(rng, SCHEMES)
    for number in range(FIRST_CERTIFICATE, FIRST_CERTIFICATE + wanted):
        vendor, text = vendors[int(len(vendors) * rng.random() ** 3)], scheme()
        year = min(int(rng.triangular(2000, LAST_YEAR + 1, USUAL_YEAR)), LAST_YEAR)
        day = f"{rng.randint(1, 9):02}-{rng.randint(1, 28):02}"
        is_valid = year + 5 > LAST_YEAR and rng.random() < 0.95
        yield Certificate(
            key=f"made-up-{number}",
            scheme_text=text,
            number=f"made-up-{number}",
            vendor_text=vendor.name,
            country_text=vendor.country if text in ("CMVP", "EUCC") else text.partition("/")[2] or None,
            product=f"{rng.choice(PRODUCTS)} {rng.choice(SYLLABLES).upper()}-{number} (made up)",
            category_text=rng.choice(PRODUCTS),
            level_text=rng.choice(LEVELS),
            issued_text=f"{year}-{day}",
            expires_text=f"{year + 5}-{day}",
            status_text="Active" if is_valid else "Archived" if rng.random() < 0.97 else "Revoked",
            standards=(f"ISO/IEC {rng.randint(FIRST_NUMBER, FIRST_NUMBER + 50)}-1",) if rng.random() < 0.3 else (),
            profiles=(f"Made-up protection profile {rng.randint(1, 60)}",) if "/" in text else (),
            algorithms=tuple(rng.sample(ALGORITHMS, 3)) if text == "CMVP" else (),
            url=f"{SITE}/certificate/{number}",
        )


def exclusions(wanted: int, certificate_count: int, seed: int) -> Iterator[Exclusion]:
    """So many entries of a list that keeps vendors out; every vendor in it may hold certificates."""
    vendors = makers(max(5, certificate_count // CERTIFICATES_PER_VENDOR), seed)
    rng = Random(seed + 2)
    for number, vendor in enumerate(rng.sample(vendors, min(wanted, len(vendors))), FIRST_NUMBER):
        yield Exclusion(
            key=f"made-up-{number}",
            list_text="Made-up list",
            subject=f"Equipment of {vendor.name}",
            vendor_text=vendor.name,
            country_text=vendor.country,
            included_texts=(f"{rng.randint(2019, LAST_YEAR - 1)}-03-12",),
            url=f"{SITE}/exclusion/{number}",
        )
