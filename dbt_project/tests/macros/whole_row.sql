-- Whole rows, two columns each. `tidy` false: must be sanitized column by column. `tidy` null: either answer is right. Whatever
-- the answer, each text must come out as it does by itself.
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
    (e'a"', e'" b', true),
    ('a,', ',b', true),
    ('a"', '"', true),
    (' "', 'b', false),
    ('a', '" ', false),
    ('a, "', 'b', true),
    ('Null', 'n/A', false),
    ('AUTO', 'A/B', true),
    (e'a\x1fb', null, null),
    ('a', e'b\x1f', null),
    (e'\x1f', 'b', null),
    (e'a \x1f', 'b', false),
    (e'\x1fNULL', e'N/A\x1f', null),
    ('a', e'\x1f \x1f', false),
    (e'\x7f', 'b', null),
    (e'a\u0085', 'b', false),
    (e'\u2003', 'b', false),
    ('Peña', 'b', null),
    ('a" ', 'b', false),
    (e'\\ ', 'b', false),
    ('NULLIFIED', 'N/AB', null),
    ('ANNULLED', 'IN/A', true),
    (null, 'nULL', false),
    ('N', 'n', true),
    ('NO', 'NONE', true)
),

results as (
    select
        published.a,
        published.b,
        published.tidy,
        {{ is_tidy('published', ['a', 'b']) }} as is_tidy,
        {{ row_hash('published', ['a', 'b']) }} as row_hash
    from published
),

texts as (
    select
        results.a,
        results.b,
        results.tidy,
        results.is_tidy,
        {{ as_text('results.a', tidy='results.is_tidy') }} as a_in_row,
        {{ as_text('results.b', tidy='results.is_tidy') }} as b_in_row,
        {{ as_text('results.a') }} as a_alone,
        {{ as_text('results.b') }} as b_alone
    from results
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
from texts
where
    is_tidy <> tidy
    or a_in_row is distinct from a_alone
    or b_in_row is distinct from b_alone
union all
select
    'row_hash of another row' as wrong,
    results.a,
    results.b
from results
inner join repeated on results.row_hash = repeated.row_hash
