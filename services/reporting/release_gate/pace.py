"""How large the pages of a download are: large enough to be fast, and held no longer than an opt-out can wait. Pure."""

SHORT, LONG = 0.025, 0.1
"""Seconds that a page was held: below, the next one is twice as large; above, half."""


def next_rows(rows: int, held: float, least: int, most: int) -> int:
    """Of the page that follows one of `rows` rows. A recipient is given small ones until it has taken some at once."""
    if held < SHORT:
        return min(2 * rows, most)
    return max(rows // 2, least) if held > LONG else rows
