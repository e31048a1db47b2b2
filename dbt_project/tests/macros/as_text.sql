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
    (repeat('0123456789abcdef', 8), repeat('0123456789abcdef', 8)),
    (repeat('0123456789ABCDEF', 8), repeat('0123456789ABCDEF', 8)),
    (repeat('0123456789abcdef', 8) || e'\n', repeat('0123456789abcdef', 8)),
    ('mlparse', 'mlparse'),
    ('a_b"c', 'a_b"c'),
    (null, null)
),

results as (
    select
        examples.input,
        examples.expected,
        {{ as_text('examples.input') }} as got,
        {{ as_text('examples.input', is_hex=true) }} as got_of_key
    from examples
)

select
    input,
    expected,
    got,
    got_of_key
from results
where got is distinct from expected or got_of_key is distinct from expected
