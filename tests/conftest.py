"""Fixtures that several rooms share: a broker of one's own on a unix socket."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from codepar.broker import EmbeddedBroker
from codepar.settings import Settings
from codepar.store import Store, open_store


@pytest.fixture
def service_settings(tmp_path: Path) -> Settings:
    """A service in an empty folder that notices within seconds what falls silent."""
    return Settings(data_dir=tmp_path / "data", runtime_dir=tmp_path / "run", heartbeat_s=0.3, lease_s=3.0, engine_url=None)


@pytest.fixture
def broker(service_settings: Settings) -> Iterator[EmbeddedBroker]:
    """The service's broker, running."""
    embedded = EmbeddedBroker(service_settings)
    embedded.start()
    yield embedded
    embedded.stop()


@pytest.fixture
def service_store(service_settings: Settings) -> Iterator[Store]:
    """The service's store, empty."""
    store = open_store(service_settings)
    yield store
    store.close()
