"""Failures of the suite show their values, as if it were a test module itself."""

import pytest

pytest.register_assert_rewrite("tests.contracts.broker", "tests.contracts.venue")
