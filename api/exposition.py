"""`/metrics`: what the service counts, and how its queue, model and index are, in Prometheus' text format.

The library is imported when somebody first reads them: a server that nobody watches does without.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from api.metrics import Histogram, Metrics
from api.service import Service
from rag.errors import RenglonError

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def text(service: Service) -> bytes:
    """Everything that is counted, in Prometheus' text format."""
    from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest

    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    registry.register(_Collector(service))
    written: bytes = generate_latest(registry)
    return written


class _Collector:
    """Asked by the library for what there is."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def collect(self) -> Iterator[Any]:
        """All families of figures."""
        yield from _counted(self._service.metrics)
        yield _gauge("ready", "1 when questions are answered.", float(self._service.state == "ready"))
        if self._service.opened is not None:
            yield from _of_queue(self._service)
            with suppress(RenglonError):  # a damaged catalogue shows on /readyz
                yield from _of_index(self._service)


def _counted(metrics: Metrics) -> Iterator[Any]:
    yield _counters("requests", "Requests.", ("route", "method", "status"), metrics.requests)
    yield _histograms("request_seconds", "From a request to the end of its answer.", "route", metrics.seconds)
    yield _counters("answers", "Answers.", ("status", "mode", "language"), metrics.answers)
    yield _histograms("stage_seconds", "Stages of answers.", "stage", metrics.stages)


def _of_queue(service: Service) -> Iterator[Any]:
    assert service.opened is not None
    pool, turns = service.opened.pool, service.opened.turns
    yield _gauge("questions_waiting", "Questions that wait for a thread.", pool.waiting)
    yield _gauge("questions_running", "Questions that are worked on.", pool.running)
    yield _counters("refusals", "Questions refused because too many waited.", (), {(): pool.refused})
    yield _gauge("model_waiting", "Pieces of work that wait for the model.", turns.waiting)
    used = {(kind,): seconds for kind, seconds in dict(turns.seconds).items()}
    yield _counters("model_seconds", "Time in which the model computed.", ("work",), used)
    sizes = {(str(size),): count for size, count in sorted(dict(turns.batches).items())}
    yield _counters("encoded_batches", "Batches of questions that were encoded together.", ("size",), sizes)


def _of_index(service: Service) -> Iterator[Any]:
    assert service.opened is not None
    store = service.opened.store
    counts = {(name,): count for name, count in store.catalog.counts().items()}
    yield _gauges("index_size", "What the index holds.", "kind", counts)
    yield _gauge("index_generation", "Number of changes of the index.", store.catalog.generation)
    damage = store.views.damage
    sound = {(kind,): float(kind not in damage) for kind in ("dense", "lexical")}
    yield _gauges("projection_sound", "0 while a projection is damaged and being rebuilt.", "kind", sound)


def _counters(name: str, help_: str, labels: tuple[str, ...], values: Any) -> Any:
    from prometheus_client.core import CounterMetricFamily

    family = CounterMetricFamily(f"renglon_{name}", help_, labels=labels)
    for key, value in dict(values).items():
        family.add_metric(key, value)
    return family


def _gauges(name: str, help_: str, label: str, values: Any) -> Any:
    from prometheus_client.core import GaugeMetricFamily

    family = GaugeMetricFamily(f"renglon_{name}", help_, labels=(label,) if label else ())
    for key, value in values.items():
        family.add_metric(key, value)
    return family


def _gauge(name: str, help_: str, value: float) -> Any:
    return _gauges(name, help_, "", {(): value})


def _histograms(name: str, help_: str, label: str, values: dict[str, Histogram]) -> Any:
    from prometheus_client.core import HistogramMetricFamily

    family = HistogramMetricFamily(f"renglon_{name}", help_, labels=(label,))
    for key, histogram in dict(values).items():
        family.add_metric((key,), histogram.buckets(), histogram.sum)
    return family
