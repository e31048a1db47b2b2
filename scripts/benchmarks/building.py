"""Building, as users run it, against `create table as select *` of the same raw rows with the same keys and indexes."""

from __future__ import annotations

from collections.abc import Iterator

from .measuring import Line, median, seconds_of
from .place import Place

# Of the fourth, a few hundred rows, the key is computed: a copy has nothing to index.
KEYS = {"crashes": "crash_record_id", "people": "person_id", "vehicles": "crash_unit_id"}
FINAL = ("+crashes", "+people", "+vehicles", "+vision_zero_fatalities")


def measure(place: Place) -> Iterator[Line]:
    place.have_landed()
    rows = sum(place.rows(f"raw.{table}") for table in KEYS)
    place.run("dbt", "--quiet", "seed")
    final = place.run("dbt", "--quiet", "run", "--select", *FINAL)
    rest = place.run("dbt", "--quiet", "run")
    floor = median(place.floors, lambda: _copy(place))
    yield Line("dbt run, first build of the four final tables", final.with_rate(rows), final.peak())
    yield Line("dbt run after it: everything else", f"{rest.wall:.1f} s", rest.peak())
    yield Line("floor: copy of raw with the same keys and indexes", f"{floor:.1f} s")
    yield Line("four final tables / copy", f"{final.wall / floor:.2f}", "aim: 2.5 or less")
    yield Line("both runs / copy", f"{(final.wall + rest.wall) / floor:.2f}", "dbt's two starts included")
    tested = place.run("dbt", "--quiet", "test", "--exclude-resource-type", "unit_test")
    yield Line("dbt test, everything", f"{tested.wall:.1f} s")


def _copy(place: Place) -> float:
    """A copy of each raw table with the key and the indexes of its final table, one table after the other."""
    spent = 0.0
    for table, key in KEYS.items():
        statements = [f"create table bench_copy as select * from raw.{table}"]  # noqa: S608
        statements.append(f"alter table bench_copy add primary key ({key})")
        indexes = place.sql(
            "select indexdef from pg_indexes where schemaname = 'marts' and tablename = %s and indexname !~ %s",
            [table, "_pkey$"],
        )
        for (definition,) in indexes:
            columns = definition.split(" USING ", 1)[1]
            if "gist" in columns or "WHERE" in columns:
                continue  # raw has no geometry and no violations to index
            columns = columns.replace("crash_at_local", "crash_date").replace("(updated_at)", "(soda_updated_at)")
            statements.append(f"create index on bench_copy using {columns}")
        connection = place.session()
        spent += sum(seconds_of(connection, statement) for statement in statements)
        connection.close()
        place.sql("drop table bench_copy")
    return spent
