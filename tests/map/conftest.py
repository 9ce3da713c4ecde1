"""What the tests of the map share."""

import pytest

from scripts.extension.charts import plot
from tests.map_data import site_with


@pytest.fixture(scope="module", autouse=True)
def kept(tmp_path_factory):
    """Keep the tests' pictures out of the build's, each drawn once."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("kept")
        patch.setattr(plot, "KEPT", folder)
        yield folder


@pytest.fixture
def site(tmp_path):
    return site_with(tmp_path)
