"""The chemical elements, formulas made of them, and compounds by name.

It must not know pairs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from slava.teacher.checks.text import word_set

_TABLE = (
    "H:hydrogen He:helium Li:lithium Be:beryllium B:boron C:carbon N:nitrogen O:oxygen "
    "F:fluorine Ne:neon Na:sodium Mg:magnesium Al:aluminium Si:silicon P:phosphorus S:sulfur "
    "Cl:chlorine Ar:argon K:potassium Ca:calcium Sc:scandium Ti:titanium V:vanadium "
    "Cr:chromium Mn:manganese Fe:iron Co:cobalt Ni:nickel Cu:copper Zn:zinc Ga:gallium "
    "Ge:germanium As:arsenic Se:selenium Br:bromine Kr:krypton Rb:rubidium Sr:strontium "
    "Y:yttrium Zr:zirconium Nb:niobium Mo:molybdenum Tc:technetium Ru:ruthenium Rh:rhodium "
    "Pd:palladium Ag:silver Cd:cadmium In:indium Sn:tin Sb:antimony Te:tellurium I:iodine "
    "Xe:xenon Cs:caesium Ba:barium La:lanthanum Ce:cerium Pr:praseodymium Nd:neodymium "
    "Pm:promethium Sm:samarium Eu:europium Gd:gadolinium Tb:terbium Dy:dysprosium Ho:holmium "
    "Er:erbium Tm:thulium Yb:ytterbium Lu:lutetium Hf:hafnium Ta:tantalum W:tungsten "
    "Re:rhenium Os:osmium Ir:iridium Pt:platinum Au:gold Hg:mercury Tl:thallium Pb:lead "
    "Bi:bismuth Po:polonium At:astatine Rn:radon Fr:francium Ra:radium Ac:actinium Th:thorium "
    "Pa:protactinium U:uranium Np:neptunium Pu:plutonium Am:americium"
)
ELEMENTS: dict[str, str] = {s: n for s, _, n in (p.partition(":") for p in _TABLE.split())}
"""Symbols and names."""
_SPELLINGS = {"aluminum": "Al", "sulphur": "S", "cesium": "Cs", "wolfram": "W"}
NAMES = {name: symbol for symbol, name in ELEMENTS.items()} | _SPELLINGS

COMPOUNDS: dict[str, str] = {
    "titania": "TiO",
    "silica": "SiO",
    "quartz": "SiO",
    "alumina": "AlO",
    "zirconia": "ZrO",
    "ceria": "CeO",
    "magnesia": "MgO",
    "hematite": "FeO",
    "haematite": "FeO",
    "magnetite": "FeO",
    "rutile": "TiO",
    "anatase": "TiO",
    "calcite": "CaCO",
    "hydroxyapatite": "CaPOH",
    "hydroxylapatite": "CaPOH",
    "graphene": "C",
    "graphite": "C",
    "diamond": "C",
    "steel": "FeC",
    "cementite": "FeC",
    "brass": "CuZn",
    "bronze": "CuSn",
    "polystyrene": "CH",
    "polyethylene": "CH",
    "polypropylene": "CH",
    "polycarbonate": "CHO",
    "cellulose": "CHO",
    "collagen": "CHNO",
    "oxide": "O",
    "dioxide": "O",
    "hydroxide": "OH",
    "carbide": "C",
    "nitride": "N",
    "sulfide": "S",
    "sulphide": "S",
    "chloride": "Cl",
    "fluoride": "F",
    "phosphate": "PO",
    "carbonate": "CO",
    "silicate": "SiO",
    "titanate": "TiO",
    "arsenide": "As",
    "selenide": "Se",
    "telluride": "Te",
}
"""Names of compounds and the elements they are made of."""

AMBIGUOUS = word_set("H B C N O F P S K V Y I U W He Be In As At No Am Os Po Pa Re La Ho")
"""Symbols that are also words, letters or names: they count beside another element only."""
SHORT_FORMULAS = word_set("H2 N2 O2 O3 Cl2 C60 C70 WC BN NO CO HF KF KI BP VN VC YN UN UC")
"""Formulas without a lower-case letter that are not taken for an abbreviation: with a digit, or
only beside other claims."""
_SURE_SHORT = word_set("H2 N2 O2 C60 C70 BN WC")

_SUBSCRIPTS = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
_TOKEN = re.compile(
    r"(?<![\w.-])[A-Z][A-Za-z0-9().₀-₉]*[A-Za-z0-9)₀-₉](?![\w])|(?<![\w.-])[A-Z](?![\w.'’])"
)
_PART = re.compile(r"([A-Z][a-z]?)(\d+(?:\.\d+)?)?|(\()|(\))(\d+(?:\.\d+)?)?")
_WORD = re.compile(r"[A-Za-z]+")
_LEAD_METAL = re.compile(
    r"\blead(?:[- ](?:oxide|sul(?:f|ph)ide|titanate|zirconate|particles?|content|atoms?|alloy|"
    r"selenide|telluride|halide|iodide|based|free|rich|containing))|"
    r"\b(?:of|and|contains?|containing|metallic) lead\b",
    re.IGNORECASE,
)
_TIN_METAL = re.compile(
    r"\btin(?:[- ](?:oxide|dioxide|particles?|content|atoms?|alloy|whiskers?|plated|rich|based))|"
    r"\b(?:of|and|contains?|containing|metallic) tin\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Mention:
    """Elements that a text names, and the words it does so with."""

    words: str
    elements: frozenset[str]
    start: int
    sure: bool = True
    """Whether it is an element by itself, or only beside another."""


def elements_of(formula: str) -> frozenset[str]:
    """The elements of a chemical formula; empty where ``formula`` is none.

    Brackets and digits must be where they may be in a formula.
    """
    text = formula.translate(_SUBSCRIPTS)
    found: set[str] = set()
    position = depth = 0
    while position < len(text):
        part = _PART.match(text, position)
        if part is None:
            return frozenset()
        if part[1]:
            if part[1] not in ELEMENTS:
                return frozenset()
            found.add(part[1])
        depth += bool(part[3]) - bool(part[4])
        if depth < 0:
            return frozenset()
        position = part.end()
    return frozenset(found) if depth == 0 else frozenset()


def mentions_in(text: str) -> list[Mention]:
    """Every element, formula and compound that ``text`` names, in order."""
    found = sorted((*_by_name(text), *_by_symbol(text)), key=lambda m: m.start)
    if any(m.sure for m in found):
        return [m for m in found if m.sure or _beside(m, found, text)]
    return []


def _beside(mention: Mention, all_of: list[Mention], text: str) -> bool:
    """Whether it stands in one list with a sure one: ``Si, O and Al``."""
    for other in all_of:
        if other.sure and other is not mention:
            first, last = sorted((mention, other), key=lambda m: m.start)
            between = text[first.start + len(first.words) : last.start]
            if re.fullmatch(r"[\s,;/&+-]*(?:(?:and|or|with|[A-Z][a-z]?)[\s,;/&+-]*)*", between):
                return True
    return False


def _by_name(text: str) -> Iterator[Mention]:
    for match in _WORD.finditer(text):
        low = match[0].lower()
        symbol = NAMES.get(low)
        if low in ("lead", "tin"):
            pattern = _LEAD_METAL if low == "lead" else _TIN_METAL
            near = text[max(0, match.start() - 12) : match.end() + 14]
            if symbol and pattern.search(near):
                yield Mention(match[0], frozenset({symbol}), match.start())
        elif symbol is not None:
            yield Mention(match[0], frozenset({symbol}), match.start())
        else:
            compound = COMPOUNDS.get(low) or COMPOUNDS.get(low.removesuffix("s"))
            if compound:
                elements = frozenset(re.findall("[A-Z][a-z]?", compound))
                yield Mention(match[0], elements, match.start())


def _by_symbol(text: str) -> Iterator[Mention]:
    for match in _TOKEN.finditer(text):
        token = match[0].rstrip(".").translate(_SUBSCRIPTS)
        elements = elements_of(token)
        if elements:
            sure = _is_sure(token, elements)
            if sure or token in AMBIGUOUS or token in SHORT_FORMULAS:
                yield Mention(match[0].rstrip("."), elements, match.start(), sure)


def _is_sure(token: str, elements: frozenset[str]) -> bool:
    if token in _SURE_SHORT:
        return True
    if token in AMBIGUOUS or token in SHORT_FORMULAS or token in _NOT_FORMULAS:
        return False
    lower = any(c.islower() for c in token)
    digits = any(c.isdigit() for c in token)
    if len(elements) == 1:
        return lower and not digits
    if lower:
        return True
    return token in _OXIDES or (digits and not re.fullmatch(r"[A-Z]+\d{1,3}", token))


_NOT_FORMULAS = word_set("Co No In As At Os Po Pa La Ho Re Mo Cm Ne Nos Pos Cos Bin Sin Pin NaN")
_OXIDES = word_set("CO2 H2O NO2 SO2 SO3 VO2 WO3 WS2 V2O5 P2O5 B2O3 Y2O3 KOH")
