from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consent.mail.own_words import own_words
from consent.mail.parts import MAX_TEXT
from consent.mail.reading import Automatic, Mail, read_mail
from consent.mail.wording import Wish, wish_of

FIXTURES = Path(__file__).parents[2] / "../shared/data/email/reply_fixtures"
OURS = "mx.care.example"
NOTICE = "You can stop sharing at any time. To opt out, answer this mail with: Please opt me out"


def read(raw: str | bytes, mail_from: str = "maria@example.com") -> Mail:
    return read_mail(raw.encode() if isinstance(raw, str) else raw, mail_from, OURS)


def plain(body: str, *headers: str) -> str:
    return "\r\n".join(["From: Maria <maria@example.com>", *headers, "Content-Type: text/plain; charset=utf-8", "", *body.split("\n")])


def test_C4_a_plain_mail_is_read_whole() -> None:
    mail = read(
        plain(
            "Please opt me out.\n\n-- \nMaria",
            "Message-ID: <1@example.com>",
            "Subject: =?utf-8?q?Petici=C3=B3n?=",
            "Authentication-Results: mx.care.example;\r\n dmarc=pass header.from=example.com",
        )
    )
    text = "Please opt me out.\n\n-- \nMaria"
    assert mail == Mail("<1@example.com>", "maria@example.com", "Petición", text, "Please opt me out.", None, True, 0, True)
    assert wish_of(mail) is Wish.OPT_OUT


@pytest.mark.parametrize(
    ("header", "sender"),
    [
        ("From: Maria Lopez <Maria.Lopez@Example.COM>", "maria.lopez@example.com"),
        ('From: "jim@other.com" <maria@example.com>', "maria@example.com"),
        ("From: =?utf-8?q?Jos=C3=A9?= <jose@example.com>", "jose@example.com"),
        ("from: maria@example.com", "maria@example.com"),
        ("From: maria@example.com, jim@other.com", ""),
        ("From: maria@example.com\r\nFrom: jim@other.com", ""),
        ("From: Family: maria@example.com, jim@other.com;", ""),
        ("From: maria", ""),
        ("From: <>", ""),
        ("From:", ""),
        ("X-From: maria@example.com", ""),
    ],
)
def test_C4_the_sender_is_the_one_from_address_or_nobody(header: str, sender: str) -> None:
    assert read(f"{header}\r\nSubject: x\r\n\r\nHello").sender == sender


@pytest.mark.parametrize(
    ("header", "automatic"),
    [
        ("From: MAILER-DAEMON@mx.example.com", Automatic.BOUNCE),
        ("From: Mail <postmaster@example.com>", Automatic.BOUNCE),
        ("Content-Type: multipart/report; boundary=x", Automatic.BOUNCE),
        ("Auto-Submitted: auto-replied (vacation)", Automatic.AUTO_REPLY),
        ("auto-submitted: Auto-Generated; type=x", Automatic.AUTO_REPLY),
        ("Auto-Submitted: no", None),
        ("Auto-Submitted: No (a person)", None),
        ("X-Autoreply: yes", Automatic.AUTO_REPLY),
        ("X-Autorespond: Opt out", Automatic.AUTO_REPLY),
        ("Precedence: auto_reply", Automatic.AUTO_REPLY),
        ("Subject: Automatic reply: Opt out", Automatic.AUTO_REPLY),
        ("Subject: Out of Office: Opt out", Automatic.AUTO_REPLY),
        ("Subject: Respuesta =?utf-8?q?autom=C3=A1tica?=: baja", Automatic.AUTO_REPLY),
        ("Subject: Fuera de la oficina", Automatic.AUTO_REPLY),
        ("Subject: Autorrespuesta", Automatic.AUTO_REPLY),
        ("Subject: Opt out of the office plan", None),
        ("List-Id: <news.example.com>", Automatic.BULK),
        ("List-Unsubscribe: <mailto:x@example.com>", Automatic.BULK),
        ("Precedence: Bulk", Automatic.BULK),
        ("Precedence: list", Automatic.BULK),
        ("Precedence: normal", None),
        ("Subject: Opt out", None),
    ],
)
def test_C4_bounces_automatic_answers_and_bulk_mail_are_told_apart_and_never_an_opt_out(header: str, automatic: Automatic | None) -> None:
    sender = "" if header.lower().startswith("from") else "From: maria@example.com\r\n"
    mail = read(f"{sender}{header}\r\n\r\nPlease opt me out")
    assert mail.automatic is automatic
    assert (wish_of(mail) is Wish.DOUBTFUL) or automatic is None


