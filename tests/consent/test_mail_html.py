import pytest

from consent.mail.reading import Mail, read_mail
from consent.mail.wording import Wish, wish_of

NOTICE = "You can stop sharing at any time. To opt out, answer this mail with: Please opt me out"


def read(page: str) -> Mail:
    raw = "\r\n".join(["From: maria@example.com", "Content-Type: text/html; charset=utf-8", "", page])
    return read_mail(raw.encode(), "maria@example.com", "mx.care.example")


QUOTING_HTML = [
    f"<blockquote>{NOTICE}</blockquote>",
    f'<div class="gmail_quote gmail_quote_container"><div>On Sunday, x wrote:</div><p>{NOTICE}</div>',
    f'<div id="ydp1yahoo_quoted_1" class="ydp1 yahoo_quoted">{NOTICE}</div>',
    f'<hr><div id="divRplyFwdMsg"><b>From:</b> x</div><div>{NOTICE}</div>',
    f'<div id="appendonsend"></div><hr><p>{NOTICE}</p>',
    f"<p><b>From:</b> Officer<br><b>Sent:</b> Monday<br><b>To:</b> Maria<br></p><p>{NOTICE}</p>",
    f'<div class="moz-cite-prefix">On Sunday x wrote:<br></div><blockquote type="cite">{NOTICE}</blockquote>',
    f'<div class="gmail_signature">{NOTICE}</div>',
    f'<div style="display: NONE">{NOTICE}</div>',
    f'<span style="font-size:0px">{NOTICE}</span><span hidden>{NOTICE}</span>',
    f"<style>{NOTICE}</style><script>{NOTICE}</script><!-- {NOTICE} --><template>{NOTICE}</template>",
]


@pytest.mark.parametrize("quoting", QUOTING_HTML)
def test_C4_quoted_and_hidden_html_is_not_said(quoting: str) -> None:
    page = "<html><head><title>Opt out</title></head><body><p>{0}</p>{1}</body></html>"
    mail = read(page.format("Who&nbsp;is this?", quoting))
    assert (mail.said, mail.readable) == ("Who is this?", True)
    assert wish_of(read(page.format("Please&nbsp;<b>opt</b> me out", quoting))) is Wish.OPT_OUT


def test_C4_html_with_lines_becomes_lines() -> None:
    assert read("<p>Please opt<br>me   out</p><p>Maria</p>").said == "Please opt\nme out\n\nMaria"


@pytest.mark.parametrize(
    "page",
    ["Please opt me out<div hidden>no", "Please opt me out<!-- no", "Please opt me out<blockquote>no", "<a " * 30 + ">Please opt me out"],
)
def test_C4_html_that_leaves_open_what_is_hidden_is_not_readable(page: str) -> None:
    mail = read(page)
    assert not mail.readable
    assert "Please opt me out" in mail.text
    assert wish_of(mail) is Wish.DOUBTFUL


def test_C4_hidden_text_is_not_shown_to_the_officer_and_quoted_text_is() -> None:
    mail = read("<p>Hi</p><blockquote>quoted</blockquote><p hidden>hidden</p>")
    assert "quoted" in mail.text
    assert "hidden" not in mail.text
