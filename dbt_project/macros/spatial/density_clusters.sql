{#- DBSCAN by weight, on the plane. PostGIS counts points, so a location stands for as many points as it weighs, but for no more
    than are needed: `least(weight, least_weight)` copies give the same cores and the same clusters as all of them would. One that
    two clusters reach belongs to that of its first core from the west, the southern one where two are equally far west.
    `locations`: a CTE of one row a period and place, with place (a point on the plane), weight, and least_weight of the period.
    Gives period, place, cluster. -#}
{% macro density_clusters(locations, metres) -%}
select distinct
        clustered.period,
        clustered.place,
        clustered.cluster
    from (
        select
            {{ locations }}.period,
            {{ locations }}.place,
            st_clusterdbscan({{ locations }}.place, {{ metres }}, {{ locations }}.least_weight) over (
                partition by {{ locations }}.period, {{ locations }}.least_weight
                order by st_x({{ locations }}.place), st_y({{ locations }}.place)
            ) as cluster
        from {{ locations }}
        cross join generate_series(1, least({{ locations }}.weight, {{ locations }}.least_weight))
    ) as clustered
    where clustered.cluster is not null
{%- endmacro %}


{#- The weight that a cluster needs: so much for each year of the period that there are crashes of, and never less than `floor`. -#}
{% macro least_weight(weight_a_year, floor, first_day, last_day) -%}
greatest(ceil({{ weight_a_year }} * ({{ last_day }} - {{ first_day }} + 1) / 365.25), {{ floor }})::integer
{%- endmacro %}


{#- The outline of the crashes of a cluster and some metres around them, so that one in a single place has an area too. -#}
{% macro cluster_extent(places, metres) -%}
{{ in_degrees("st_buffer(st_convexhull(st_collect(" ~ places ~ ")), " ~ metres ~ ", 'quad_segs=4')", 'polygon') }}
{%- endmacro %}
