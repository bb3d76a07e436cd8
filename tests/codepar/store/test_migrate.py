"""The schema in a database is this version's, or is refused."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from codepar.errors import StoreUnavailable
from codepar.settings import Settings
from codepar.store import open_store
from codepar.store.migrate import HEAD, KNOWN, SCRIPTS
from codepar.store.tables import metadata


def test_head_is_the_newest_script():
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    scripts = ScriptDirectory.from_config(config)
    assert scripts.get_current_head() == HEAD
    assert {script.revision for script in scripts.walk_revisions()} == KNOWN


def test_the_migrations_make_the_tables_that_the_code_uses(store):
    with store.reading() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), metadata)
    assert differences == []


def test_many_processes_that_start_at_once_migrate_once(store_settings):
    with ThreadPoolExecutor(4) as pool:
        stores = list(pool.map(lambda _: open_store(store_settings), range(4)))
    for store in stores:
        store.ping()
        store.close()


def test_new_databases_opened_by_many_at_once_are_never_locked(tmp_path):
    def first_use(number: int) -> None:
        store = open_store(Settings(data_dir=tmp_path / str(number // 8)))
        store.ping()
        store.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(first_use, range(320)))


def test_a_newer_schema_is_refused_with_what_to_do(store, store_settings):
    with store.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreUnavailable, match="9999") as caught:
        open_store(store_settings)
    assert "newer codepar" in caught.value.remedy
