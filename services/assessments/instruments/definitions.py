"""Older names of the newest English instruments; `catalogue` is what new code asks."""

from assessments.instruments.catalogue import newest
from assessments.instruments.rules import Instrument

PHQ_9, GAD_7 = newest("phq-9"), newest("gad-7")
INSTRUMENTS: dict[str, Instrument] = {instrument.name: instrument for instrument in (PHQ_9, GAD_7)}
