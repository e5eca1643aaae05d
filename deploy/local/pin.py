"""Pins Maven artefacts with all they need: `python -m deploy.local.pin NAME GROUP:ARTIFACT:VERSION…`.

For developers. Writes `pins/NAME.txt` from what the resolver fetches now: look at the difference before a commit.
"""

import hashlib
import sys
import tempfile
from pathlib import Path

from jgo.maven import MavenContext


def main(name: str, coordinates: list[str]) -> None:
    """Resolves `coordinates` and writes every artefact's coordinate, size and SHA-256."""
    with tempfile.TemporaryDirectory() as folder:
        context = MavenContext(repo_cache=Path(folder), timeout=60)
        wanted = [context.create_dependency(coordinate) for coordinate in coordinates]
        named, needed = context.resolver.resolve(wanted)
        lines = set()
        for item in [*named, *(item for item in needed if item.scope in ("compile", "runtime"))]:
            content = item.artifact.resolve().read_bytes()
            coordinate = f"{item.groupId}:{item.artifactId}:{item.version}"
            lines.add(f"{coordinate} {len(content)} {hashlib.sha256(content).hexdigest()}\n")
    Path(__file__).with_name("pins").joinpath(f"{name}.txt").write_text("".join(sorted(lines)))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
