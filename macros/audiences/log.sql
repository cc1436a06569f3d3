{#
    Whether a row of the log stands for a message. Other rows only tell what becomes of a member; who is added as resumed
    was one already, by another id of the person or earlier that day.
#}
{% macro is_message(log=none) -%}
    {%- set of = log ~ '.' if log else '' -%}
    coalesce({{ of }}reason, {{ of }}change) in ('add', 'new_trigger')
{%- endmacro %}
