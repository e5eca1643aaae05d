"""JSON logs without personal data: fixed sentences with ids of the machinery, never bodies, never paths with ids in them."""

import json
import logging
import sys
from datetime import UTC, datetime

from common.never_kept import mask_ssns
from common.tracing import trace_id

STANDARD = set(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}


class JsonFormatter(logging.Formatter):
    """One line a record, masked (C13). An exception is named, not printed: its text can hold a row's values."""

    def __init__(self, service: str) -> None:
        super().__init__()
        self.service = service

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "service": self.service,
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= {name: value for name, value in vars(record).items() if name not in STANDARD}
        if trace := trace_id():
            line["trace_id"] = trace
        if record.exc_info and record.exc_info[0]:
            line["exception"] = record.exc_info[0].__name__
            line["where"] = _innermost(record)
        return json.dumps(_masked(line), default=str)


def _masked(value: object, name: str = "") -> object:
    """The name counts as well: nine digits are an SSN where the name of the value says so."""
    if isinstance(value, dict):
        return {mask_ssns(str(key)): _masked(inner, str(key)) for key, inner in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_masked(inner, name) for inner in value]
    if value is None or isinstance(value, (bool, float)):
        return value
    label = f"{mask_ssns(name)}: "
    text = mask_ssns(label + str(value)).removeprefix(label)
    return value if isinstance(value, int) and text == str(value) else text


def _innermost(record: logging.LogRecord) -> str:
    trace = record.exc_info[2] if record.exc_info else None
    while trace and trace.tb_next:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_filename.rsplit('/', 1)[-1]}:{trace.tb_lineno}" if trace else ""


def set_up(service: str) -> None:
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonFormatter(service))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for chatty in ("aiokafka", "httpx", "alembic", "uvicorn.access"):
        logging.getLogger(chatty).setLevel(logging.CRITICAL if chatty == "aiokafka" else logging.WARNING)
