import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent.mail.authentication import is_authenticated

SENDER, OURS = "maria@example.com", "mx.care.example"

VOUCHED = [
    "mx.care.example; dmarc=pass header.from=example.com",
    "MX.Care.Example 1; dmarc=pass (p=reject dis=none) header.from=Example.COM",
    "mx.care.example;\r\n\tspf=fail smtp.mailfrom=bounce.other.net;\r\n\tdkim=pass (2048-bit key; unprotected) header.d=example.com",
    "mx.care.example; dkim=pass header.d=mail.example.com header.s=k1",
    "mx.care.example; dkim=fail header.d=example.com; dkim=pass header.d=example.com",
    "mx.care.example; dkim=fail header.d=list.net; dkim=pass header.d=example.com; spf=none",
    "mx.care.example; spf=pass smtp.mailfrom=maria@example.com",
    "mx.care.example; spf=pass smtp.mailfrom=bounces.example.com.",
    'mx.care.example; dkim=pass reason="good; \\"really\\" (sure)" header.d=example.com',
    '"mx.care.example" (our (nested) gateway); dkim/1 = pass header.d = "example.com";',
]
NOT_VOUCHED = [
    "",
    ";",
    "mx.care.example",
    "mx.care.example; none",
    "mx.other.example; dmarc=pass header.from=example.com",
    "mx.care.example.evil.net; dmarc=pass header.from=example.com",
    "evil.net mx.care.example; dmarc=pass header.from=example.com",
    "mx.care.example one; dmarc=pass header.from=example.com",
    "(mx.care.example); dmarc=pass header.from=example.com",
    "mx.care.example; dmarc=pass header.from=evil.net",
    "mx.care.example; dmarc=fail header.from=example.com",
    "mx.care.example; dmarc=pass",
    "mx.care.example; dmarc=fail header.from=example.com; dkim=pass header.d=mail.example.com",
    "mx.care.example; dmarc=none (dmarc=pass header.from=example.com)",
    'mx.care.example; dkim=none reason="; dmarc=pass header.from=example.com"',
    "mx.care.example; dmarc=pass header.from=example.com header.from=evil.net",
    "mx.care.example; dkim=pass header.d=evil.net; spf=pass smtp.mailfrom=evil.net",
    "mx.care.example; dkim=pass header.d=com",
    "mx.care.example; dkim=pass header.d=notexample.com",
    "mx.care.example; dkim=pass header.d=example.com.evil.net",
    "mx.care.example; dkim=pass header.i=@example.com",
    "mx.care.example; spf=softfail smtp.mailfrom=example.com",
    "mx.care.example; spf=pass smtp.helo=example.com",
    "mx.care.example; iprev=pass policy.iprev=example.com",
    "mx.care.example; dmarc=pass header.from=example.com (p=none",
    'mx.care.example; dmarc=pass header.from="example.com',
    "mx.care.example; dmarc==pass header.from=example.com",
    "mx.care.example; garbage; dmarc=pass header.from=example.com",
    "mx.care.example dmarc=pass header.from=example.com",
]


@pytest.mark.parametrize("header", VOUCHED)
def test_C4_our_gateways_word_for_the_from_domain_authenticates(header: str) -> None:
    assert is_authenticated([header], SENDER, OURS)


@pytest.mark.parametrize("header", NOT_VOUCHED)
def test_C4_whatever_else_a_header_says_authenticates_nobody(header: str) -> None:
    assert not is_authenticated([header], SENDER, OURS)


def test_C4_only_the_topmost_header_counts_for_the_sender_may_have_written_the_others() -> None:
    good, bad = VOUCHED[0], "mx.care.example; dmarc=fail header.from=example.com"
    assert is_authenticated([good, bad], SENDER, OURS)
    assert not is_authenticated([bad, good], SENDER, OURS)
    assert not is_authenticated(["mx.other.example; none", good], SENDER, OURS)
    assert not is_authenticated([], SENDER, OURS)


@pytest.mark.parametrize("sender", ["", "maria", "@", "maria@", "maria@com", "maria@com.", "maria@other.com"])
def test_C4_a_sender_without_a_domain_of_two_labels_or_of_another_domain_is_not_authenticated(sender: str) -> None:
    headers = ["mx.care.example; dkim=pass header.d=example.com; spf=pass smtp.mailfrom=example.com"]
    assert not is_authenticated(headers, sender, OURS)


def test_C4_a_parent_of_the_from_domain_proves_nothing_because_it_may_be_a_public_suffix() -> None:
    assert not is_authenticated(["mx.care.example; dkim=pass header.d=co.uk"], "maria@example.co.uk", OURS)
    assert is_authenticated(["mx.care.example; dkim=pass header.d=example.co.uk"], "maria@example.co.uk", OURS)


@given(st.lists(st.text(alphabet='m;=()"\\ .\n') | st.sampled_from([*VOUCHED, *NOT_VOUCHED]), max_size=3), st.text(max_size=20))
def test_C4_garbage_raises_nothing(headers: list[str], sender: str) -> None:
    assert is_authenticated(headers, sender, OURS) in (True, False)


@given(st.text(alphabet='ab;=()"\\ .\n\t'))
def test_C4_no_text_put_into_a_comment_makes_a_failure_a_pass(text: str) -> None:
    escaped = "".join(f"\\{char}" for char in text)
    assert not is_authenticated(
        [f"{OURS}; dmarc=fail ({escaped}; dmarc=pass header.from=example.com) header.from=example.com"], SENDER, OURS
    )
