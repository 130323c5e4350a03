from __future__ import annotations

import pytest

from index.corpus.globs import Globs


@pytest.mark.parametrize(
    ("glob", "yes", "no"),
    [
        ("*.md", ["a.md", "x/y/a.md"], ["a.txt", "a.md.txt"]),
        ("borradores", ["borradores/a.txt", "x/borradores/y/a.txt"], ["borradores2/a.txt"]),
        ("borradores/", ["borradores/a.txt", "x/borradores/y/a.txt"], ["x/borradores"]),
        ("2024/*.txt", ["2024/a.txt"], ["x/2024/a.txt", "2024/x/a.txt", "2024a.txt"]),
        ("/2024/*.txt", ["2024/a.txt"], ["x/2024/a.txt"]),
        ("**/notas/*", ["notas/a.txt", "x/y/notas/a.txt", "notas/x/a.txt"], ["notas.txt"]),
        ("x/**/a.txt", ["x/a.txt", "x/y/z/a.txt"], ["y/x/a.txt"]),
        ("nota?.txt", ["nota1.txt"], ["nota.txt", "nota12.txt"]),
        ("a[1].txt", ["a[1].txt"], ["a1.txt"]),  # brackets are characters of names, not classes
    ],
)
def test_globs(glob: str, yes: list[str], no: list[str]) -> None:
    assert [path for path in yes if not Globs(include=(glob,)).admits(path)] == []
    assert [path for path in no if Globs(include=(glob,)).admits(path)] == []
    assert [path for path in yes if Globs(exclude=(glob,)).admits(path)] == []


def test_exclude_wins_and_settings_have_commas() -> None:
    globs = Globs.parse(" *.md , 2024/* ,", ["*secreto*"])
    assert globs == Globs(("*.md", "2024/*"), ("*secreto*",))
    assert globs.admits("a.md")
    assert globs.admits("2024/a.txt")
    assert not globs.admits("2024/secreto.txt")
    assert not globs.admits("a.txt")
    assert Globs().admits("anything.txt")
