"""A health plan's backend that knows nothing of this project but what it publishes: SMART's discovery, the CapabilityStatement, the OpenAPI
file, and the manifests. It keeps what it was given in a folder, one file a resource, and stays in step with what it is told.

    python plan_client.py export    FHIR_BASE CLIENT_ID JWKS_FILE FOLDER     everything, into an empty folder
    python plan_client.py follow    FHIR_BASE CLIENT_ID JWKS_FILE FOLDER     the same manifest again: what is gone since
    python plan_client.py increment FHIR_BASE CLIENT_ID JWKS_FILE FOLDER     what changed since the last export

It prints what it did as one JSON object.
"""

import argparse
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
from joserfc import jwt
from joserfc.jwk import KeySet

JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
PATIENCE = 60
"""Seconds that a server may take its time."""


@dataclass
class Server:
    """SMART Backend Services: https://hl7.org/fhir/smart-app-launch/backend-services.html."""

    base: str
    client: str
    keys: KeySet
    http: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=30))
    token: str = ""
    good_until: float = 0.0

    def authorize(self) -> None:
        found = self.http.get(f"{self.base}/.well-known/smart-configuration").raise_for_status().json()
        assert "private_key_jwt" in found["token_endpoint_auth_methods_supported"]
        key = next(key for key in self.keys if key.alg in found["token_endpoint_auth_signing_alg_values_supported"])
        header = {"alg": str(key.alg), "kid": str(key.kid), "typ": "JWT"}
        claims = {
            "iss": self.client,
            "sub": self.client,
            "aud": found["token_endpoint"],
            "jti": str(uuid4()),
            "exp": int(time.time()) + 240,
        }
        form = {"grant_type": "client_credentials", "scope": "system/*.rs", "client_assertion_type": JWT_BEARER}
        form["client_assertion"] = jwt.encode(header, claims, key, algorithms=[str(key.alg)])
        granted = self.http.post(found["token_endpoint"], data=form).raise_for_status().json()
        self.token, self.good_until = granted["access_token"], time.monotonic() + granted["expires_in"] - 30

    def get(self, url: str, accept: str = "application/json", **headers: str) -> httpx.Response:
        """Waits as long as it is told to, and answers whatever comes then."""
        deadline = time.monotonic() + PATIENCE
        while True:
            if time.monotonic() > self.good_until:
                self.authorize()
            answer = self.http.get(url, headers={"authorization": f"Bearer {self.token}", "accept": accept, **headers})
            if answer.status_code not in (429, 503) or time.monotonic() > deadline:
                return answer
            time.sleep(float(answer.headers.get("retry-after", 1)))

    def can_export(self) -> None:
        statement = self.http.get(f"{self.base}/metadata", headers={"accept": "application/fhir+json"}).raise_for_status().json()
        assert statement["fhirVersion"].startswith("4.0")
        assert any(operation["name"] == "export" for operation in statement["rest"][0]["operation"])
        root = statement["implementation"]["url"].removesuffix("/fhir")
        assert "/fhir/$export" in self.http.get(f"{root}/openapi.json").raise_for_status().json()["paths"]

    def export(self, since: str | None = None) -> str:
        """Where to ask for it."""
        query = f"?{httpx.QueryParams({'_since': since})}" if since else ""
        answer = self.get(f"{self.base}/$export{query}", "application/fhir+json", prefer="respond-async")
        assert answer.status_code == 202, answer.text
        return answer.headers["content-location"]

    def manifest(self, url: str) -> dict[str, Any]:
        deadline = time.monotonic() + PATIENCE
        while (answer := self.get(url)).status_code == 202 and time.monotonic() < deadline:
            time.sleep(float(answer.headers.get("retry-after", 1)))
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def lines(self, url: str) -> Iterator[dict[str, Any]]:
        answer = self.get(url, "application/fhir+ndjson")
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"] == "application/fhir+ndjson"
        for line in answer.text.splitlines():
            yield json.loads(line)


@dataclass
class Store:
    """One file a resource, and where the last export stands."""

    folder: Path

    def keep(self, resource: dict[str, Any]) -> str:
        path = self.folder / resource["resourceType"] / f"{resource['id']}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(resource))
        return f"{resource['resourceType']}/{resource['id']}"

    def drop(self, bundle: dict[str, Any]) -> int:
        """A Bundle of the manifest's `deleted`. How many of its resources were here."""
        requests = [entry["request"] for entry in bundle["entry"]]
        assert bundle["type"] == "transaction"
        assert {request["method"] for request in requests} == {"DELETE"}
        paths = [self.folder / f"{request['url']}.json" for request in requests]
        held = [path for path in paths if path.exists()]
        for path in held:
            path.unlink()
        return len(held)

    def took(self, status_url: str, manifest: dict[str, Any]) -> None:
        taken = {"status_url": status_url, "since": manifest["transactionTime"], "parts": [part["url"] for part in manifest["output"]]}
        (self.folder / "taken.json").write_text(json.dumps(taken))

    def taken(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.folder / "taken.json").read_text())
        return found


def take(server: Server, store: Store, manifest: dict[str, Any], known: list[str]) -> dict[str, Any]:
    """First what is gone, then what is there: a resource that came back is in both. Parts that are known already are not read again."""
    assert not manifest["error"], manifest["error"]
    gone = sum(store.drop(bundle) for part in manifest.get("deleted", []) for bundle in server.lines(part["url"]))
    kept = [store.keep(resource) for part in manifest["output"] if part["url"] not in known for resource in server.lines(part["url"])]
    return {"kept": len(kept), "dropped": gone, "parts": len(manifest["output"])}


def export(server: Server, store: Store) -> dict[str, Any]:
    server.can_export()
    status_url = server.export()
    manifest = server.manifest(status_url)
    done = take(server, store, manifest, [])
    store.took(status_url, manifest)
    return done


def follow(server: Server, store: Store) -> dict[str, Any]:
    """Addresses that the manifest has no more are gone, and say so."""
    taken = store.taken()
    manifest = server.manifest(taken["status_url"])
    old = [url for url in taken["parts"] if url not in {part["url"] for part in manifest["output"]}]
    answers = [server.get(url, "application/fhir+ndjson") for url in old]
    done = take(server, store, manifest, taken["parts"])
    store.took(taken["status_url"], manifest)
    return done | {"gone": [[answer.status_code, answer.json()["issue"][0]["code"]] for answer in answers]}


def increment(server: Server, store: Store) -> dict[str, Any]:
    status_url = server.export(store.taken()["since"])
    manifest = server.manifest(status_url)
    done = take(server, store, manifest, [])
    store.took(status_url, manifest)
    return done


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["export", "follow", "increment"])
    parser.add_argument("base")
    parser.add_argument("client")
    parser.add_argument("jwks", type=Path)
    parser.add_argument("folder", type=Path)
    said = parser.parse_args()
    server = Server(said.base.rstrip("/"), said.client, KeySet.import_key_set(json.loads(said.jwks.read_text())))
    steps = {"export": export, "follow": follow, "increment": increment}
    print(json.dumps(steps[said.what](server, Store(said.folder))))


if __name__ == "__main__":
    main()
