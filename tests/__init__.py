"""The tests of alarmd. A package, because a dependency of ours installs a top-level `tests` that would come first."""
