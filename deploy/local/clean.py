"""Removes all that the local stack fetched, made and wrote: `python -m deploy.local.clean`, in any Python."""

import shutil

from deploy.local.paths import home, server_home


def clean() -> None:
    """Removes our folders by name: the one that `CARE_CONNECT_LOCAL` names may hold other things as well."""
    for place in {home(), server_home()}:
        for name in ("artefacts", "ports", "programs", "runs", "templates"):
            shutil.rmtree(place / name, ignore_errors=True)
        for name in (".fetched", ".runs.lock"):
            (place / name).unlink(missing_ok=True)
        if not any(place.iterdir()):
            place.rmdir()


if __name__ == "__main__":
    clean()
