"""A release to look at: build/test/release, packed by make and signed with a throw-away key."""

import pytest
from platform_list import RELEASE


@pytest.fixture(scope="session")
def release():
    if not (RELEASE / "SHA256SUMS").exists():
        pytest.skip("build/test/release is not there: make test-programs")
    return RELEASE
