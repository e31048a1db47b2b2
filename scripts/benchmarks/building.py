"""Building, as users run it, against `create table as select *` of the same raw rows with the same keys and indexes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

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
    copies = median(place.floors, lambda: _copy(place))
    again = median(place.floors, lambda: _make_again(place))
    floor = copies + again
    yield Line("dbt run, first build of the four final tables", final.with_rate(rows), final.peak())
    yield Line("dbt run after it: everything else", f"{rest.wall:.1f} s", rest.peak())
    yield Line("floor: copy of raw with the same keys and indexes", f"{floor:.1f} s", f"the copy alone {copies:.1f} s")
    yield Line("four final tables / copy", f"{final.wall / floor:.2f}", "aim: 2.5 or less")
    yield Line("both runs / copy", f"{(final.wall + rest.wall) / floor:.2f}", "dbt's two starts included")
    tested = place.run("dbt", "--quiet", "test", "--exclude-resource-type", "unit_test")
    yield Line("dbt test, everything", f"{tested.wall:.1f} s")


def _copy(place: Place) -> float:
    """A copy of each raw table, one after the other, with the key of its final table, and those of its indexes that raw
    has the columns for."""
    spent = 0.0
    for table, key in KEYS.items():
        statements = [f"create table bench_copy as select * from raw.{table}"]  # noqa: S608
        statements.append(f"alter table bench_copy add primary key ({key})")
        for index in _indexes(place, table, reckoned=False):
            columns = index.replace("crash_at_local", "crash_date").replace("(updated_at)", "(soda_updated_at)")
            statements.append(f"create index on bench_copy using {columns}")
        connection = place.session()
        spent += sum(seconds_of(connection, statement) for statement in statements)
        connection.close()
        place.sql("drop table bench_copy")
    return spent


def _make_again(place: Place) -> float:
    """What a copy of raw cannot have, a second time on the final tables: foreign keys, which rows without their crash
    break, and indexes of what raw has no column for (where it was, who broke a rule, what is not deleted)."""
    spent = 0.0
    for table in KEYS:
        made = {
            f"create index bench_again on marts.{table} using {index}": "drop index marts.bench_again"
            for index in _indexes(place, table, reckoned=True)
        }
        foreign_keys = place.sql(
            "select pg_get_constraintdef(oid) from pg_constraint where conrelid = %s::regclass and contype = 'f'",
            [f"marts.{table}"],
        )
        for (foreign_key,) in foreign_keys:
            made[f"alter table marts.{table} add constraint bench_again {foreign_key}"] = (
                f"alter table marts.{table} drop constraint bench_again"
            )
        with closing(place.session()) as connection:
            for statement, undo in made.items():
                spent += seconds_of(connection, statement)
                seconds_of(connection, undo)
    return spent


def _indexes(place: Place, table: str, *, reckoned: bool) -> list[str]:
    """Those of a final table beside its key, `btree (crash_at_local)`: of what is reckoned, or of what raw has."""
    found = place.sql(
        "select indexdef from pg_indexes where schemaname = 'marts' and tablename = %s and indexname !~ '_pkey$'",
        [table],
    )
    indexes = [definition.split(" USING ", 1)[1] for (definition,) in found]
    return [index for index in indexes if ("gist" in index or "WHERE" in index) == reckoned]
