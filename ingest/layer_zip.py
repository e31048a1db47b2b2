"""What is in a zip that should hold a shapefile, looked at before anything is unpacked; then copies of its files.

No name from inside the archive becomes a path: the members of one shapefile are copied to `layer.shp` and its like.
"""

from __future__ import annotations

import lzma
import shutil
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from ingest.errors import LayerFileError

MAX_MEMBERS = 1_000
MAX_UNPACKED = 1_000_000_000
BOMB_RATIO, BOMB_FROM = 200, 100_000_000
WANTED = (".shp", ".shx", ".dbf", ".prj", ".cpg")

# zipfile says RuntimeError where it wants a password, NotImplementedError for a way of packing it does not know
_BROKEN = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, RuntimeError, ValueError)


def unpack_shapefile(path: Path, folder: Path) -> Path:
    """The .shp, in `folder`. Raises LayerFileError for a zip that is unsafe, broken, or holds none, or several."""
    try:
        with zipfile.ZipFile(path) as archive:
            _check_safe(path, archive.infolist())
            shape, names = _shapefile(path, archive.infolist())
            for ending in WANTED:
                if name := names.get(shape[:-4].lower() + ending):
                    # zipfile ends at the size that was declared, and then compares the sum
                    with archive.open(name) as member, (folder / f"layer{ending}").open("wb") as copy:
                        shutil.copyfileobj(member, copy)
    except _BROKEN as error:
        raise _refused(path, f"is no whole zip ({str(error)[:100] or 'it breaks off'})", "Pack it again.") from error
    return folder / "layer.shp"


def _shapefile(path: Path, members: list[zipfile.ZipInfo]) -> tuple[str, dict[str, str]]:
    """The member that is the shapefile, and all names by themselves in lower case: its companions may differ in it."""
    names = [member.filename for member in members]
    names = [name for name in names if not name.endswith("/") and not _is_of_a_mac(name)]
    shapes = sorted({name for name in names if name.lower().endswith(".shp")})
    if not shapes:
        inner = ", but another zip" if any(name.lower().endswith((".zip", ".shz")) for name in names) else ""
        remedy = "Unpack the inner one and add that." if inner else "Zip a shapefile with its .dbf, .shx and .prj."
        raise _refused(path, f"holds no .shp{inner}", remedy)
    if len(shapes) > 1:
        more = " and others" if len(shapes) > 5 else ""
        listed = ", ".join(_short(name) for name in shapes[:5])
        raise _refused(path, f"holds {len(shapes)} shapefiles: {listed}{more}", "Zip each by itself.")
    (shape,) = shapes
    lower = {name.lower(): name for name in reversed(names)}
    missing = [ending for ending in (".dbf", ".shx") if shape[:-4].lower() + ending not in lower]
    if missing:
        raise _refused(path, f"holds {_short(shape)} without its {' and '.join(missing)}", "Zip all its files.")
    return shape, lower | {shape.lower(): shape}


def _check_safe(path: Path, members: list[zipfile.ZipInfo]) -> None:
    if len(members) > MAX_MEMBERS:
        raise _refused(path, f"holds {len(members):,} files", "Zip one shapefile and nothing else.")
    for member in members:
        parts = PurePosixPath(member.filename.replace("\\", "/"))
        if parts.is_absolute() or ".." in parts.parts or member.filename[1:2] == ":":
            raise _refused(path, f"holds a file outside of itself ({_short(member.filename)!r})", "Do not trust it.")
        if member.flag_bits & 0x1:
            raise _refused(path, "is encrypted", "Pack it without a password.")
    size, packed = sum(member.file_size for member in members), sum(member.compress_size for member in members)
    if size > MAX_UNPACKED or (size > BOMB_FROM and size > BOMB_RATIO * max(packed, 1)):
        raise _refused(
            path, f"would unpack to {size / 1e6:,.0f} MB", "Split or simplify it; do not trust it otherwise."
        )


def _is_of_a_mac(name: str) -> bool:
    """Finder adds a shadow of every file, with the same ending."""
    return "__MACOSX" in name or PurePosixPath(name).name.startswith("._")


def _short(name: str) -> str:
    return name if len(name) <= 60 else f"…{name[-59:]}"


def _refused(path: Path, what: str, remedy: str) -> LayerFileError:
    return LayerFileError(f"{path.name} {what}.", remedy=remedy)
