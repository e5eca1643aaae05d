"""Prometheus metrics of one service. A registry of its own, so that two apps in one process do not mix."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

MILLISECONDS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300)
LATENESS = (0.1, 0.25, 0.5, 1, 1.5, 2, 3, 5, 10, 30, 60, 300, 3600)


class Metrics:
    """Gauges and counters that operators and alarms look at."""

    def __init__(self) -> None:
        r = self.registry = CollectorRegistry()
        self.optout_propagation_seconds = Histogram(
            "optout_propagation_seconds", "From an opt-out's commit until it is effective.", registry=r, buckets=MILLISECONDS
        )
        self.optout_receipts_overdue = Gauge("optout_receipts_overdue", "Sinks that have not answered an opt-out in time.", registry=r)
        self.mails_waiting = Gauge("mails_waiting", "Mails that wait for the privacy officer.", registry=r)
        self.mails_overdue = Gauge("mails_overdue", "Mails that wait for the privacy officer beyond their deadline.", registry=r)
        self.statutory_deadlines_open = Gauge(
            "statutory_deadlines_open", "Requests of clients and demands of authorities that run on a legal period.", ["policy"], registry=r
        )
        self.statutory_deadlines_overdue = Gauge("statutory_deadlines_overdue", "Of them, those beyond it.", ["policy"], registry=r)
        self.journal_lag = Gauge("journal_lag", "Entries that are committed and not yet acknowledged by Kafka.", registry=r)
        self.oldest_unpublished_seconds = Gauge("oldest_unpublished_seconds", "Age of the oldest entry not yet published.", registry=r)
        self.relay_restarts = Counter("relay_restarts", "Times that the relay began again from the journal.", registry=r)
        self.applied_position = Gauge("applied_position", "Last position applied.", ["source", "stream"], registry=r)
        self.parked_clients = Gauge("parked_clients", "Clients whose events wait behind one that cannot be applied.", registry=r)
        self.duplicates = Counter("duplicates_dropped", "Records dropped because their position was applied.", ["source"], registry=r)
        self.gaps = Counter("gaps_refetched", "Streams refetched from their owner.", ["source"], registry=r)
        self.dead_letters = Counter("dead_letters", "Records on a topic that are no entry of its journal.", ["source"], registry=r)
        self.pages_released = Counter("pages_released", "Pages of individual data handed to a recipient.", registry=r)
        self.releases_refused = Counter("releases_refused", "Releases refused because freshness could not be proven.", registry=r)
        self.recalls_overdue = Gauge("recalls_overdue", "Recalls that a recipient has not acknowledged or attested in time.", registry=r)
        self.contracts_running_out = Gauge(
            "contracts_running_out", "Recipients whose contract ends within sixty days and is not renewed.", registry=r
        )
        self.webhooks_given_up = Counter("webhooks_given_up", "Webhooks that a recipient's endpoint never took.", registry=r)
        self.deadline_lateness_seconds = Histogram(
            "deadline_lateness_seconds",
            "From when a rung or a breach was due until it was fired.",
            ["policy"],
            registry=r,
            buckets=LATENESS,
        )
        self.deadline_oldest_due_seconds = Gauge(
            "deadline_oldest_due_seconds", "Age of the oldest deadline that waits to be fired.", registry=r
        )
        self.deadline_failures = Counter(
            "deadline_failures", "Times that a deadline could not be fired, and was put off.", ["policy"], registry=r
        )
        self.rollup_differences = Gauge("rollup_differences", "Counts on which the nightly second count does not agree.", registry=r)
        self.requests = Histogram("http_request_seconds", "HTTP requests.", ["route", "method", "status"], registry=r, buckets=MILLISECONDS)
