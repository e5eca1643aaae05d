"""The recorder tells a late sending from a late reading."""

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from demo.history import Outcome
from demo.recorder import Recorder

HEAD = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
LINE = b"x" * 99 + b"\n"


@contextmanager
def server(serve: Callable[[socket.socket, socket.socket], None]) -> Iterator[str]:
    """Takes two connections, a download's and an opt-out's, in a thread of its own."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def run() -> None:
            download, _ = listening.accept()
            download.recv(4096)
            opt_out, _ = listening.accept()
            with download, opt_out:
                opt_out.recv(4096)
                serve(download, opt_out)

        thread = threading.Thread(target=run)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        thread.join(10)


def chunk(lines: int) -> bytes:
    return f"{100 * lines:x}\r\n".encode() + LINE * lines + b"\r\n"


async def raced(serve: Callable[[socket.socket, socket.socket], None], lines: int) -> tuple[int, int]:
    """When the last line was known to be here, and when the opt-out's answer was."""
    recorder = Recorder()
    with server(serve) as url:
        download = asyncio.create_task(recorder.ask("GET", url + "/part", {}))
        while not recorder.connections:
            await asyncio.sleep(0.01)
        answer = await recorder.ask("POST", url + "/opt-outs", {}, b"{}")
        page = await download
    assert (answer.outcome, page.outcome) == (Outcome.OK, Outcome.OK)
    return page.received_at(100 * lines), answer.done


async def test_bytes_that_waited_unread_when_the_answer_came_count_as_received_before_it() -> None:
    lines = 10_000  # more than one turn of the event loop reads

    def serve(download: socket.socket, opt_out: socket.socket) -> None:
        download.sendall(HEAD + chunk(lines) + b"0\r\n\r\n")
        time.sleep(0.2)
        opt_out.sendall(ANSWER)

    received, answered = await raced(serve, lines)
    assert received <= answered


async def test_the_loop_may_be_busy_while_they_wait() -> None:
    lines = 2_000

    def serve(download: socket.socket, opt_out: socket.socket) -> None:
        asyncio_loop.call_soon_threadsafe(time.sleep, 0.5)
        time.sleep(0.1)
        download.sendall(HEAD + chunk(lines) + b"0\r\n\r\n")
        opt_out.sendall(ANSWER)

    asyncio_loop = asyncio.get_running_loop()
    received, answered = await raced(serve, lines)
    assert received <= answered


async def test_a_byte_that_was_sent_after_the_answer_was_received_after_it() -> None:
    def serve(download: socket.socket, opt_out: socket.socket) -> None:
        download.sendall(HEAD + chunk(10))
        opt_out.sendall(ANSWER)
        time.sleep(0.2)
        download.sendall(chunk(1) + b"0\r\n\r\n")

    received, answered = await raced(serve, 11)
    assert received > answered


async def test_a_download_that_is_cut_keeps_what_had_come() -> None:
    def serve(download: socket.socket, opt_out: socket.socket) -> None:
        download.sendall(HEAD + chunk(3)[:250])
        opt_out.sendall(ANSWER)

    recorder = Recorder()
    with server(serve) as url:
        download = asyncio.create_task(recorder.ask("GET", url + "/part", {}))
        while not recorder.connections:
            await asyncio.sleep(0.01)
        await recorder.ask("POST", url + "/opt-outs", {}, b"{}")
        page = await download
    assert (page.outcome, page.whole) == (Outcome.UNKNOWN, False)
    assert page.body == (LINE * 3)[:245]
    assert page.received_at(245)


async def test_an_answer_that_never_comes_is_unknown_and_a_refused_connection_is_not() -> None:
    recorder = Recorder()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        assert (await recorder.ask("POST", url, {}, patience=0.2)).outcome is Outcome.UNKNOWN
    refused = await recorder.ask("POST", url, {})
    assert (refused.outcome, refused.refused) == (Outcome.FAIL, True)
