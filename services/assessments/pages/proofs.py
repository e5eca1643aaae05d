"""What a form's pages prove by the key of the links: that we showed the form, and that this browser gave the first answer. Pure."""

import hmac
from uuid import UUID

FORM, BROWSER = b"form", b"answers"


def form_proof(key: str, assignment_id: UUID) -> str:
    """Stands in every form of this link: whoever posts one has seen its page."""
    return _proof(key, FORM, assignment_id)


def browser_proof(key: str, assignment_id: UUID) -> str:
    """The value of the cookie of the browser that may see the answers."""
    return _proof(key, BROWSER, assignment_id)


def holds(proof: str, sent: str) -> bool:
    return hmac.compare_digest(proof.encode(), sent.encode())


def _proof(key: str, what: bytes, assignment_id: UUID) -> str:
    return hmac.new(key.encode(), b"care-connect assessments: " + what + assignment_id.bytes, "sha256").hexdigest()
