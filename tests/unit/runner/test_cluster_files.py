"""What the embedded cluster's configuration says."""

from __future__ import annotations

from pathlib import Path

from runner.database import cluster_files


def lines(text: str) -> dict[str, str]:
    pairs = (line.split(" = ", 1) for line in text.splitlines() if " = " in line)
    return {name: value.strip("'") for name, value in pairs}


def test_it_listens_on_no_network_and_keeps_its_socket_to_itself() -> None:
    settings = lines(cluster_files.settings_text(Path("/h/run"), 5432, "lz4", {}))
    assert settings["listen_addresses"] == ""
    assert settings["unix_socket_directories"] == '"/h/run"'
    assert settings["unix_socket_permissions"] == "0700"


def test_a_commit_survives_a_power_cut_unless_a_test_asks_otherwise() -> None:
    assert "fsync" not in lines(cluster_files.settings_text(Path("/h/run"), 5432, "lz4", {}))
    assert "synchronous_commit" not in lines(cluster_files.settings_text(Path("/h/run"), 5432, "lz4", {}))
    assert lines(cluster_files.settings_text(Path("/h/run"), 5432, "lz4", {"fsync": "off"}))["fsync"] == "off"


def test_a_quote_in_the_folder_cannot_end_the_setting() -> None:
    text = cluster_files.settings_text(Path("/it's here/run"), 5432, "lz4", {})
    assert "unix_socket_directories = '\"/it''s here/run\"'" in text


def test_only_the_named_accounts_are_mapped() -> None:
    text = cluster_files.ident_text(["postgres", "root"], ["crashes"])
    assert [line for line in text.splitlines() if not line.startswith("#")] == [
        'embedded "postgres" crashes',
        'embedded "root" crashes',
    ]
