"""Countries and bodies that texts name: the forms of one in both languages, and words that only look like one."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rag.support import peoples
from rag.support.gazetteer import cldr_names
from rag.support.territories import mentions, territories

SPANISH, ENGLISH = cldr_names("es"), cldr_names("en")
WITHOUT_A_SPANISH_NAME = {"CQ"}  # Sark


@pytest.mark.parametrize(
    ("label", "forms"),
    {
        "KP": ["norcoreano", "las norcoreanas", "North Korea's", "North Koreans", "Pyongyang", "Pionyang", "RPDC"],
        "KR": ["Corea del Sur", "surcoreanos", "Seúl", "Seoul", "South Korean", "Republic of Korea"],
        "DE": ["Alemania", "alemana", "alemanes", "Germany", "Germans", "Berlín", "Berlin"],
        "RU": ["Rusia", "rusas", "Russian", "Moscú", "Moscow", "el Kremlin", "Federación de Rusia"],
        "US": [
            "EE. UU.",
            "EE.UU.",
            "EE UU",
            "EEUU",
            "U.S.",
            "the US",
            "USA",
            "estadounidense",
            "Americans",
            "Washington",
        ],
        "GB": ["Reino Unido", "UK", "U.K.", "británica", "Inglaterra", "British", "London", "Great Britain"],
        "IR": ["Irán", "iraní", "iraníes", "Iranian", "Teherán", "Tehran"],
        "CH": ["Suiza", "suizas", "Switzerland", "Swiss", "Berna"],
        "PL": ["Polonia", "polaca", "Poland", "Polish", "the Poles", "Varsovia", "Warsaw"],
        "CI": ["Costa de Marfil", "Côte d'Ivoire", "Côte d’Ivoire", "Ivory Coast's", "marfileños", "Ivorian"],
        "MM": ["Myanmar", "Birmania", "Burma", "birmanos", "Burmese"],
        "NL": ["Países Bajos", "the Netherlands", "holandesa", "neerlandés", "Dutch", "Holanda"],
        "TR": ["Turquía", "Türkiye", "Turkey", "turco", "Turkish", "Ankara"],
        "CN": ["China", "chinas", "chino", "Chinese", "Pekín", "Beijing"],
        "LC": ["Santa Lucía", "St. Lucia", "St Lucia", "Saint Lucia"],
        "TT": ["Trinidad y Tobago", "Trinidad & Tobago", "Trinidad and Tobago"],
        "CD": ["República Democrática del Congo", "Democratic Republic of the Congo", "RDC", "DRC", "Kinshasa"],
        "CG": ["República del Congo", "Congo-Brazzaville", "Republic of the Congo"],
        "LV": ["Letonia", "letones", "letona", "Latvian", "Riga"],
        "VN": ["Vietnam", "vietnamitas", "Vietnamese", "Hanói"],
        "ES": ["España", "españolas", "Spain", "Spaniards", "Madrid"],
        "NE": ["Níger", "nigerinos", "Niger", "Nigerien", "Niamey"],
        "NG": ["Nigeria", "nigerianos", "Nigerian", "Abuya", "Abuja"],
        "EU": ["la UE", "Unión Europea", "the EU's", "European Union"],
        "UN": ["ONU", "the UN", "U.N.", "Naciones Unidas", "United Nations", "Security Council"],
        "NATO": ["OTAN", "NATO"],
        "OECD": ["OCDE", "OECD"],
        "West": ["Occidente", "países occidentales", "the West", "Western leaders"],
        "Far East": ["Lejano Oriente", "Far East"],
    }.items(),
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_forms_of_one_country_have_one_label(label: str, forms: list[str]) -> None:
    assert {form: set(territories(form)) for form in forms} == {form: {label} for form in forms}


def test_the_names_of_every_territory_agree_in_both_languages() -> None:
    assert len(ENGLISH) > 250
    assert SPANISH.keys() ^ ENGLISH.keys() == WITHOUT_A_SPANISH_NAME
    for code, name in [*SPANISH.items(), *ENGLISH.items()]:
        assert territories(name) == (set() if name in peoples.NOT_LOOKED_UP else {code}), name


def test_what_is_not_looked_up_is_a_name_of_cldr_with_a_reason() -> None:
    assert set(peoples.NOT_LOOKED_UP) <= {*SPANISH.values(), *ENGLISH.values()}
    assert all(peoples.NOT_LOOKED_UP.values())


def test_no_name_of_the_table_stands_for_two_countries() -> None:
    codes = []
    for line in peoples.PEOPLES.strip().splitlines():
        code, *columns = (part.strip() for part in line.split("|"))
        codes.append(code)
        for name in ",".join(columns).split(","):
            capital = name.strip()[:1].upper() + name.strip()[1:]
            assert territories(capital) == ({code} if capital else set()), name
    assert len(codes) == len(set(codes))
    known = {code[:2] for code in codes}
    assert known <= ENGLISH.keys() | {"SU"}


@pytest.mark.parametrize(
    "text",
    [
        "they told us",
        "turquesa",
        "a turkey in a jersey",
        "el ecuador",
        "una reunión",
        "la paz",
        "el chile y la cuba",
        "el americano",
        "the flag on a pole",
        "polish the floor",
        "ellos irán",
        "aman a sus hijos",
        "los fines",
        "a guinea pig",
        "Michael Jordan jugó",
        "Paris Hilton",
        "George Washington",
        "the Washington Post",
        "Germán Vargas",
        "Air France",
        "New Mexico",
        "Nueva Jersey",
        "British Columbia",
        "the Indian Ocean",
        "el golfo de México",
        "Latin American leaders",
        "Mauricio Macri",
        "Diego García",
        "Chinatown, Indochina",
        "Corea, los coreanos, Korea",  # either of two
        "el Congo",
        "who, un, eu",
        "",
        "&'’.-",
    ],
)
def test_other_words_name_no_country(text: str) -> None:
    assert territories(text) == set()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (
            "Guinea-Bissau, Guinea, Papúa Nueva Guinea",
            [("Guinea-Bissau", "GW"), ("Guinea", "GN"), ("Papúa Nueva Guinea", "PG")],
        ),
        ("el Sáhara Occidental y Occidente", [("Sáhara Occidental", "EH"), ("Occidente", "West")]),
        ("Sudán del Sur y Sudán", [("Sudán del Sur", "SS"), ("Sudán", "SD")]),
        ("Corea del\nNorte", [("Corea del\nNorte", "KP")]),
        ("in Guinea. Bissau said", [("Guinea", "GN"), ("Bissau", "GW")]),
        ("Germany’s army, US-China", [("Germany", "DE"), ("US", "US"), ("China", "CN")]),
        ("en EE. UU. y la U.R.S.S.", [("EE. UU.", "US"), ("U.R.S.S.", "SU")]),
        ("Ayer Washington dijo. En París, Jordan's king", [("Washington", "US"), ("París", "FR"), ("Jordan", "JO")]),
        ("el canciller alemán, German Chancellor Scholz", [("alemán", "DE"), ("German", "DE")]),
        ("quien gobierna corea del norte", [("corea del norte", "KP")]),
        ("RUSIA ATACA A UCRANIA", [("RUSIA", "RU"), ("UCRANIA", "UA")]),
    ],
)
def test_the_longest_name_is_found_at_its_place(text: str, found: list[tuple[str, str]]) -> None:
    assert [(text[mention.start : mention.end], mention.label) for mention in mentions(text)] == found


WORDS = st.sampled_from(
    ["Corea", "del", "Norte", "EE.", "UU.", "U.S.", "St.", "&", "'s", "Paris", "New", "\u00a0", "ß", "İ"]
)


@settings(max_examples=100, deadline=None)
@given(st.lists(WORDS | st.text(max_size=5), max_size=12), st.sampled_from(["", " ", "-", ". "]))
@example(["A."] * 30, "")
@example(["\ud800", "Rusia"], " ")
def test_mentions_are_in_order_and_within_the_text(parts: list[str], between: str) -> None:
    text = between.join(parts)
    ends = [0]
    for mention in mentions(text):
        assert ends[-1] <= mention.start < mention.end <= len(text)
        assert mention.label
        ends.append(mention.end)
