"""alarmd: a self-hosted, real-time panic-button and duress alarm and escalation system."""

__version__ = "0.1.0"
