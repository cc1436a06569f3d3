{# A person's place in a campaign, 0 to 9999; below its share of control is the control group. #}
{% macro campaign_bucket(campaign, customer_id) -%}
    {{ bucket_of(salt() ~ " || '|' || " ~ campaign ~ " || '|' || " ~ customer_id, 10000) }}
{%- endmacro %}
