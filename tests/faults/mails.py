"""A mail as the organisation's gateway hands it on, byte for byte: sent again it is the same mail."""

from email.message import EmailMessage

from deploy.local.stack import AUTHSERV_ID, PRIVACY_ADDRESS


def raw_mail(sender: str, text: str, message_id: str, *, passes: bool = True, automatic: bool = False) -> bytes:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"], message["Message-ID"] = sender, PRIVACY_ADDRESS, "My data", message_id
    verdict = "pass" if passes else "fail"
    message["Authentication-Results"] = f"{AUTHSERV_ID}; dmarc={verdict} header.from={sender.split('@')[1]}"
    if automatic:
        message["Auto-Submitted"] = "auto-replied"
    message.set_content(text)
    return message.as_bytes()
