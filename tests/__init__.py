"""The tests of alarmd. A package, because one of our dependencies installs a top-level `tests` that would come first."""