def test_C4_a_mail_from_the_null_path_is_a_bounce_even_where_nothing_of_it_can_be_read() -> None:
    assert read(plain("Please opt me out"), mail_from="").automatic is Automatic.BOUNCE
    assert read(plain("Please opt me out"), mail_from="<>").automatic is Automatic.BOUNCE
    assert read(b"\x00\xff", mail_from="").automatic is Automatic.BOUNCE


def test_C4_a_bounce_that_holds_the_original_opt_out_is_a_bounce() -> None:
    raw = (
        "From: Mail Delivery <mailer-daemon@example.com>\r\nSubject: Undelivered\r\n"
        "Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n"
        "--b\r\nContent-Type: text/plain\r\n\r\nPlease opt me out\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; x\r\n\r\n"
        "--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: Opt out\r\n\r\nPlease opt me out\r\n--b--\r\n"
    )
    mail = read(raw, mail_from="")
    assert (mail.automatic, mail.attachments, wish_of(mail)) == (Automatic.BOUNCE, 2, Wish.DOUBTFUL)


REPLIES = [
    f"On Sun, 3 May 2026 at 10:10, Privacy Officer <privacy@care.example> wrote:\n> {NOTICE}",
    f"On Sun, 3 May 2026 at 10:10, Privacy Officer\n<privacy@care.example>\nwrote:\n\n> {NOTICE}\n>> x",
    f"El dom, 3 may 2026 a las 10:10, Privacidad (<privacy@care.example>)\nescribió:\n> {NOTICE}",
    f"On Sun, 3 May 2026 at 10:10, Privacy Officer <privacy@care.example> wrote:\n\n{NOTICE}",
    f"-----Original Message-----\nFrom: Privacy Officer\nSent: Monday\n\n{NOTICE}",
    f"________________________________\nFrom: Privacy Officer\nSent: Monday\nTo: Maria\n\n{NOTICE}",
    f"*From:* Privacy Officer\n*Sent:* Monday\n*To:* Maria\n\n{NOTICE}",
    f"De: Privacidad\nEnviado: lunes\nPara: Maria\nAsunto: Opt out\n\n{NOTICE}",
    f"---------- Forwarded message ---------\nFrom: Jim\n\n{NOTICE}",
    f"Begin forwarded message:\n\n{NOTICE}",
    "-- \nUnsubscribe: https://example.com/unsubscribe\nPlease opt me out",
    "--\nPlease opt me out",
    "_______________________________________________\nTo unsubscribe, stop sharing",
    "Sent from my iPhone",
    "Enviado desde mi iPhone",
    "Get Outlook for iOS<https://aka.ms/o0ukef>",
]


@pytest.mark.parametrize("reply", REPLIES)
def test_C4_quotes_forwarded_mails_and_signatures_are_not_said(reply: str) -> None:
    mail = read(plain(f"Who is this?\n\n{reply}", "Subject: Re: Opt out"))
    assert mail.said == "Who is this?"
    assert mail.text.endswith(reply)
    assert wish_of(mail) is Wish.DOUBTFUL
    assert wish_of(read(plain(f"Please opt me out\n\n{reply}", "Subject: Re: Your choice"))) is Wish.OPT_OUT
    assert wish_of(read(plain(reply, "Subject: Fwd: Opt out"))) is Wish.DOUBTFUL


@pytest.mark.parametrize(
    "text",
    [
        "Please opt me out\nOn second thought my wife wrote: keep sharing",
        "Please opt me out\nOn 3 surveys I wrote:\nkeep sharing",
        "Please opt me out\nThanks, but on second thought don't",
        "Please opt me out\n- only of the sessions",
        "Please opt me out\nFrom: now on\nonly the sessions\nare shared",
        "Please opt me out\nSent from my desk, which is only mine",
        "> to stop the mails, write\nunsubscribe",
        "Please opt me out -- only of the sessions",
    ],
)
def test_C4_what_only_looks_like_a_quote_or_a_signature_stays_said(text: str) -> None:
    assert own_words(text) == text
    assert wish_of(read(plain(text))) is Wish.DOUBTFUL


