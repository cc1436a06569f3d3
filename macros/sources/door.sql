{#
    The door: before any model runs, every declared raw table becomes a view raw.<system>__<table> that has every
    declared column. An absent system is an empty typed view, so nothing downstream knows the difference.
    A missing optional column is a typed null and a warning (none where meta says may_be_absent); a missing required one
    stops the run. Tables whose meta names a loader are there only if the var <system>_loader names it too.
#}
{% macro open_door() %}
    {%- if execute and flags.WHICH in ['build', 'run', 'test', 'seed', 'snapshot'] -%}
        {%- set problems, notes, present = [], [], [] -%}
        {%- set known = perennial.raw_tables(problems) -%}
        {%- if problems -%}
            {%- do exceptions.raise_compiler_error(problems | join('\n  ')) -%}
        {%- endif -%}
        {%- do run_query('create schema if not exists raw') -%}
        {%- do known.update(perennial.remembered_tables()) -%}
        {%- for source in perennial.declared_sources() if perennial.is_of_the_loader(source) -%}
            {%- set system, table = source.source_name, source.name -%}
            {%- set location = known.get(system ~ '.' ~ table) if system in var('systems') or system == 'state' -%}
            {%- set system_is_present = system in var('systems') and perennial.has_system(known, system) -%}
            {%- if system == 'state' -%}
                {%- set landed = perennial.landed_columns(location) if location else {} -%}
            {%- elif system_is_present and location -%}
                {%- do present.append(system) -%}
                {%- set landed = perennial.landed_columns(location) -%}
                {%- do perennial.check_columns(source, landed, location, problems, notes) -%}
            {%- else -%}
                {%- set landed = {} -%}
                {%- if system_is_present and source.config.meta.get('required') -%}
                    {%- do problems.append(
                        system ~ '.' ~ table ~ ' is missing: Perennial needs it whenever there is any ' ~ system
                        ~ ' table. Land it as ' ~ perennial.raw_root() ~ '/' ~ system ~ '/' ~ table
                        ~ '.parquet, or take ' ~ system ~ ' out of the var systems.'
                        ~ perennial.other_loader(source, known)
                    ) -%}
                {%- endif -%}
            {%- endif -%}
            {%- if not problems -%}
                {%- do run_query(perennial.door_view(source, landed, location)) -%}
            {%- endif -%}
        {%- endfor -%}
        {%- if not problems and not present -%}
            {%- do problems.append(
                'There is no raw table of ' ~ var('systems') | join(', ') ~ ' below ' ~ perennial.raw_root()
                ~ ': run make sample for the sample data, or set PERENNIAL_RAW to the folder that holds '
                ~ '<system>/<table>.parquet.'
            ) -%}
        {%- endif -%}
        {%- if problems -%}
            {%- do exceptions.raise_compiler_error(problems | join('\n  ')) -%}
        {%- endif -%}
        {%- set read = [] -%}
        {%- for source in perennial.declared_sources() if perennial.is_of_the_loader(source) -%}
            {%- do read.append(source.source_name ~ '.' ~ source.name) -%}
        {%- endfor -%}
        {%- for name in known if name.split('.')[0] in var('systems') and name not in read -%}
            {%- set loader = var(name.split('.')[0] ~ '_loader', none) -%}
            {%- do notes.append(
                name ~ ' is no table that Perennial knows' ~ (' from ' ~ loader if loader) ~ ', and is not read.'
            ) -%}
        {%- endfor -%}
        {%- set absent = var('systems') | reject('in', present) | join(', ') -%}
        {%- if absent -%}
            {%- do notes.append(absent ~ ': no raw tables below ' ~ perennial.raw_root() ~ ', treated as absent.') -%}
        {%- endif -%}
        {%- for note in notes -%}
            {%- do log('  door: ' ~ note, info=true) -%}
        {%- endfor -%}
    {%- endif -%}
{% endmacro %}


{% macro raw_root() -%}
    {{- return((env_var('PERENNIAL_RAW', '') or 'data/raw').rstrip('/') | replace("'", "''")) -}}
{%- endmacro %}


{% macro declared_sources() %}
    {%- do return(
        graph.sources.values() | selectattr('package_name', 'equalto', 'perennial') | sort(attribute='unique_id')
    ) -%}
{% endmacro %}


{% macro is_of_the_loader(source) %}
    {%- set loader = source.config.meta.get('loader') -%}
    {%- do return(not loader or loader == var(source.source_name ~ '_loader')) -%}
{% endmacro %}


{# A hint for whoever left the loader at its default: a required table of another loader has landed. #}
{% macro other_loader(source, known) %}
    {%- for other in perennial.declared_sources()
        if other.source_name == source.source_name and other.config.meta.get('required')
        and not perennial.is_of_the_loader(other) and (other.source_name ~ '.' ~ other.name) in known -%}
        {%- do return(
            ' ' ~ other.source_name ~ '.' ~ other.name ~ ' is there: if ' ~ other.config.meta.loader
            ~ ' loads it, set the var ' ~ other.source_name ~ '_loader to ' ~ other.config.meta.loader ~ '.'
        ) -%}
    {%- endfor -%}
    {%- do return('') -%}
{% endmacro %}


{% macro has_system(known, system) %}
    {%- do return(known.keys() | map('truncate', system | length + 1, true, '', 0) | select('equalto', system ~ '.') | list | length > 0) -%}
{% endmacro %}


{# {'system.table': where to read it}, for everything that has landed. #}
{% macro raw_tables(problems) %}
    {%- set tables = {} -%}
    {%- if var('raw_from') == 'schemas' -%}
        {%- for system in var('systems') -%}
            {%- for table in perennial.tables_of(system) -%}
                {%- do tables.update({system ~ '.' ~ table: system ~ '.' ~ adapter.quote(table)}) -%}
            {%- endfor -%}
        {%- endfor -%}
    {%- else -%}
        {%- for file in perennial.raw_files() -%}
            {%- set parts = file.split('/') -%}
            {%- set below = parts[-2:] if parts[-2] in var('systems') else parts[-3:] -%}
            {%- set system, table = below[0], below[1] | replace('.parquet', '') -%}
            {%- set folder = parts[:-(below | length)] | join('/') -%}
            {%- set path = folder ~ '/' ~ system ~ '/' ~ table ~ ('.parquet' if below | length == 2 else '/*.parquet') -%}
            {%- set name, location = system ~ '.' ~ table, perennial.file_relation(path) -%}
            {%- if system in var('systems') and tables.get(name, location) != location -%}
                {%- do problems.append(
                    name ~ ' is there twice, as the file ' ~ table ~ '.parquet and as the folder ' ~ table ~ ': keep one of the'
                    ~ ' two in ' ~ folder ~ '/' ~ system ~ '.'
                ) -%}
            {%- endif -%}
            {%- do tables.update({name: location}) -%}
        {%- endfor -%}
        {%- for file in perennial.files_too_deep() -%}
            {%- do problems.append(
                file ~ ' lies too deep to be read: put the files of a table into <system>/<table>/ without further folders.'
            ) -%}
        {%- endfor -%}
        {%- for file in perennial.files_not_parquet() if (file.split('/')[-3:-1] | select('in', var('systems')) | list) -%}
            {%- do problems.append(
                file ~ ' is no Parquet file: write it as Parquet (python -m converters receipts does so for a CSV file of'
                ~ ' receipts), or move it away.'
            ) -%}
        {%- endfor -%}
    {%- endif -%}
    {%- do return(tables) -%}
{% endmacro %}


{# What earlier builds left in the schema state for this one to read before it adds to it. #}
{% macro remembered_tables() %}
    {%- set tables = {} -%}
    {%- for source in perennial.declared_sources() if source.source_name == 'state' -%}
        {%- set relation = adapter.get_relation(database=target.database, schema='state', identifier=source.name) -%}
        {%- if relation -%}
            {%- do tables.update({'state.' ~ source.name: relation.render()}) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- do return(tables) -%}
{% endmacro %}


{% macro landed_columns(location) %}
    {%- set columns = {} -%}
    {%- for row in run_query('describe select * from ' ~ location).rows -%}
        {%- do columns.update({row[0] | lower: row[1] | lower}) -%}
    {%- endfor -%}
    {%- do return(columns) -%}
{% endmacro %}


{#
    The landed columns that are a declared one: its own name, else the same letters with other case or underscores
    (customerProfileId), else an alias of its meta.
#}
{% macro spellings(column, source, landed) %}
    {%- set wanted, found = [], [] -%}
    {%- for name in [column.name] + (column.config.meta.get('aliases') or []) -%}
        {%- do wanted.append(name | lower | replace('_', '')) -%}
    {%- endfor -%}
    {%- if column.name in landed -%}
        {%- do found.append(column.name) -%}
    {%- endif -%}
    {%- for name in landed.keys() | reject('in', source.columns.keys()) | sort -%}
        {%- if name | replace('_', '') in wanted -%}
            {%- do found.append(name) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- do return(found) -%}
{% endmacro %}


{% macro check_columns(source, landed, location, problems, notes) %}
    {%- set name = source.source_name ~ '.' ~ source.name -%}
    {%- set absent = [] -%}
    {%- for column in source.columns.values() -%}
        {%- for landed_name in perennial.spellings(column, source, landed)
            if not perennial.lands_well(landed[landed_name], column.data_type) -%}
            {%- do notes.append(
                name ~ ': column ' ~ landed_name ~ ' landed as ' ~ landed[landed_name] ~ ' instead of ' ~ column.data_type
                ~ '; it is read as text, and what is no ' ~ column.data_type ~ ' then is refused or null.'
            ) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- for column in source.columns.values() if not perennial.spellings(column, source, landed) -%}
        {%- if column.config.meta.get('required') -%}
            {%- do problems.append(
                name ~ ' has no column ' ~ column.name ~ ' (' ~ column.data_type ~ ', '
                ~ column.description.split('.')[0] | trim ~ '), which is required: add it to ' ~ location
                ~ ', or take ' ~ source.source_name ~ ' out of the var systems.'
            ) -%}
        {%- elif not column.config.meta.get('may_be_absent') -%}
            {%- do absent.append(column.name) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if absent -%}
        {%- do notes.append(name ~ ': optional column(s) not landed, read as null: ' ~ absent | join(', ') ~ '.') -%}
    {%- endif -%}
{% endmacro %}


{#
    Each declared column as it landed, whatever its spelling; null if it did not; text if it landed in a type that its
    declared type cannot be cast from, so that staging quarantines the row instead of failing. Undeclared ones follow.
#}
{% macro door_view(source, landed, location) %}
    {%- set relation = api.Relation.create(schema='raw', identifier=source.identifier) -%}
    create or replace view {{ relation.include(database=false) }} as
    select
    {%- for column in source.columns.values() %}
        {%- set names = perennial.spellings(column, source, landed) %}
        {% if not names -%}
            cast(null as {{ 'string' if column.data_type == 'json' else column.data_type }})
        {%- elif names | length == 1 -%}
            {{ perennial.landed_as(adapter.quote(names[0]), landed[names[0]], column.data_type) }}
        {%- else -%}
            coalesce(
            {%- for name in names -%}
                cast({{ perennial.landed_as(adapter.quote(name), landed[name], column.data_type) }} as string)
                {{- ', ' if not loop.last }}
            {%- endfor -%}
            )
        {%- endif %} as {{ adapter.quote(column.name) }}
        {{- ',' if not loop.last or (landed.keys() | reject('in', source.columns.keys()) | list) }}
    {%- endfor %}
    {%- for name in landed.keys() | reject('in', source.columns.keys()) | sort %}
        {{ adapter.quote(name) }} as {{ adapter.quote(name) }}{{ ',' if not loop.last }}
    {%- endfor %}
    {%- if location %}
    from {{ location }}
    {%- else %}
    where false
    {%- endif %}
{% endmacro %}


{# text, number, fraction (a number that may have decimals), boolean, time, nested or other. #}
{% macro kind_of_type(type) %}
    {%- if type in ['varchar', 'string', 'json', 'text'] or type.startswith('enum') -%}
        {%- do return('text') -%}
    {%- elif type.startswith(('struct', 'map', 'array')) or type.endswith(']') -%}
        {%- do return('nested') -%}
    {%- elif type.startswith(('float', 'double', 'real', 'decimal')) -%}
        {%- do return('fraction') -%}
    {%- elif type.startswith(('timestamp', 'date')) -%}
        {%- do return('time') -%}
    {%- elif type == 'boolean' -%}
        {%- do return('boolean') -%}
    {%- elif type.rstrip('0123456789') in [
        'tinyint', 'smallint', 'int', 'integer', 'bigint', 'hugeint', 'utinyint', 'usmallint', 'uint', 'uinteger',
        'ubigint', 'uhugeint', 'long', 'short', 'byte'
    ] -%}
        {%- do return('number') -%}
    {%- endif -%}
    {%- do return('other') -%}
{% endmacro %}


{# Whether every value of a landed type is one of the declared type. Text is: loaders write anything as text. #}
{% macro lands_well(landed_type, declared_type) %}
    {%- set landed, declared = perennial.kind_of_type(landed_type), perennial.kind_of_type(declared_type) -%}
    {%- do return(
        landed == declared
        or landed == 'text'
        or (landed == 'nested' and declared_type == 'json')
        or (landed in ['number', 'fraction'] and declared in ['number', 'fraction', 'boolean'])
        or (landed in ['number', 'fraction'] and declared_type == 'string')
    ) -%}
{% endmacro %}


{% macro landed_as(column, landed_type, declared_type) -%}
    {%- set kind = perennial.kind_of_type(landed_type) -%}
    {%- if kind == 'nested' -%}
        cast(to_json({{ column }}) as string)
    {%- elif kind == 'fraction' and (declared_type == 'string' or perennial.kind_of_type(declared_type) == 'number') -%}
        {#- Whole ids among missing ones land as 17850.0, and a missing one as NaN. -#}
        {%- set number = column if landed_type.startswith('decimal') else 'nullif(' ~ column ~ ", cast('NaN' as double))" -%}
        coalesce(
            case when {{ number }} = floor({{ number }}) then cast(try_cast({{ number }} as decimal(38, 0)) as string) end,
            cast({{ number }} as string)
        )
    {%- elif landed_type == 'json' or landed_type.startswith('enum') -%}
        cast({{ column }} as string)
    {%- elif declared_type not in ['string', 'json'] and perennial.lands_well(landed_type, declared_type) -%}
        {{ column }}
    {%- else -%}
        cast({{ column }} as string)
    {%- endif -%}
{%- endmacro %}


{# The messaging tools that this shop has. #}
{% macro messaging_tools() -%} {{ return(var('systems') | select('in', ['braze', 'klaviyo']) | list) }} {%- endmacro %}
