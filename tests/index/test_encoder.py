from __future__ import annotations

import threading

import numpy as np

from index.model.encoder import Encoder


def test_order_is_kept_whatever_the_lengths(encoder: Encoder) -> None:
    texts = ["a " * n for n in (50, 1, 30, 2, 80, 3)] * 7
    together = encoder.encode_passages(texts)
    assert together.shape == (42, encoder.dimension)
    alone = np.stack([encoder.encode_passages([text])[0] for text in texts[:6]])
    assert (np.sum(together[:6] * alone, axis=1) > 0.999).all()


def test_progress_counts_every_text(encoder: Encoder) -> None:
    seen: list[int] = []
    encoder.encode_passages(["hola"] * 300, seen.append)
    assert sum(seen) == 300
    assert encoder.encode_passages([]).shape == (0, encoder.dimension)


def test_questions_and_passages_have_prompts_of_their_own(encoder: Encoder) -> None:
    assert float(encoder.encode_query("hola") @ encoder.encode_passages(["hola"])[0]) < 0.999


def test_many_threads_get_the_same_vector(encoder: Encoder) -> None:
    expected = encoder.encode_query("¿Quién lo dijo?")
    found: list[np.ndarray] = []
    threads = [threading.Thread(target=lambda: found.append(encoder.encode_query("¿Quién lo dijo?"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert all(np.allclose(vector, expected, atol=1e-5) for vector in found)