ESSENTIAL = {
    "correct_sig": ("this is an email with a correct -- signature.", "rick"),
    "email_1_1": ("Hi folks", "mailing list"),
    "email_1_2": ("You can list the keys for the bucket", "clear a Riak bucket"),
    "email_1_3": ("Having the function would be great.", "You can list"),
    "email_1_4": ("Awesome! I haven't had another problem with it.", "Loader"),
    "email_1_5": ("This is a paragraph that talks about", "\x00"),
    "email_1_6": ("I get proper rendering as well.", "caching"),
    "email_1_7": (":+1:", "Steps"),
    "email_1_8": ("I will reply under this one", "this is my signature"),
    "email_2_1": ("Outlook with a reply", "Dear Google"),
    "email_2_2": ("Outlook with a reply directly above line", "CRM"),
    "email_2_3": ("Outlook with a reply directly above line", "CRM"),
    "email_BlackBerry": ("Here is another email", "Sent from"),
    "email_bullets": ("- how about bullets", "Joe Smith"),
    "email_iPhone": ("Here is another email", "Sent from"),
    "email_multi_word_sent_from_my_mobile_device": ("Here is another email", "Sent from"),
    "email_one_is_not_on": ("One outstanding question I had:", "lastLocation"),
    "email_sent_from_my_not_signature": ("Sent from my desk, is much easier then my mobile phone.", "\x00"),
    "email_sig_delimiter_in_middle_of_line": ("kthxbai", "\x00"),
    "greedy_on": ("On your remote host you can run:", "port forwarding"),
    "pathological": ("get back to a computer.", "ATGGAGAG"),
}


@pytest.mark.parametrize("name", ESSENTIAL)
def test_C4_of_real_replies_the_own_words_stay_and_quotes_and_signatures_go(name: str) -> None:
    path = FIXTURES / f"{name}.txt"
    if not path.exists():
        pytest.skip("the reply fixtures are not on this machine")
    mail = read(plain(path.read_text(encoding="utf-8")))
    own, others = ESSENTIAL[name]
    assert own in mail.said
    assert others not in mail.said
    assert wish_of(mail) is Wish.DOUBTFUL


def built(plain_part: str, html_part: str | None = None, attached: bytes | None = None) -> bytes:
    message = EmailMessage()
    message["From"] = "maria@example.com"
    message.set_content(plain_part)
    if html_part is not None:
        message.add_alternative(html_part, subtype="html")
    if attached is not None:
        message.add_attachment(attached, maintype="image", subtype="png", filename="opt-out.png")
    return bytes(message)


def test_C4_the_plain_part_is_read_and_its_html_twin_is_no_attachment() -> None:
    mail = read(built("Please opt me out", "<p>Please opt me out</p>"))
    assert (mail.said, mail.attachments) == ("Please opt me out", 0)
    assert read(built("", "<p>Please opt me out</p>")).said == "Please opt me out"


def test_C4_attachments_are_counted_and_not_kept() -> None:
    mail = read(built("Please opt me out", None, b"PNG"))
    assert (mail.text.strip(), mail.attachments, wish_of(mail)) == ("Please opt me out", 1, Wish.DOUBTFUL)
    assert read("From: a@b.co\r\nContent-Type: application/pdf\r\n\r\nx").attachments == 1


def test_C4_a_mail_within_a_mail_is_an_attachment_and_nobodys_wish() -> None:
    inner = "Content-Type: message/rfc822\r\n\r\nFrom: jim@example.com\r\nSubject: Opt out\r\n\r\nPlease opt me out"
    mail = read(f"{PARTS}--b\r\n{inner}\r\n--b--\r\n")
    assert (mail.said, mail.text, mail.attachments, wish_of(mail)) == ("", "", 1, Wish.DOUBTFUL)


PARTS = "From: maria@example.com\r\nSubject: Opt out\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"


