"""Written sentences against what they cite: each part of the check, the check as a whole, and its gold statements."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from eval.datasets import GoldError
from eval.support import SUPPORT_GOLD, Articles, Statement, figures, judge, load_statements, mistakes
from index.model.encoder import Encoder
from rag.evidence.rank import Evidence
from rag.passages import PassageNode, Sentence
from rag.support import negation
from rag.support.check import SupportCheck, Verdict, objection
from rag.support.names import Names
from rag.support.numbers import facts
from rag.support.spelling import near
from rag.support.swapped_names import exchanged
from tests.support.paths import SEEDS

QUOTE = "Según Seúl, Corea del Norte habría enviado alrededor de 6.700 contenedores a Rusia."


def passage(*texts: str) -> list[Evidence]:
    """The sentences of one passage, as evidence."""
    meta = {"document_id": "a", "file": "a.txt", "file_sha256": "s", "line_start": 1, "line_end": 1}
    starts = [sum(len(text) + 1 for text in texts[:i]) for i in range(len(texts))]
    sentences = tuple(Sentence(t, a, a + len(t), 1, 1) for t, a in zip(texts, starts, strict=True))
    node = PassageNode(text=" ".join(texts), extra_info=meta).with_sentences(sentences, np.eye(len(texts), dtype="f4"))
    return [Evidence(sentence, 0, node, None, frozenset(), 0.5, 0.5, 1.0) for sentence in sentences]


# ---- numbers and dates -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("forms", "key"),
    [
        (["6.700", "6,700", "6700", "6\u202f700", "seis mil setecientos", "six thousand seven hundred"], "6700"),
        (["cinco millones", "5 millones", "5 million", "five million", "5.000.000", "5,000,000"], "5000000"),
        (["$50 mil millones", "50 billion dollars", "fifty billion", "50.000 millones"], "50000000000"),
        (["24 años", "24 years", "veinticuatro años", "twenty-four years", "twenty four years"], "24"),
        (["treinta y cinco", "thirty-five", "35 %", "35%"], "35"),
        (["doscientos cinco", "two hundred and five", "205"], "205"),
        (["dos mil veinticuatro", "2024"], "2024"),
        (["segunda visita", "second visit", "2nd visit", "2 visitas"], "2"),
        (["quinto mandato", "fifth term", "5.º mandato"], "5"),
        (["2,5", "2.5"], "2.5"),
        (["la mitad", "half of them"], "0.5"),
        (["18 de junio", "June 18", "el 18", "2024-06-18", "18/06/2024"], "18"),
        (["18 de junio", "June 18", "in June", "2024-06-18"], "month 6"),
        (["el martes", "on Tuesday", "MARTES"], "weekday 2"),
        (["el miércoles", "el miercoles", "Wednesday"], "weekday 3"),
        (["en mayo", "in May"], "month 5"),
        (["la semana pasada", "last week", "la pasada semana"], "last week"),
    ],
)
def test_a_value_is_one_in_all_its_forms(forms: list[str], key: str) -> None:
    for form in forms:
        assert key in {fact.key for fact in facts(form)[0]}, form


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("G-7, COVID-19, Hwasong-11 y K2", []),  # digits of names
        ("los dos líderes; both; the two countries", []),  # no figure, though it can answer for one
        ("una visita, un viaje, a trip, one of them, once more", []),
        ("It may be; they march.", []),
        ("cinco, seis", ["5", "6"]),
        ("entre 2020 y 2022", ["2020", "2022"]),
        ("1961, 2000 y 2001", ["1961", "2000", "2001"]),
        ("500.000 rondas de 122 mm", ["500000", "122"]),
        ("veinte y dos", ["22"]),
        ("cien millones trescientos mil", ["100300000"]),
    ],
)
def test_what_is_asserted_and_what_is_not(text: str, keys: list[str]) -> None:
    assert [fact.key for fact in facts(text)[0]] == keys


def test_a_fact_is_shown_as_it_stands() -> None:
    assert [fact.shown for fact in facts("Fueron Cinco Millones el Martes.")[0]] == ["Cinco Millones", "Martes"]


# ---- names -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "quote"),
    [
        ("met Kim Jong Un", "se reunió con Kim Jong-un"),
        ("met Kim Jong Un", "se reunió con Kim"),
        ("visitó a Kim", "visitó a Kim Jong-Un"),
        ("the Kim-Putin summit", "la cumbre de Kim y Putin"),
        ("when Kim Jong Un came", "la cumbre Kim-Putin"),
        ("in North Korea", "el líder norcoreano"),
        ("in Pyongyang", "Corea del Norte"),
        ("North Korean troops", "soldados de la RPDC"),
        ("US officials, the United States", "funcionarios de EE. UU."),
        ("Washington", "funcionarios estadounidenses"),
        ("the Ukrainian president, Volodymyr Zelenskyy", "Volodimir Zelenski, de Ucrania"),
        ("Russian forces in Kyiv", "Rusia atacó Kiev"),
        ("at the UN Security Council", "en el Consejo de Seguridad de la ONU"),
        ("Putin's guests, Kim’s father", "los invitados de Putin y el padre de Kim"),
        ("the G7 summit", "la cumbre del G-7"),
        ("la pandemia de COVID", "la pandemia de COVID-19"),
        ("the president of Zimbabwe in St. Petersburg", "el presidente de Zimbabue en San Petersburgo"),
        ("Iranian drones", "drones de Irán"),
        ("the World Food Programme", "el Programa Mundial de Alimentos"),
        ("Serguéi Shoigú", "Sergei Shoigu"),
        ("Cerca de la mitad. Funcionarios rusos. Analysts say. Además, hubo", "los rusos"),
    ],
)
def test_names_are_found_in_their_forms(text: str, quote: str) -> None:
    assert list(Names(text).missing([Names(quote)])) == []


@pytest.mark.parametrize(
    ("text", "quote", "missing"),
    [
        ("Sergei Lavrov viajó", "Sergei Markov viajó", "Sergei Lavrov"),
        ("Lavrov dijo que sí", "Markov dijo que sí", "Lavrov"),
        ("met Kim Jong Il", "se reunió con Kim Jong Un", "Kim Jong Il"),
        ("South Korea", "Corea del Norte", "South Korea"),
        ("soldados rusos", "soldados norcoreanos", "rusos"),
        ("at the G20", "en el G7", "G20"),
        ("according to Reuters", "según Bloomberg", "Reuters"),
        ("en Vietnam", "en Mongolia", "Vietnam"),
        ("la OTAN", "la ONU", "OTAN"),
        ("US troops", "ellos dicen", "US"),
    ],
)
def test_other_names_are_missing(text: str, quote: str, missing: str) -> None:
    assert list(Names(text).missing([Names(quote)])) == [missing]


def test_us_is_a_country_only_in_capitals() -> None:
    assert [name.label for name in Names("the US said").all] == ["US"]
    assert Names("they told us").all == []


def test_near_forms_end_somewhere() -> None:
    for one, other in (("iran", "iranies"), ("zimbabwe", "zimbabue"), ("serguei", "sergei"), ("zelenskyy", "zelenski")):
        assert near(one, other)
    for one, other in (("kim", "kirby"), ("iran", "irak"), ("lavrov", "markov"), ("g7", "g20"), ("", "")):
        assert not near(one, other)


# ---- negation ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "quote", "found"),
    [
        ("Rusia no envió armas.", "Rusia envió armas.", "added"),
        ("It never ended.", "Sigue en marcha.", "added"),
        ("Moscow denied it.", "Moscú, sin embargo, lo ha reconocido.", "added"),
        ("El acuerdo es agresivo.", "El acuerdo no era agresivo.", "dropped"),
        ("They announced an alliance.", "No han anunciado una alianza.", "dropped"),
        ("They admitted it.", "Lo han negado.", "dropped"),
        ("No vino.", "No vino nadie.", ""),
        ("No viajaba desde hacía cuatro años.", "Es su primer viaje en cuatro años.", ""),
        ("The talks failed.", "Las negociaciones no prosperaron.", ""),
        ("Not only Russia did.", "Rusia también.", ""),
    ],
)
def test_a_not_on_one_side_only(text: str, quote: str, found: str) -> None:
    assert bool(negation.added(text, [quote])) == (found == "added")
    assert bool(negation.dropped(text, [quote])) == (found == "dropped")


def test_one_quote_without_a_not_is_enough() -> None:
    assert negation.dropped("Rusia lo hizo.", ["Rusia no lo hizo."]) == "no"
    assert negation.dropped("Rusia lo hizo.", ["Rusia no lo hizo.", "Rusia lo hizo ayer."]) is None


# ---- names exchanged ---------------------------------------------------------------------------------------


def test_names_in_another_order_are_exchanged_back() -> None:
    [form] = exchanged("Kim gave Putin a limousine.", "Putin le regaló a Kim una limusina.")
    assert (form.text, form.first, form.second) == ("Putin gave Kim a limousine.", "Kim", "Putin")
    assert exchanged("Putin gave Kim a limousine.", "Putin le regaló a Kim una limusina.") == []
    assert exchanged("North Korea met Putin.", "Putin recibió a los norcoreanos.") == []  # not of a kind
    many = "Ana, Berta, Carla, Diana, Elena."
    assert len(exchanged("Elena, Diana, Carla, Berta, Ana", many)) == 6


def test_who_did_it_to_whom(encoder: Encoder) -> None:
    [quote] = passage("En febrero, Putin le regaló a Kim una limusina rusa de lujo.")
    swapped, passive = "En febrero, Kim le regaló a Putin una limusina rusa de lujo.", "A Kim, Putin le regaló un coche"
    assert SupportCheck(encoder).check([(swapped, [quote])], "es") == [
        Verdict(False, "en la cita, «Kim» y «Putin» están al revés")
    ]
    assert [form.text for form in exchanged(passive, quote.sentence.text)] == ["A Putin, Kim le regaló un coche"]


# ---- the check ---------------------------------------------------------------------------------------------


def test_verdicts_name_what_is_wrong_in_the_readers_language(encoder: Encoder) -> None:
    [quote] = passage(QUOTE)
    sentences = [
        ("Corea del Norte envió unos 7.000 contenedores a Rusia.", [quote]),
        ("Japón envió alrededor de 6.700 contenedores a Rusia.", [quote]),
        ("Corea del Norte no envió alrededor de 6.700 contenedores a Rusia.", [quote]),
        ("Rusia es un país grande y frío.", [quote]),
        ("Corea del Norte envió contenedores.", []),
        ("Corea del Norte envió unos 6.700 contenedores a Rusia, según Seúl.", [quote]),
        ("North Korea is said to have sent around 6,700 containers to Russia, according to Seoul.", [quote]),
    ]
    reasons = {
        "es": [
            "«7.000» no está en la cita",
            "«Japón» no está en la cita",
            "la cita no lo niega, la frase sí («no»)",
            "la cita dice otra cosa",
            "no cita ninguna fuente",
        ],
        "en": [
            "“7.000” is not in the quote",
            "“Japón” is not in the quote",
            "the quote doesn't deny it, the sentence does (“no”)",
            "the quote says something else",
            "it cites no source",
        ],
    }
    for language, said in reasons.items():
        expected = [*(Verdict(False, reason) for reason in said), Verdict(True), Verdict(True)]
        assert SupportCheck(encoder).check(sentences, language) == expected


def test_one_encoding_serves_all_and_none_is_made_for_nothing(encoder: Encoder) -> None:
    calls: list[list[str]] = []

    class Counting:
        def encode_passages(self, texts: list[str]) -> np.ndarray:
            calls.append(list(texts))
            return encoder.encode_passages(texts)

    [quote] = passage(QUOTE)
    check = SupportCheck(Counting())  # type: ignore[arg-type]
    assert check.check([], "es") == []
    assert check.check([(QUOTE, [quote]), ("Fueron 3.", [quote]), ("Nada.", [])], "es")[0].supported
    assert calls == []
    check.check([("Corea del Norte envió 6.700 contenedores.", [quote]), ("Los envió a Rusia.", [quote])], "es")
    assert [len(texts) for texts in calls] == [3]


def test_a_name_may_stand_before_the_quote_a_number_may_not() -> None:
    before, said = (e.sentence.text for e in passage("Yang dio 3 razones.", "«Rusia necesita armas», dijo."))
    assert objection("Yang dijo que Rusia necesita armas.", [said]) is not None
    assert objection("Yang dijo que Rusia necesita armas.", [said], [before]) is None
    assert objection("Rusia necesita 3 armas.", [said], [before]) is not None


def test_the_check_looks_before_the_quote_in_its_passage(encoder: Encoder) -> None:
    first, second = passage("Yang es profesor en Seúl.", "«Rusia necesita urgentemente armas convencionales», dijo.")
    text = "Rusia necesita urgentemente armas convencionales, dijo Yang."
    assert SupportCheck(encoder).check([(text, [second])], "es") == [Verdict(True)]
    text = "Rusia necesita urgentemente armas convencionales, dijo Yang; es profesor en Seúl."
    assert SupportCheck(encoder).check([(text, [first, second])], "es") == [Verdict(True)]


TEXTS = st.text(
    st.one_of(st.characters(), st.sampled_from("0123456789.,-’'«» KPnoyand%\u00a0")), max_size=60
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(TEXTS, st.lists(TEXTS, max_size=3))
@example("9" * 5000, ["²", "٣.٣٣٣", "1.000.000,5"])
@example("İI ß ﬁ K-ﬁ G-٣", ["İ"])
def test_the_parts_never_raise(text: str, quotes: list[str]) -> None:
    asked, held = facts(text)
    assert {fact.key for fact in asked} <= held
    assert all(fact.shown in text for fact in asked)
    assert list(Names(text).missing([Names(text)])) == []
    objection(text, quotes)
    if quotes:
        assert objection(quotes[0], quotes) is None


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(TEXTS, st.lists(TEXTS, max_size=2)), max_size=3), st.sampled_from(["es", "en", "fr"]))
@example([("a\ud800", ["b\ud800"])], "es")
def test_the_check_never_raises_and_a_quote_supports_itself(
    encoder: Encoder, drawn: list[tuple[str, list[str]]], language: str
) -> None:
    sentences = [(text, [e for quote in quotes for e in passage(quote)]) for text, quotes in drawn]
    itself = [(evidence.sentence.text, cited) for _, cited in sentences for evidence in cited]
    verdicts = SupportCheck(encoder).check([*sentences, *itself], language)
    assert len(verdicts) == len(sentences) + len(itself)
    assert all(verdict.supported == (verdict.reason is None) for verdict in verdicts)
    assert all(verdict.supported for verdict in verdicts[len(sentences) :])


# ---- gold statements ---------------------------------------------------------------------------------------


def test_gold_statements_cite_sentences_that_are_there_and_are_of_every_kind() -> None:
    statements = load_statements()
    articles = Articles(SEEDS)
    for statement in statements:
        quotes = [articles.evidence(cite).sentence.text for cite in statement.cites]
        if statement.kind == "verbatim":
            assert near_copy(statement.text, quotes[0]), statement.id
    assert len({statement.text for statement in statements}) == len(statements)
    for part in ("choose", "report"):
        mine = [s for s in statements if s.part == part]
        assert len(mine) >= 90
        assert sum(s.language == "en" for s in mine) >= 40
        assert 0.4 <= sum(s.supported for s in mine) / len(mine) <= 0.6
        assert min(Counter(s.kind for s in mine).values()) >= 3
        assert len({cite.file for s in mine for cite in s.cites}) == 5


def near_copy(text: str, quote: str) -> bool:
    """Whether nearly every word of a text stands in a quote."""
    words = text.lower().replace("«", "").replace("»", "").split()
    return sum(word.strip(",.") in quote.lower() for word in words) >= 0.8 * len(words)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"kind": "number"}, "is not of kind"),
        ({"cites": []}, "at least 1 item"),
        ({"colour": "red"}, "Extra inputs"),
        ({"part": "third"}, "'choose' or 'report'"),
    ],
)
def test_a_bad_statement_is_named(tmp_path: Path, change: dict[str, object], said: str) -> None:
    good = json.loads(SUPPORT_GOLD.read_text().splitlines()[0])
    path = tmp_path / "support.jsonl"
    path.write_text(json.dumps(good) + "\n" + json.dumps({**good, "id": "x", **change}))
    with pytest.raises(GoldError, match=rf"support\.jsonl:2: .*{said}"):
        load_statements(path)
    path.write_text(f"{json.dumps(good)}\n{json.dumps(good)}")
    with pytest.raises(GoldError, match="stands on an earlier line too"):
        load_statements(path)


@pytest.mark.parametrize(("file", "line"), [("none.txt", 1), ("000_60289b1f0715d09a.txt", 99)])
def test_a_place_that_is_not_there_is_named(encoder: Encoder, file: str, line: int) -> None:
    cites = [{"file": file, "line": line}]
    statement = Statement.model_validate(
        {"id": "a", "part": "report", "text": "Sí.", "language": "es", "cites": cites, "supported": True,
         "kind": "summary"}
    )  # fmt: skip
    with pytest.raises(GoldError, match=file):
        judge(SupportCheck(encoder), [statement], SEEDS)


def test_figures_count_what_they_say() -> None:
    good, bad = load_statements()[0], next(s for s in load_statements() if not s.supported)
    verdicts = [Verdict(True), Verdict(False, "x"), Verdict(False, "x"), Verdict(True)]
    rows = figures([good, good, bad, bad], verdicts)
    assert [(rows[n].part, rows[n].whole) for n in ("good that pass", "precision of marking", "recall of marking")] == [
        (1, 2), (1, 2), (1, 2),
    ]  # fmt: skip
    assert (rows[good.kind].part, rows[bad.kind].whole) == (1, 2)
    assert len(mistakes([good, good, bad, bad], verdicts)) == 2


def test_the_check_holds_its_figures(encoder: Encoder) -> None:
    statements = [s for s in load_statements() if s.part == "report"]
    rows = figures(statements, judge(SupportCheck(encoder), statements, SEEDS))
    floors = {"good that pass": 0.8, "recall of marking": 0.7, "number": 0.85, "date": 0.85, "name": 0.8}
    assert {name: rows[name].part / rows[name].whole >= floor for name, floor in floors.items()} == dict.fromkeys(
        floors, True
    )


def test_thousands_of_multipliers_in_a_row_are_bounded() -> None:
    for text in ("mil " * 20_000, "un millón de millones " * 5_000, "9" * 100_000):
        asserted, held = facts(text)
        assert all(len(key) < 100 for key in held)
        assert len(asserted) <= len(text)
