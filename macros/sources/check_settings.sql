{# Contradictions stop the run at its start, each with one sentence that says what to do. #}
{% macro check_settings() %}
    {%- if execute -%}
        {%- set problems = [] -%}
        {%- set known = perennial.declared_sources() | map(attribute='source_name') | unique | list -%}
        {%- if var('systems') is string or var('systems') is not sequence or not var('systems') -%}
            {%- do problems.append('The var systems must be a list with at least one of: ' ~ known | join(', ') ~ '.') -%}
        {%- else -%}
            {%- for system in var('systems') if system not in known -%}
                {%- do problems.append(
                    'The var systems names ' ~ system ~ ', which is not one of: ' ~ known | join(', ')
                    ~ '. Correct the name, or bring the tool in as a custom_<subject> relation.'
                ) -%}
            {%- endfor -%}
        {%- endif -%}
        {%- for name in ['as_of', 'loaded_until'] if var(name) -%}
            {%- if not perennial.is_day(var(name) | string) -%}
                {%- do problems.append('The var ' ~ name ~ ' must be a day such as 2025-12-31, not ' ~ var(name) ~ '.') -%}
            {%- endif -%}
        {%- endfor -%}
        {%- if var('as_of') and var('loaded_until') and var('as_of') | string > var('loaded_until') | string -%}
            {%- do problems.append(
                'The var as_of (' ~ var('as_of') ~ ') lies after loaded_until (' ~ var('loaded_until') ~ '), when nobody could'
                ~ ' know about it: choose an earlier as_of, or leave one of the two out.'
            ) -%}
        {%- endif -%}
        {%- if var('reporting_timezone') and var('reporting_timezone') not in modules.pytz.all_timezones -%}
            {%- do problems.append(
                'The var reporting_timezone must be an IANA name such as Europe/London, not '
                ~ var('reporting_timezone') ~ '.'
            ) -%}
        {%- endif -%}
        {%- if var('reporting_currency') and not modules.re.fullmatch('[A-Z]{3}', var('reporting_currency')) -%}
            {%- do problems.append(
                'The var reporting_currency must be an ISO 4217 code such as EUR, not ' ~ var('reporting_currency') ~ '.'
            ) -%}
        {%- endif -%}
        {%- if var('count_zero_value_orders') is not boolean -%}
            {%- do problems.append(
                'The var count_zero_value_orders must be true or false, not ' ~ var('count_zero_value_orders') ~ '.'
            ) -%}
        {%- endif -%}
        {%- if var('raw_from') not in ['files', 'schemas'] -%}
            {%- do problems.append('The var raw_from must be files or schemas, not ' ~ var('raw_from') ~ '.') -%}
        {%- endif -%}
        {%- if not run_query('select ' ~ perennial.salt() ~ ' as salt').columns[0].values()[0] -%}
            {%- do problems.append(
                'The profile holds no salt for person ids: copy the setting that reads PERENNIAL_SALT from profiles.yml.'
            ) -%}
        {%- endif -%}
        {%- if var('shopify_loader') not in ['airbyte', 'fivetran'] -%}
            {%- do problems.append(
                'The var shopify_loader must be airbyte or fivetran, not ' ~ var('shopify_loader') ~ '.'
            ) -%}
        {%- endif -%}
        {%- for name in ['segment_user_id', 'talon_one_profile_id', 'yotpo_loyalty_third_party_id',
            'braze_external_user_id', 'klaviyo_external_id'] -%}
            {%- if var(name) not in perennial.id_kinds() -%}
                {%- do problems.append(
                    'The var ' ~ name ~ ' must be one of: ' ~ perennial.id_kinds() | join(', ') ~ ', not '
                    ~ var(name) ~ '.'
                ) -%}
            {%- endif -%}
        {%- endfor -%}
        {%- for subject, columns in perennial.subjects().items() if var('custom_' ~ subject) -%}
            {%- set relation = var('custom_' ~ subject) -%}
            {%- set is_there = perennial.relation_exists(relation) -%}
            {%- set absent = (
                columns.keys() | reject('in', perennial.landed_columns(relation)) | join(', ') if is_there else ''
            ) -%}
            {%- if not is_there -%}
                {%- do problems.append(
                    'There is no ' ~ relation ~ ', which the var custom_' ~ subject ~ ' names: create it in '
                    ~ (target.database or 'the catalog') ~ ', which the build writes, or correct the name.'
                ) -%}
            {%- elif absent -%}
                {%- do problems.append(
                    relation ~ ', which the var custom_' ~ subject ~ ' names, has no column ' ~ absent ~ ': it must have'
                    ~ ' all columns of ' ~ subject ~ ' in macros/sources/subjects.sql, null where nothing is known.'
                ) -%}
            {%- endif -%}
        {%- endfor -%}
        {%- if problems -%}
            {%- do exceptions.raise_compiler_error(problems | join('\n  ')) -%}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}


{# Whether a text is a day of the calendar, written 2025-12-31. #}
{% macro is_day(text) %}
    {%- if not modules.re.fullmatch('[12]\d{3}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])', text) -%}
        {%- do return(false) -%}
    {%- endif -%}
    {%- set year, month, day = text.split('-') | map('int') -%}
    {%- set first = modules.datetime.date(year, month, 1) -%}
    {%- do return((first + modules.datetime.timedelta(days=day - 1)).month == month) -%}
{% endmacro %}
