-- Whole rows, two columns each. `tidy` false: must be sanitized column by column. `tidy` null: either answer is right, but a
-- row that is called tidy must be one.
with published (a, b, tidy) as (
    values
    ('NORTH', 'N STATE ST', true),
    ('NORTH', null, true),
    (null, null, true),
    ('UNKNOWN', '1,000', true),
    ('(a)', 'b', true),
    (null, '', false),
    ('', null, false),
    ('', '', false),
    (' a', 'b', false),
    ('a ', 'b', false),
    ('a', ' b', false),
    ('a', 'b ', false),
    ('a', ' ', false),
    ('a  b', 'c', false),
    (e'a\tb', 'c', false),
    (e'a\u00a0b', 'c', false),
    (e'a\nb', 'c', false),
    ('NULL', 'b', false),
    ('a', 'null', false),
    ('N/A', 'b', false),
    ('a', 'n/a', false),
    (e' ",a', 'b', false),
    (e'a"', e'" b', null),
    ('a,', ',b', null),
    ('a"', '"', null),
    (' "', 'b', false),
    ('a', '" ', false),
    ('a, "', 'b', null),
    ('Peña', 'b', null),
    ('a" ', 'b', false),
    (e'\\ ', 'b', false),
    ('NULLIFIED', 'N/AB', null)
),

results as (
    select
        published.a,
        published.b,
        published.tidy,
        whole.is_tidy,
        whole.row_hash,
        {{ as_text('published.a') }} as clean_a,
        {{ as_text('published.b') }} as clean_b
    from published
    cross join lateral (  -- noqa: ST05
        {{ whole_line('published', ['a', 'b']) }}
    ) as whole
),

repeated as (
    select row_hash
    from results
    group by row_hash
    having count(*) > 1
)

select
    'tidiness' as wrong,
    a,
    b
from results
where
    is_tidy <> tidy
    or is_tidy and (a is distinct from clean_a or b is distinct from clean_b)
union all
select
    'row_hash of another row' as wrong,
    results.a,
    results.b
from results
inner join repeated on results.row_hash = repeated.row_hash
