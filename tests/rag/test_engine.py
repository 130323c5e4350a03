from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from llama_index.core.base.base_query_engine import BaseQueryEngine
from llama_index.core.llms import MockLLM
from llama_index.core.query_engine import RetrieverQueryEngine
from llama_index.core.response_synthesizers import ResponseMode, get_response_synthesizer
from llama_index.core.retrievers import BaseRetriever
from llama_index.core.schema import NodeWithScore, QueryBundle, TextNode

from index.corpus.documents import SourceText
from index.ingest.sync import Syncer
from index.model.encoder import Encoder
from index.renglon import build_engine, indexed
from index.retriever import HybridRetriever
from index.store import Store
from rag.engine import Engine
from rag.errors import InvalidQuestion
from rag.events import CitationAdded, TextAdded
from rag.evidence.confidence import load_calibration
from rag.settings import Settings
from rag.types import Answer
from tests.support.paths import SEEDS


def places(answer: Answer) -> list[str]:
    return [f"{c.file}:{c.line_start}" for c in answer.citations]


def check(answer: Answer) -> None:
    """What every answer promises, checked against the files themselves."""
    for citation in answer.citations:
        source = SourceText((SEEDS / citation.file).read_bytes().decode())
        assert source.text[citation.char_start : citation.char_end] == citation.quote
        assert source.line_of(citation.char_start) == citation.line_start
        assert source.line_of(citation.char_end - 1) == citation.line_end
        assert citation.verified
        assert answer.text[citation.answer_start : citation.answer_end] == " ".join(citation.quote.split())
        assert answer.text[citation.answer_end :].startswith(" [")
        assert citation.marker in answer.text[citation.answer_end :]
    assert [c.n for c in answer.citations] == list(range(1, len(answer.citations) + 1))
    assert answer.invalid_citations == 0


def test_containers(engine: Engine) -> None:
    answer = engine.answer("¿Cuántos contenedores envió Corea del Norte a Rusia?")
    check(answer)
    assert answer.status == "answered"
    assert "6.700" in answer.text
    assert {"000_60289b1f0715d09a.txt:23", "001_b66ed88974733697.txt:8"} & set(places(answer))
    assert any(hit.cited for hit in answer.passages)


def test_an_english_question_finds_the_spanish_line(engine: Engine) -> None:
    answer = engine.answer("What gift did Putin give Kim?")
    check(answer)
    assert places(answer)[0] == "004_6b36a17d40a337a5.txt:11"
    assert answer.language == "en"


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("¿Cómo se prepara una paella valenciana?", "Los artículos no lo dicen."),
        ("How do I change a bicycle tyre?", "The articles don't say."),
    ],
)
def test_no_evidence_in_the_questions_language(engine: Engine, question: str, text: str) -> None:
    answer = engine.answer(question)
    assert (answer.status, answer.text, answer.citations) == ("no_evidence", text, [])
    assert answer.passages
    assert not any(hit.cited for hit in answer.passages)


def test_stream_is_the_answer_in_steps(engine: Engine) -> None:
    events = list(engine.stream("¿Quién es Matthew Miller?"))
    kinds = [event.kind for event in events]
    assert kinds[0] == "passages"
    assert kinds[-1] == "answer"
    answer = events[-1].answer
    check(answer)
    assert "".join(event.text for event in events if isinstance(event, TextAdded)) == answer.text
    assert [event.citation for event in events if isinstance(event, CitationAdded)] == answer.citations
    assert list(engine.stream("¿Cómo se prepara una paella?"))[-1].kind == "no_evidence"


def test_the_same_question_has_the_same_answer(engine: Engine) -> None:
    first, second = (engine.answer("¿Qué dijo John Kirby?") for _ in range(2))
    hidden = {"id", "timings_ms"}
    assert first.model_dump(exclude=hidden) == second.model_dump(exclude=hidden)


def test_invalid_questions_are_refused_before_the_model_is_asked(engine: Engine) -> None:
    with pytest.raises(InvalidQuestion):
        engine.answer("")


def test_search_lists_passages_best_first(engine: Engine) -> None:
    result = engine.search("limusina")
    assert result.passages[0].file == "004_6b36a17d40a337a5.txt"
    scores = [hit.score for hit in result.passages]
    assert scores == sorted(scores, reverse=True)


def test_as_a_llama_index_query_engine(engine: Engine) -> None:
    assert isinstance(engine, BaseQueryEngine)
    response = engine.query("What gift did Putin give Kim?")
    assert response.metadata is not None
    answer = Answer(**response.metadata["answer"])
    assert str(response) == answer.text
    check(answer)


async def _ask(engine: Engine) -> str:
    return str(await engine.aquery("What gift did Putin give Kim?"))


def test_as_an_async_query_engine(engine: Engine) -> None:
    # In a thread of its own: the browser tests leave an event loop running in this one.
    with ThreadPoolExecutor(1) as pool:
        assert "limusina" in pool.submit(lambda: asyncio.run(_ask(engine))).result()


def test_the_retriever_serves_a_llama_index_engine(seeds_store: Store, encoder: Encoder) -> None:
    retriever = HybridRetriever(seeds_store, encoder, 4)
    assert isinstance(retriever, BaseRetriever)
    nodes = retriever.retrieve("¿Qué le regaló Putin a Kim?")
    assert len(nodes) == 4
    assert "limusina" in nodes[0].node.get_content()
    synthesizer = get_response_synthesizer(llm=MockLLM(), response_mode=ResponseMode.COMPACT)
    response = RetrieverQueryEngine(retriever, synthesizer).query("¿Qué le regaló Putin a Kim?")
    assert "limusina" in response.source_nodes[0].node.get_content()


class Foreign(BaseRetriever):
    """A retriever that knows nothing of sentences, as any of LlamaIndex's integrations."""

    def __init__(self, store: Store) -> None:
        self.store = store
        super().__init__()

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        row = self.store.catalog.passages(sorted(self.store.catalog.pks()))[0]
        meta = {"document_id": row.document_id, "file": row.file, "file_sha256": row.sha256, "cosine": 0.95}
        meta |= {"line_start": row.line_start, "line_end": row.line_end}
        node = TextNode(text=row.text, metadata=meta, start_char_idx=row.char_start, end_char_idx=row.char_end)
        return [NodeWithScore(node=node, score=1.0)]


def test_a_foreign_retriever_is_cited_passage_by_passage(seeds_store: Store, encoder: Encoder) -> None:
    engine = Engine(
        retriever=Foreign(seeds_store), encoder=encoder, index=indexed(seeds_store), calibration=load_calibration()
    )
    answer = engine.answer("¿A dónde viaja Putin en una visita poco frecuente?")
    assert answer.status == "answered"
    check(answer)


def test_what_was_deleted_is_never_cited(store: Store, syncer: Syncer, corpus: Path, encoder: Encoder) -> None:
    syncer.sync(corpus)
    engine = build_engine(store, encoder, Settings())
    assert places(engine.answer("¿Quién diseñó el puente de Triana?"))[0].startswith("uno.txt")
    # The moment between the catalogue's transaction and the projections: both still hold the passages.
    store.catalog.remove([row.id for row in store.catalog.documents() if row.file == "uno.txt"])
    answer = engine.answer("¿Quién diseñó el puente de Triana?")
    assert not [c for c in answer.citations if c.file == "uno.txt"]
    assert not [hit for hit in answer.passages if hit.file == "uno.txt"]
