with examples (input, expected) as (
    values
    ('NORTH', 'NORTH'),
    ('N STATE ST', 'N STATE ST'),
    ('  N  STATE   ST ', 'N STATE ST'),
    (e'N\tSTATE\r\nST', 'N STATE ST'),
    (e'\u00a0N\u00a0\u2003STATE\u3000', 'N STATE'),
    ('UNKNOWN', 'UNKNOWN'),
    (' unknown ', 'unknown'),
    ('UNKNOWN/NA', 'UNKNOWN/NA'),
    ('NOT APPLICABLE', 'NOT APPLICABLE'),
    ('NONE', 'NONE'),
    ('', null),
    (' ', null),
    (e'\t\n', null),
    (e'\u00a0', null),
    ('NULL', null),
    ('null', null),
    ('N/A', null),
    ('n/a', null),
    (e' N/A\u00a0', null),
    ('NULLIFIED', 'NULLIFIED'),
    ('N/A BUT SEEN', 'N/A BUT SEEN'),
    ('N / A', 'N / A'),
    ('0', '0'),
    ('O''HARE', 'O''HARE'),
    ('a"b', 'a"b'),
    (e'C:\\temp', e'C:\\temp'),
    ('Calle Peña', 'Calle Peña'),
    (' Peña  ', 'Peña'),
    ('事故', '事故'),
    ('%_$1\1', '%_$1\1'),
    (repeat('a', 10000), repeat('a', 10000)),
    (repeat(' ', 10000), null),
    (repeat('a ', 5000), rtrim(repeat('a ', 5000))),
    (null, null)
),

results as (
    select
        examples.input,
        examples.expected,
        {{ as_text('examples.input') }} as got
    from examples
)

select
    input,
    expected,
    got
from results
where got is distinct from expected
