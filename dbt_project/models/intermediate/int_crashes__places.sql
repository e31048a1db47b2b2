-- One row a crash that is in one of the City's boundaries as they are now: its place in each. Null where that layer was not
-- landed, or the crash is outside of it.
select
    {% for place, layer in carried_places().items() -%}
    max(label) filter (where layer_id = '{{ layer }}') as {{ place }},
    {% endfor -%}
    crash_record_id
from {{ ref('crash_features') }}
where layer_id in ({{ city_layers() }})
group by crash_record_id
