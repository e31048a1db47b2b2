"""What the embedded cluster's configuration files say: sizes by this machine's memory, and who may connect.

Pure text: `runner.database.cluster` writes it at every start, so that a new version or a larger machine takes effect.
A user's own settings belong into another file of the same `conf.d` folder; later names win.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

MANAGED = "# Written by `crashes db up` at every start: put your own settings into conf.d/90-own.conf.\n"
MIB = 1024 * 1024

# Peer: the kernel says who is at the other end of the socket. There is no password that could leak.
HBA = MANAGED + "local all all peer map=embedded\n"


def settings_text(run_dir: Path, port: int, wal_compression: str, extra: Mapping[str, str]) -> str:
    """conf.d/10-chicago-crashes.conf: one writer, no replica, loads of a million rows.

    `wal_compression`: `lz4`, or `on` for a server that does not know it.
    """
    memory = _memory()
    settings = {
        "listen_addresses": "",
        "unix_socket_directories": f'"{run_dir}"',
        "unix_socket_permissions": "0700",
        "port": str(port),
        "max_connections": "60",
        "shared_buffers": _share(memory, 8, low=128, high=2048),
        "effective_cache_size": _share(memory, 2, low=512, high=65536),
        "maintenance_work_mem": _share(memory, 32, low=64, high=512),
        "work_mem": _share(memory, 256, low=16, high=64),
        # Nothing replicates from here: minimal WAL lets a table that is created and filled in one
        # transaction skip the log. The commit stays synchronous: a finished run survives a power cut.
        "wal_level": "minimal",
        "max_wal_senders": "0",
        "wal_compression": wal_compression,
        "max_wal_size": "4GB",
        "checkpoint_timeout": "15min",
        # Compiling expressions pays for very many rows only: a build of everything turns it on (plan_carefully).
        "jit": "off",
        "max_parallel_workers_per_gather": "2",
        "max_parallel_maintenance_workers": "2",
        "random_page_cost": "1.1",
        "dynamic_shared_memory_type": "posix" if _roomy_shared_memory() else "mmap",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "log_line_prefix": "%m [%p] %q%u@%d %a ",
        **extra,
    }
    if sys.platform.startswith("linux"):
        # The query of a killed run ends soon after it, instead of holding its locks against the next.
        settings.setdefault("client_connection_check_interval", "5s")
    lines = (f"{name} = {_quoted(value)}\n" for name, value in settings.items())
    return MANAGED + "".join(lines)


def ident_text(accounts: Iterable[str], roles: Iterable[str]) -> str:
    """pg_ident.conf: these OS accounts, and no others, are these database roles."""
    roles = list(roles)
    lines = (f'embedded "{account}" {role}\n' for account in accounts for role in roles)
    return MANAGED + "".join(lines)


def _quoted(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"


def _share(memory: int, part: int, *, low: int, high: int) -> str:
    return f"{min(max(memory // part // MIB, low), high)}MB"


def _memory() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _roomy_shared_memory() -> bool:
    """Containers come with 64 MB of /dev/shm, where a parallel query then fails for want of space."""
    shm = Path("/dev/shm")  # noqa: S108 - looked at, not written to
    return shm.is_dir() and os.statvfs(shm).f_blocks * os.statvfs(shm).f_frsize >= 1024 * MIB
