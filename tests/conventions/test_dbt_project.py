"""Conventions of the dbt project, read off dbt's own manifest: names, layers, contracts, docs, relations."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from harness import BIN, ROOT, clean_environment

from ingest.datasets import all_datasets
from runner.building.validation import TIERS
from runner.ledger.migrate import migrations

FINALS = set(all_datasets())
LAYERS = {
    "staging/chicago": re.compile(r"^stg_chicago__[a-z_]+$"),
    "staging/operations": re.compile(r"^stg_operations__[a-z_]+$"),
    "staging/spatial": re.compile(r"^stg_spatial__[a-z_]+$"),
    "intermediate": re.compile(r"^int_[a-z]+__[a-z_]+$"),
    "marts": re.compile(r"^[a-z]+(_[a-z]+)*$"),
    "marts/spatial": re.compile(r"^[a-z]+(_[a-z]+)*$"),
    "marts/quality": re.compile(r"^[a-z]+(_[a-z]+)*$"),
    "marts/history": re.compile(r"^[a-z]+_versions$"),
}
SCHEMAS = {
    "staging/chicago": "staging",
    "staging/operations": "staging",
    "staging/spatial": "staging",
    "intermediate": "staging",
    "marts": "marts",
    "marts/spatial": "spatial",
    "marts/quality": "quality",
    "marts/history": "history",
}

# A staging view has the name of the one table that it reads, in the source of its layer.
STAGED = {
    "staging/chicago": ("stg_chicago__", "raw"),
    "staging/operations": ("stg_operations__", "ops"),
    "staging/spatial": ("stg_spatial__", "raw"),
}

Node = dict[str, Any]


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Parsing needs no database."""
    target = tmp_path_factory.mktemp("target")
    nowhere = {"CRASHES_DB_HOST": "127.0.0.1", "CRASHES_HOME": str(tmp_path_factory.mktemp("home"))}
    parsed = subprocess.run(
        [BIN / "dbt", "--quiet", "parse", "--target-path", str(target)],
        cwd=ROOT,
        env=clean_environment() | nowhere,
        capture_output=True,
        text=True,
    )
    assert parsed.returncode == 0, parsed.stdout + parsed.stderr
    read: dict[str, Any] = json.loads((target / "manifest.json").read_text(encoding="utf-8"))
    return read


@pytest.fixture(scope="module")
def models(manifest: dict[str, Any]) -> dict[str, Node]:
    return {node["name"]: node for node in manifest["nodes"].values() if node["resource_type"] == "model"}


def layer(model: Node) -> str:
    return str(Path(model["original_file_path"]).parent.relative_to("dbt_project/models"))


def test_every_model_is_in_a_layer_and_named_by_it(models: dict[str, Node]) -> None:
    for name, model in models.items():
        assert layer(model) in LAYERS, f"{name} lies in {layer(model)}"
        assert LAYERS[layer(model)].match(name), name
        assert model["schema"] == SCHEMAS[layer(model)], name


def test_the_data_flows_one_way(models: dict[str, Node], manifest: dict[str, Any]) -> None:
    """Staging, and the keys beside it, read one source each; nothing else its rows; marts no quality, no history."""
    rows = {f"source.chicago_crashes.raw.{name}" for name in FINALS}
    for name, model in models.items():
        parents = set(model["depends_on"]["nodes"])
        if layer(model) in STAGED:
            prefix, source = STAGED[layer(model)]
            assert parents == {f"source.chicago_crashes.{source}.{name.removeprefix(prefix)}"}, name
        elif name.endswith("__landed_keys"):
            assert len(parents) == 1, name
            assert parents < rows, name
        else:
            assert not parents & rows, name
        if layer(model) == "marts":
            assert not parents & derived_models(models), name


def test_what_ran_and_what_it_brought_are_kept_apart(models: dict[str, Node]) -> None:
    """Of the runner's ledger only marts.job_executions tells, and it tells of nothing else: no build waits for it."""
    staged = {model["unique_id"] for model in models.values() if layer(model) == "staging/operations"}
    readers = {name for name, model in models.items() if set(model["depends_on"]["nodes"]) & staged}
    assert readers == {"job_executions"}
    assert set(models["job_executions"]["depends_on"]["nodes"]) == staged
    assert models["job_executions"]["config"]["materialized"] == "view"


def test_the_ledger_is_described_as_its_migrations_make_it(manifest: dict[str, Any]) -> None:
    """Every table of schema ops but the list of migrations is a source, and every column of it."""
    described = {
        source["name"]: set(source["columns"])
        for source in manifest["sources"].values()
        if source["source_name"] == "ops"
    }
    for migration in migrations():
        for table in re.findall(r"create table ops\.(\w+)", migration.sql):
            assert table in described, table
        for table, column in re.findall(r"comment on column ops\.(\w+)\.(\w+)", migration.sql):
            assert column in described[table], f"{table}.{column}"


def derived_models(models: dict[str, Node]) -> set[str]:
    beside = ("marts/quality", "marts/history")
    return {model["unique_id"] for model in models.values() if layer(model) in beside}


