"""Duties that are kept elsewhere: calendars are fetched, and understood in a process of their own."""
