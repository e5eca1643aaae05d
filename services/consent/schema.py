"""The consent service's tables, all in one metadata: each capability adds its own."""

from common.db import new_metadata
from common.deadlines.tables import add_deadlines
from common.notices.tables import add_waiting_notices
from common.schema import add_applied, add_idempotency, add_journal

metadata = new_metadata()
add_journal(metadata)
add_applied(metadata)
add_idempotency(metadata)
add_deadlines(metadata)
add_waiting_notices(metadata)
