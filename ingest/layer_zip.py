"""What is in a zip that should hold a shapefile, looked at before anything is unpacked; nothing is written to disk."""

from __future__ import annotations

import zipfile
from pathlib import Path, PurePosixPath

from ingest.errors import LayerFileError

MAX_MEMBERS = 1_000
MAX_UNPACKED = 1_000_000_000
BOMB_RATIO, BOMB_FROM = 200, 100_000_000


def shapefile_in(path: Path) -> str:
    """The member that is the shapefile. Raises LayerFileError for a zip that is unsafe or holds none, or several."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, OSError, NotImplementedError) as error:
        raise _refused(path, f"is no whole zip ({error})", "Pack it again.") from error
    _check_safe(path, members)
    names = {member.filename for member in members if not member.is_dir() and "__MACOSX" not in member.filename}
    shapes = sorted(name for name in names if name.lower().endswith(".shp"))
    if not shapes:
        inner = (
            " It holds another zip: unpack that one first." if any(n.lower().endswith(".zip") for n in names) else ""
        )
        raise _refused(path, f"holds no .shp.{inner}".rstrip("."), "Zip a shapefile with its .dbf, .shx and .prj.")
    if len(shapes) > 1:
        raise _refused(path, f"holds {len(shapes)} shapefiles: {', '.join(shapes[:5])}", "Zip each by itself.")
    (shape,) = shapes
    lower = {name.lower() for name in names}
    missing = [ending for ending in (".dbf", ".shx") if shape[:-4].lower() + ending not in lower]
    if missing:
        raise _refused(path, f"holds {shape} without its {' and '.join(missing)}", "Zip all files of the shapefile.")
    return shape


def _check_safe(path: Path, members: list[zipfile.ZipInfo]) -> None:
    if len(members) > MAX_MEMBERS:
        raise _refused(path, f"holds {len(members):,} files", "Zip one shapefile and nothing else.")
    for member in members:
        parts = PurePosixPath(member.filename.replace("\\", "/"))
        if parts.is_absolute() or ".." in parts.parts or ":" in member.filename or "\0" in member.filename:
            raise _refused(
                path, f"holds a file outside of itself ({member.filename[:60]!r})", "Do not trust this file."
            )
        if member.flag_bits & 0x1:
            raise _refused(path, "is encrypted", "Pack it without a password.")
    size, packed = sum(member.file_size for member in members), sum(member.compress_size for member in members)
    if size > MAX_UNPACKED or (size > BOMB_FROM and size > BOMB_RATIO * max(packed, 1)):
        raise _refused(
            path, f"would unpack to {size / 1e6:,.0f} MB", "Split or simplify it; do not trust it otherwise."
        )


def _refused(path: Path, what: str, remedy: str) -> LayerFileError:
    return LayerFileError(f"{path.name} {what}.", remedy=remedy)
