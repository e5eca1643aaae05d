"""A token issuer for the local stack only: signs access tokens (RFC 9068) for anybody who knows the local secret.

Run as `python -m deploy.local.issuer KEY_FILE PORT SECRET [ADDRESS HOST]`. Never part of a deployment: there it is the organisation's own
identity provider that issues the tokens.
"""

import os
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl
from uuid import NAMESPACE_URL, UUID, uuid4, uuid5

import uvicorn
from fastapi import FastAPI, HTTPException, Request
from joserfc import jwt
from joserfc.jwk import ECKey

AUDIENCE = "care-connect"
LIFETIME = 12 * 3600


class Issuer:
    """The signing key and the name that tokens carry."""

    def __init__(self, key: ECKey, address: str) -> None:
        self.key, self.address = key, address

    @classmethod
    def at(cls, key_file: Path, address: str) -> "Issuer":
        """The key is made once and kept, so that tokens outlive a restart."""
        if not key_file.exists():
            made = ECKey.generate_key("P-256", {"use": "sig", "alg": "ES256"}, auto_kid=True)
            draft = key_file.with_suffix(f".{os.getpid()}")
            draft.write_bytes(made.as_pem(private=True))
            draft.chmod(0o600)
            draft.replace(key_file)
        key = ECKey.import_key(key_file.read_bytes(), {"use": "sig", "alg": "ES256"})
        key.ensure_kid()
        return cls(key, address)

    def mint(self, role: str, subject: UUID, lifetime: int = LIFETIME, **claims: Any) -> str:
        now = int(time.time())
        payload = {"iss": self.address, "aud": AUDIENCE, "sub": str(subject), "role": role, "iat": now, "exp": now + lifetime}
        header = {"alg": "ES256", "typ": "at+jwt", "kid": self.key.kid}
        return jwt.encode(header, payload | {"jti": str(uuid4())} | claims, self.key)

    def bearer(self, role: str, subject: UUID) -> dict[str, str]:
        return {"authorization": f"Bearer {self.mint(role, subject)}"}

    def keys(self) -> dict[str, Any]:
        return {"keys": [self.key.as_dict(private=False) | {"kid": self.key.kid}]}


def service_id(name: str) -> UUID:
    return uuid5(NAMESPACE_URL, f"urn:care-connect:service:{name}")


def create_app(issuer: Issuer, secret: str) -> FastAPI:
    app = FastAPI(title="Care Connect: local token issuer")

    @app.get("/jwks.json")
    async def jwks() -> dict[str, Any]:
        return issuer.keys()

    @app.post("/token")
    async def token(request: Request) -> dict[str, Any]:
        """Client credentials; `role` and `subject` play anybody: it is a local stack."""
        form = dict(parse_qsl((await request.body()).decode()))
        if form.get("client_secret") != secret or form.get("grant_type") != "client_credentials":
            raise HTTPException(401, "invalid_client")
        subject = UUID(form["subject"]) if "subject" in form else service_id(form["client_id"])
        minted = issuer.mint(form.get("role", "service"), subject)
        return {"access_token": minted, "token_type": "Bearer", "expires_in": LIFETIME}

    @app.get("/livez")
    async def livez() -> dict[str, str]:
        return {"status": "alive"}

    return app


def main() -> None:
    key_file, port, secret, *more = sys.argv[1:]
    address, host = more or (f"http://127.0.0.1:{port}", "127.0.0.1")
    issuer = Issuer.at(Path(key_file), address)
    uvicorn.run(create_app(issuer, secret), host=host, port=int(port), log_level="warning", access_log=False)


if __name__ == "__main__":
    main()