def test_every_dataset_has_a_staging_view_and_a_final_table(models: dict[str, Node]) -> None:
    for name in FINALS:
        assert models[f"stg_chicago__{name}"]["config"]["materialized"] == "view"
        assert models[name]["config"]["materialized"] in ("incremental", "table")


def test_final_tables_have_an_enforced_contract_with_types(models: dict[str, Node]) -> None:
    for name in FINALS:
        assert models[name]["config"]["contract"]["enforced"], name
        untyped = [column for column, shape in models[name]["columns"].items() if not shape["data_type"]]
        assert not untyped, f"{name}: {untyped}"


def test_every_model_and_every_column_is_described(models: dict[str, Node]) -> None:
    for name, model in models.items():
        assert len(model["description"]) > 20, name
        assert model["columns"], f"{name} has no described columns"
        bare = [column for column, shape in model["columns"].items() if len(shape["description"].strip()) < 15]
        assert not bare, f"{name}: {bare}"


def test_every_seed_names_its_source_and_describes_its_columns(manifest: dict[str, Any]) -> None:
    seeds = [node for node in manifest["nodes"].values() if node["resource_type"] == "seed"]
    assert seeds
    for seed in seeds:
        assert "Source:" in seed["description"], seed["name"]
        header = (ROOT / seed["original_file_path"]).read_text(encoding="utf-8").splitlines()[0].split(",")
        assert set(header) == set(seed["columns"]) == set(seed["config"]["column_types"]), seed["name"]


def test_every_source_is_described(manifest: dict[str, Any]) -> None:
    for source in manifest["sources"].values():
        assert len(source["description"]) > 20, source["name"]


def test_every_column_of_the_portal_reaches_staging_and_the_final_table(models: dict[str, Node]) -> None:
    for name, dataset in all_datasets().items():
        for model in (f"stg_chicago__{name}", name):
            missing = set(dataset.columns) - set(models[model]["columns"])
            assert not missing, f"{model}: {missing}"


def test_every_column_of_the_portal_is_in_its_history(models: dict[str, Node]) -> None:
    for name, dataset in all_datasets().items():
        singular = {"crashes": "crash", "vehicles": "vehicle", "vision_zero_fatalities": "fatality"}.get(name, name)
        missing = set(dataset.columns) - set(models[f"{singular}_versions"]["columns"])
        assert not missing, f"{singular}_versions: {missing}"


def test_lineage_closes_every_final_table(models: dict[str, Node]) -> None:
    wanted = {"row_hash", "source_updated_at", "loaded_at", "created_at", "updated_at", "deleted_at", "_dlt_load_id"}
    for name in FINALS:
        assert wanted <= set(models[name]["columns"]), name


def test_descriptions_are_persisted_as_comments(models: dict[str, Node]) -> None:
    for name, model in models.items():
        if not layer(model).startswith(("staging", "intermediate")):
            assert model["config"]["persist_docs"] == {"relation": True, "columns": True}, name


def test_no_relation_is_hard_coded() -> None:
    """Relations come from ref(), source() and this; comments and descriptions may name them as they like."""
    named = re.compile(r"\b(?:from|join|into|update|references|table)\s+(?:raw|staging|marts|quality|ops)\.\w", re.I)
    for file in [*(ROOT / "dbt_project/models").rglob("*.sql"), *(ROOT / "dbt_project/tests").rglob("*.sql")]:
        code = re.sub(r"--[^\n]*|\{#.*?#\}", "", file.read_text(encoding="utf-8"), flags=re.DOTALL)
        assert not named.search(code), file.relative_to(ROOT)


def test_every_test_is_named_and_described(manifest: dict[str, Any]) -> None:
    for node in manifest["nodes"].values():
        if node["resource_type"] == "test":
            assert len(node["description"]) > 20, f"{node['name']} does not say what it guards"


def test_every_data_test_is_of_one_tier_and_tagged_as_its_folder(manifest: dict[str, Any]) -> None:
    """Tiers decide what a run asks and what `crashes validate` does; `macros` are examples, which read no table."""
    for node in manifest["nodes"].values():
        if node["resource_type"] == "test":
            folder = Path(node["original_file_path"]).parent.name
            assert folder in (*TIERS, "macros"), node["name"]
            assert node["tags"] == [folder], node["name"]


def test_every_unit_test_is_named_by_a_sentence(manifest: dict[str, Any]) -> None:
    for test in manifest["unit_tests"].values():
        assert test["name"].count("_") >= 3, f"{test['name']} is no sentence"


def test_no_model_has_the_name_of_the_project(models: dict[str, Node]) -> None:
    assert "chicago_crashes" not in models


def test_telemetry_is_off() -> None:
    assert "send_anonymous_usage_stats: false" in (ROOT / "dbt_project.yml").read_text(encoding="utf-8")
    assert "dlthub_telemetry = false" in (ROOT / ".dlt/config.toml").read_text(encoding="utf-8")


def test_profiles_hold_no_secret() -> None:
    profile = (ROOT / "profiles.yml").read_text(encoding="utf-8")
    for key in ("host", "port", "user", "password", "dbname"):
        assert re.search(rf"{key}: .*env_var\('CRASHES_DB_", profile), key
    assert os.environ.get("CRASHES_DB_PASSWORD", "no password at all") not in profile
