"""A mailer in a process of its own, that a test can kill: `python -m tests.scheduling.notifications.mailer DSN PORT`."""

import asyncio
import sys

from common.clock import Clock
from common.db import Database
from scheduling.notifications.mails import Post
from scheduling.notifications.work import send_mails


async def main(dsn: str, port: str) -> None:
    db = await Database.open(f"{dsn}{'&' if '?' in dsn else '?'}application_name=mailer%20under%20test")
    await send_mails(db, Post("127.0.0.1", int(port), "portal@members.example", "https://portal.example"), Clock())


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
