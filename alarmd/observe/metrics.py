"""The figures at /metrics, each in one place, so that two rooms cannot count the same thing under two names. Whoever
does a thing counts it here.

No label ever holds a person, a device or an alarm: labels are few and fixed, and figures are kept for years.
"""

from prometheus_client import Counter, Gauge, Histogram

QUICK = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Seconds: from what a commit takes to what nobody may have to wait."""
SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1000)

SIGNALS = Counter("alarmd_signals", "Signals that came in", ["source", "result"])
"""source: http, mqtt, twilio, person; result: raised, joined, repeated, refused, faulty."""
ALARMS_OPEN = Gauge("alarmd_alarms_open", "Alarms that are not over", ["kind"])

COMMIT_SECONDS = Histogram("alarmd_commit_seconds", "How long one transaction took to be durable", buckets=QUICK)
COMMIT_SIZE = Histogram("alarmd_commit_size", "How many incoming things one transaction held", buckets=SIZES)
COMMITS_FAILED = Counter("alarmd_commits_failed", "Transactions that could not be made durable")

PRESS_TO_CONSOLE = Histogram(
    "alarmd_press_to_console_seconds", "From the press as we read it to the feed's write", buckets=QUICK
)
PRESS_TO_PROVIDER = Histogram(
    "alarmd_press_to_provider_seconds", "From the press as we read it to the first request to a provider", buckets=QUICK
)
ATTEMPTS = Counter("alarmd_attempts", "What became of attempts to tell somebody", ["channel", "outcome"])
"""outcome: an attempt's state: accepted, delivered, answered, failed, unknown, withdrawn, seen."""
OUTBOX_DEPTH = Gauge("alarmd_outbox_depth", "Effects that wait to be performed by this node")
STEP_LATENESS = Histogram("alarmd_step_late_seconds", "How late a due step was decided", buckets=QUICK)

TASKS = Gauge("alarmd_tasks", "Pieces of work under way in this node's loop")
FEED_CLIENTS = Gauge("alarmd_feed_clients", "Consoles that follow the feed of this node")
CONSOLES = Gauge("alarmd_consoles", "Consoles of this node that say they are there", ["armed"])
"""armed: true while the sound of its page is on, else false."""
MQTT_CONNECTED = Gauge("alarmd_mqtt_connected", "1 while this node is connected to the broker")
MQTT_TAKES_PRESSES = Gauge("alarmd_mqtt_takes_presses", "1 at the node that takes the broker's presses")
RELAY_CONNECTED = Gauge("alarmd_relay_connected", "1 while sister nodes can be told at once")
FAULTS = Gauge("alarmd_faults", "What this node knows to be unwell")
CLOCK_AHEAD = Gauge("alarmd_clock_ahead_seconds", "This machine's clock minus the database's, by which alarmd goes")