@pytest.mark.parametrize(
    "raw",
    [
        b"From: maria@example.com\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + b"Please opt me out\xff",
        b"From: maria@example.com\r\nContent-Type: text/plain; charset=x-unknown\r\n\r\nPlease opt me out",
        b"From: maria@example.com\r\nContent-Type: text/plain; charset=cp037\r\n\r\n" + "Please opt me out".encode("cp037"),
        b"From: maria@example.com\r\n\r\nPlease opt me out\x00",
        b"From: maria@example.com\r\nContent-Type: " + b"(" * 990 + b"\r\n\r\nPlease opt me out",
        b"From: maria@example.com\r\nSubject: \xff\r\n\r\nPlease opt me out",
        b"From: maria@example.com\r\n\r\n" + b"Please opt me out. " * 60_000,
        b"From: maria@example.com\r\n\r\n" + b"Please opt me out. " * 6_000,
        b"From: maria@example.com\r\n\r\nPlease opt me out" + b"\r\n" * 30_000,
        PARTS.encode() + b"Please opt me out",
        PARTS.encode() + b"--b\r\n\r\nPlease opt me out",
        PARTS.replace("; boundary=b", "").encode() + b"--b\r\n\r\nPlease opt me out\r\n--b--\r\n",
        PARTS.replace("mixed", "encrypted").encode() + b"--b\r\n\r\nPlease opt me out\r\n--b--\r\n",
        b"From: maria@example.com\r\nSubject: Opt out\r\nContent-Type: application/pkcs7-mime\r\n\r\nx",
        b"From: maria@example.com\r\nSubject: Opt out\r\n"
        + b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (at, at) for at in range(500))
        + b"\r\nPlease opt me out",
    ],
)
def test_C4_what_cannot_be_surely_decoded_is_not_readable_and_its_sender_still_known(raw: bytes) -> None:
    mail = read(raw)
    assert (mail.readable, mail.sender) == (False, "maria@example.com")
    assert len(mail.text) <= MAX_TEXT
    assert wish_of(mail) is Wish.DOUBTFUL


@pytest.mark.parametrize("charset", ["utf-8", "iso-8859-1", "windows-1252", "UTF8", "us-ascii"])
def test_C4_usual_charsets_are_read(charset: str) -> None:
    body = ("Revoco mi autorización" if charset != "us-ascii" else "Revoco mi autorizacion").encode(charset)
    mail = read(f"From: a@b.co\r\nContent-Type: text/plain; charset={charset}\r\n\r\n".encode() + body)
    assert mail.readable
    assert wish_of(mail) is Wish.OPT_OUT


def test_C4_a_result_that_the_sender_wrote_beneath_the_gateways_does_not_authenticate() -> None:
    good, bad = (f"Authentication-Results: {OURS}; dmarc={word} header.from=example.com" for word in ("pass", "fail"))
    assert read(plain("x", good, bad)).authenticated
    assert not read(plain("x", bad, good)).authenticated
    cut = f"{OURS}; {{}}dkim=pass header.d=example.com"
    assert not read(plain("x", f"Authentication-Results: {cut.format(' ' * (1_002 - len(cut)))}.evil.net")).authenticated


HEADERS = [
    *("From: a@b.co", "From: (((", "From:", "Subject: =?x?q?\\ud800?=", "Subject: opt out", "Message-ID: <", "Auto-Submitted:"),
    *("Content-Type: text/html", "Content-Type: message/rfc822", "Content-Type: multipart/mixed; boundary=b"),
    *("Content-Type: multipart/alternative", "Content-Type: text/plain; charset*=x''%ff", "Content-Type: a; b*0=c; b*1"),
    *("Content-Transfer-Encoding: base64", "Content-Transfer-Encoding: x", "Content-Disposition: attachment; filename*0*="),
    *(f"Authentication-Results: {OURS}; (", " folded", "no header"),
]
BODY = ["", "", "--b", "--b--", "<blockquote><!", "Please opt me out", "> x", "=ff"]
mime = st.lists(st.sampled_from([*HEADERS, *BODY]) | st.text(max_size=9), max_size=25)


@given(st.binary(max_size=400), st.text(max_size=5), st.text(max_size=5))
def test_C4_no_bytes_raise(raw: bytes, mail_from: str, authserv_id: str) -> None:
    assert wish_of(read_mail(raw, mail_from, authserv_id)) in Wish


@settings(max_examples=300)
@given(mime)
def test_C4_no_mail_raises_and_what_is_kept_can_be_stored(lines: list[str]) -> None:
    mail = read("\r\n".join(lines).encode("utf-8", "surrogatepass"))
    for kept in (mail.message_id or "", mail.sender, mail.subject, mail.text, mail.said):
        assert "\x00" not in kept.encode().decode()
