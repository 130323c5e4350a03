"""What a question asks for, and whether a span has that form."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.reading.answer_form import Fit, fit, lacks
from rag.reading.asked_form import Form, asked_form

CONTAINERS = "Según Seúl, Corea del Norte habría enviado alrededor de 6.700 contenedores a Rusia."


def fits(question: str, sentence: str, span: str) -> Fit:
    """Whether a span of a sentence has the form that a question asks for."""
    start = sentence.index(span)
    return fit(asked_form(question), sentence, start, start + len(span))


@pytest.mark.parametrize(
    ("form", "questions"),
    [
        (Form.NUMBER, ["¿Cuántos contenedores envió?", "cuantos contenedores mando", "How many containers were sent?",
                       "kuantos soldados hay", "Sabes cuantos trabajadores hay en rusia", "What is the population?",
                       "¿Cuál es el número de muertos?", "hola, cuantos paises apoyaron la paz"]),
        (Form.QUANTITY, ["¿Cuánto pesa un proyectil?", "how far is Hanoi", "how tall is it?", "qué tan lejos está"]),
        (Form.MONEY, ["¿Cuánto cuesta FastAPI?", "cuanto pago rusia por los proyectiles", "precio fastapi",
                      "How much did Russia pay for the shells?", "What is the price of a ticket?",
                      "cuantos dolares recibio ucrania", "How much was the loan to Ukraine?"]),
        (Form.PERCENTAGE, ["¿Qué porcentaje está desnutrido?", "what percentage of farmers can't work",
                           "What share of the people is hungry?", "¿Cuánto por ciento?"]),
        (Form.AGE, ["How old is Putin?", "que edad tiene putin", "¿Cuántos años tiene Kim?", "edad de putin",
                    "cuantos anos tiene kim", "At what age did he take power?", "what is the age of Kim"]),
        (Form.DATE, ["¿Cuándo viajó?", "cuando viajo putin a corea", "When did Kim visit Russia?", "kuando fue",
                     "desde cuándo gobierna", "On what date did they meet?",
                     "tell me when they met", "En qué mes fue"]),
        (Form.YEAR, ["¿En qué año invadió Ucrania?", "in which year did he visit", "en q año vino putin"]),
        (Form.TIME, ["¿A qué hora llegó?", "what time did he land?"]),
        (Form.DURATION, ["¿Cuánto tiempo duró?", "how long did the trip last", "cuantos dias estuvo en vladivostok",
                         "How many years had passed?", "cuanto dura el viaje"]),
        (Form.PERSON, ["¿Quién recibió a Putin?", "quien es el portavoz", "Who met Kim?", "a quien visito putin",
                       "Which minister visited Pyongyang?", "who's Adrienne Watson", "¿Qué presidente fue invitado?",
                       "When Putin came, who received him?"]),
        (Form.PLACE, ["¿Dónde se reunieron?", "donde se reunieron kim y putin", "Where did they meet?",
                      "En qué ciudad fue", "Which country did he visit next?", "¿Cuál es la capital de Vietnam?"]),
        (Form.NAME, ["¿Cómo se llama el periódico?", "what is the name of the square", "¿Qué agencia lo dijo?"]),
        (Form.YES_NO, ["Is Kim Jong Un married?", "¿Está casado Kim Jong Un?", "esta casado kim", "did Putin go?",
                       "¿Putin visitó Corea del Norte?", "Can Russia send more or not?", "has russia paid for it",
                       "¿Es la primera visita de Putin?"]),
        (Form.REASON, ["¿Por qué viajó?", "porque viajo putin", "xq viajo putin", "Why did he go?", "para qué fue",
                       "what was the reason for the trip"]),
        (Form.DEFINITION, ["¿Qué es la OTAN?", "what is BRICS", "que es el foro economico"]),
        (Form.OTHER, ["hola", "Summarize the articles", "¿Qué hizo Kim cuando visitó Rusia?", "how did he travel",
                      "¿Visitó Rusia o China?", "", "?", "¿"]),
    ],
)  # fmt: skip
def test_what_a_question_asks_for(form: Form, questions: list[str]) -> None:
    assert {question: asked_form(question).form for question in questions} == dict.fromkeys(questions, form)


def test_the_word_that_is_counted_and_whether_one_answer_is_meant() -> None:
    assert asked_form("¿Cuántos contenedores envió Corea del Norte?").unit == "contenedores"
    assert asked_form("How many containers were sent?").unit == "containers"
    assert asked_form("¿Quién es el presidente de Rusia?").single
    assert asked_form("What is the capital of Vietnam?").single
    assert not asked_form("Who visited Pyongyang?").single
    assert not asked_form("¿Dónde se reunieron?").single


@pytest.mark.parametrize(
    ("question", "sentence", "span", "expected"),
    [
        ("¿Cuántos contenedores?", CONTAINERS, "6.700", Fit.YES),
        ("¿Cuántos contenedores?", CONTAINERS, "contenedores", Fit.UNKNOWN),  # the number stands beside it
        ("¿Cuántos contenedores?", CONTAINERS, "Corea del Norte", Fit.NO),
        ("How many shells?", "Suministró casi cinco millones de proyectiles.", "casi cinco millones", Fit.YES),
        ("How many countries?", "Fue a Dinamarca, Islandia y Noruega.", "Dinamarca, Islandia y Noruega", Fit.UNKNOWN),
        ("How many trips?", "El Kremlin confirmó la visita.", "El Kremlin", Fit.NO),
        ("How much did Russia pay for the shells?", CONTAINERS, "6.700 contenedores", Fit.NO),
        ("How much did Russia pay for the shells?", CONTAINERS, "Rusia", Fit.NO),
        ("How much was the loan?", "Un préstamo de $50 mil millones a Ucrania.", "$50 mil millones", Fit.YES),
        ("¿Cuánto cuesta?", "El programa es gratis.", "gratis", Fit.YES),
        ("¿Cuánto cuesta?", "Cuesta 20.", "20", Fit.UNKNOWN),
        ("How old is Putin?", "Es su primera visita al país en 24 años.", "24 años", Fit.NO),
        ("How old is Putin?", "Putin, de 71 años, viajó a Hanoi.", "71 años", Fit.YES),
        ("How old is Putin?", "El presidente ruso viajó a Hanoi.", "El presidente ruso", Fit.NO),
        ("How old is Putin?", CONTAINERS, "6.700 contenedores", Fit.NO),
        ("How old is Putin?", "Putin nació en 1952.", "1952", Fit.YES),
        ("When did he go?", "Viajó el 25 de abril de 2019 a Rusia.", "25 de abril de 2019", Fit.YES),
        ("When did he go?", "Viajó en abril a Rusia.", "abril", Fit.YES),
        ("When did he go?", "Viajó tras la cumbre del G-7 a Rusia.", "la cumbre del G-7", Fit.UNKNOWN),
        ("When did he go?", "El líder norcoreano viajó con su tren blindado a Rusia.", "tren blindado", Fit.NO),
        ("In what year?", "La firma tuvo lugar en 1961.", "1961", Fit.YES),
        ("¿Cuánto tiempo?", "Estuvo dos días en Vladivostok.", "dos días", Fit.YES),
        ("¿Cuánto tiempo?", "Llegó en su tren blindado a la estación.", "tren blindado", Fit.NO),
        ("¿Qué porcentaje?", "Hasta el 30% de los agricultores no trabaja.", "30%", Fit.YES),
        ("¿Qué porcentaje?", "Casi la mitad de la población.", "Casi la mitad", Fit.UNKNOWN),
        ("¿Qué porcentaje?", "El Kremlin confirmó la visita.", "El Kremlin", Fit.NO),
        ("¿Quién llegó?", "Ayer llegó Sergei Shoigu a Pyongyang.", "Sergei Shoigu", Fit.YES),
        ("¿Quién llegó?", "Municiones.", "Municiones", Fit.UNKNOWN),
        ("¿Quién llegó?", "Llegó en junio de 2024 por la tarde.", "junio de 2024", Fit.NO),
        ("¿Quién llegó?", "ayer llegó el secretario a la capital", "el secretario", Fit.UNKNOWN),
        ("¿Quién llegó?", "Dicen que con ello llegó la tecnología nuclear.", "la tecnología nuclear", Fit.NO),
        ("¿Dónde fue?", "La cumbre fue en Vladivostok.", "Vladivostok", Fit.YES),
        ("¿Dónde fue?", "Duró tres días.", "tres días", Fit.NO),
        ("Is Kim Jong Un married?", "Kim posa con Putin.", "Kim", Fit.UNKNOWN),
        ("¿Por qué viajó?", "Viajó porque necesita armas.", "necesita armas", Fit.YES),
        ("¿Por qué viajó?", "Necesita armas.", "Necesita armas", Fit.UNKNOWN),
    ],
)  # fmt: skip
def test_whether_a_span_fits(question: str, sentence: str, span: str, expected: Fit) -> None:
    assert fits(question, sentence, span) is expected


@pytest.mark.parametrize("start_end", [(0, 0), (5, 2), (-3, 0), (90, 99), (-5, 500)])
def test_impossible_spans_are_not_judged_or_cut(start_end: tuple[int, int]) -> None:
    assert fit(asked_form("¿Cuántos?"), "Seis.", *start_end) in (Fit.UNKNOWN, Fit.YES, Fit.NO)


@pytest.mark.parametrize("text", ["9" * 40, "mil " * 30_000, "¿" * 100_000, "cuantos " * 20_000, "A" * 100_000,
                                  "1.000." * 20_000, "\x00\ud800", "años, " * 20_000,
                                  "how many " * 20_000])  # fmt: skip
@pytest.mark.parametrize("question", ["¿Cuántos?", "How old?", "who?", "when?", "how much does it cost?", "qué %?"])
def test_hostile_text_is_bounded(question: str, text: str) -> None:
    assert asked_form(text).form in Form
    assert fit(asked_form(question), text, 0, len(text)) in Fit


@settings(max_examples=150)
@given(st.text(max_size=80), st.text(max_size=80), st.integers(-2, 90), st.integers(-2, 90))
def test_no_text_raises(question: str, sentence: str, start: int, end: int) -> None:
    assert fit(asked_form(question), sentence, start, end) in Fit


@pytest.mark.parametrize(
    ("question", "sentence", "lacking"),
    [
        ("how old is Putin?", "El presidente ruso, Vladimir Putin, visitó Corea del Norte por segunda vez.", True),
        ("how old is Putin?", "Es su primera visita en 24 años.", True),
        ("how old is Putin?", "Putin, de 71 años de edad, visitó Corea del Norte.", False),
        ("how much did Russia pay?", "Corea del Norte envió 6.700 contenedores.", True),
        ("how much did Russia pay?", "Rusia pagó 300 millones de dólares.", False),
        ("¿Cuándo viajó Putin?", "Putin viajó a Pyongyang en junio de 2024.", False),
        ("¿Cuándo viajó Putin?", "Putin viajó a Pyongyang con 40 personas.", True),
        ("¿Cuántos contenedores?", "Corea del Norte envió 6.700 contenedores.", False),
        ("¿Quién es la esposa de Putin?", "Llovía.", False),  # whether a sentence names a person can't be told surely
        ("¿Cuántos contenedores?", "9" * 5000, True),
    ],
)
def test_a_sentence_without_what_is_asked_for(question: str, sentence: str, lacking: bool) -> None:
    assert lacks(asked_form(question), sentence) is lacking
