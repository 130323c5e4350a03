"""`make hashes`: requirements.txt and requirements-dev.txt, the pins of constraints.txt with the hashes of their files.

pip itself says them (`install --dry-run --report`), without downloading what it would install: for the machine that
this runs on, and for the other Pythons and processors on which Renglón may be installed. Only pins without hashes are
asked for: run it after a pin has changed, a test compares the three files. To ask for all, delete the two first.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent
RUN, DEV = ROOT / "requirements.txt", ROOT / "requirements-dev.txt"
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
MACHINES = ("x86_64", "aarch64")
# Kinds of Linux, oldest first, for which packages are built.
LINUX = ("manylinux1", "manylinux_2_5", "manylinux2014", "manylinux_2_17", "manylinux_2_28", "manylinux_2_34")
BUILD = "setuptools"  # builds Renglón itself, without an environment of its own
# Installed by version. With hashes pip prefers the build for graphics cards, several gigabytes, to a smaller one
# that the machine is set up to install; and which builds there are differs from machine to machine.
WITHOUT = {"torch"}
Hashes = dict[str, set[str]]


def name_of(requirement: str) -> str:
    """A package's name in one spelling."""
    return re.sub(r"[-_.]+", "-", re.split(r"[\s\[=<>!~;(]", requirement)[0]).lower()


def pins(path: Path) -> dict[str, str]:
    """The versions of a file by name."""
    lines = [line for line in path.read_text().splitlines() if re.match(r"[\w.-]+==", line)] if path.exists() else []
    return {name_of(line): line.split("==")[1].split()[0] for line in lines}


def known(path: Path) -> dict[tuple[str, str], set[str]]:
    """The hashes of a file by name and version."""
    blocks = re.split(r"^(?=[\w.-]+==)", path.read_text(), flags=re.M)[1:] if path.exists() else []
    return {
        (name_of(block), block.split("==")[1].split()[0]): set(re.findall(r"sha256:(\w{64})", block))
        for block in blocks
    }


def asked(pinned: Mapping[str, str], *options: str, own: bool = True) -> tuple[Hashes, set[str]]:
    """What pip would install: hashes by name, and the names of packages that are built for one kind of machine.

    `own`: with the user's configuration, which may name files of this machine. Packages without a file are left out.
    """
    left, environment, found = dict(pinned), dict(os.environ), list[dict[str, str]]()
    if not own:
        environment |= {"PIP_CONFIG_FILE": os.devnull, "PIP_FIND_LINKS": "", "PIP_EXTRA_INDEX_URL": ""}
    with tempfile.TemporaryDirectory() as folder:
        wanted, report = Path(folder, "wanted.txt"), Path(folder, "report.json")
        while left:
            wanted.write_text("\n".join(f"{name}=={version}" for name, version in left.items()))
            command = [
                sys.executable,
                "-m",
                "pip",
                "install",
                "--dry-run",
                "--ignore-installed",
                "--no-deps",
                "--quiet",
            ]
            done = subprocess.run(
                [*command, "--report", report, "-r", wanted, *options], env=environment, capture_output=True, text=True
            )
            if done.returncode == 0:
                found = json.loads(report.read_text())["install"]
                break
            missing = re.search(r"No matching distribution found for ([\w.-]+)", done.stderr)
            if missing is None or name_of(missing[1]) not in left:
                raise SystemExit(done.stderr)
            print(f"no file of {missing[1]} for {' '.join(options)}")
            del left[name_of(missing[1])]
    hashes, particular = Hashes(), set[str]()
    for item in found:
        name, file = name_of(item["metadata"]["name"]), item["download_info"]
        hashes[name] = {file["archive_info"]["hashes"]["sha256"]}
        if not file["url"].endswith("-none-any.whl"):
            particular.add(name)
    return hashes, particular


def everywhere(pinned: Mapping[str, str]) -> Hashes:
    """The hashes of the files of some packages, for this machine and for the others."""
    hashes, particular = asked(pinned)
    others = {name: pinned[name] for name in particular}
    for python in PYTHONS:
        for machine in MACHINES:
            platforms = [option for kind in LINUX for option in ("--platform", f"{kind}_{machine}")]
            options = (
                "--only-binary=:all:",
                "--target",
                "unused",
                "--implementation",
                "cp",
                "--python-version",
                python,
            )
            for name, more in asked(others, *options, *platforms, own=False)[0].items():
                hashes[name] = hashes.get(name, set()) | more
    return hashes


def needed() -> set[str]:
    """What Renglón needs to run, by the packages that are installed here."""
    found, waiting = {BUILD}, ["renglon"]
    while waiting:
        try:
            required = requires(waiting.pop()) or []
        except PackageNotFoundError:
            continue
        for one in map(Requirement, required):
            name = name_of(one.name)
            if (one.marker is None or one.marker.evaluate({"extra": ""})) and name not in found:
                found.add(name)
                waiting += [name]
    return found


def written(pinned: Mapping[str, str], hashes: Mapping[str, set[str]], names: Iterable[str]) -> str:
    """The pins of some packages with their hashes, as pip reads them."""
    lines = ["# Made from constraints.txt with: make hashes"]
    for name in sorted(names):
        lines.append(f"{name}=={pinned[name]} \\")
        lines += [f"    --hash=sha256:{one} \\" for one in sorted(hashes[name])]
        lines[-1] = lines[-1].removesuffix(" \\")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Ask for what has no hashes yet, and write."""
    pinned, before = pins(ROOT / "constraints.txt"), {**known(RUN), **known(DEV)}
    pinned = {name: version for name, version in pinned.items() if name not in WITHOUT}
    hashes = {name: before[name, version] for name, version in pinned.items() if (name, version) in before}
    hashes |= everywhere({name: version for name, version in pinned.items() if name not in hashes})
    if lost := set(pinned) - set(hashes):
        raise SystemExit(f"no file of {', '.join(sorted(lost))}")
    run = needed() & set(pinned)
    RUN.write_text(written(pinned, hashes, run))
    DEV.write_text(written(pinned, hashes, set(pinned) - run))


if __name__ == "__main__":
    main()
