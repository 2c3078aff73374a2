"""The exam's own helpers explain a failed assertion like a test does."""

import pytest

pytest.register_assert_rewrite(
    "tests.store.exam", "tests.store.exam_faults", "tests.store.exam_open", "tests.store.stage"
)
