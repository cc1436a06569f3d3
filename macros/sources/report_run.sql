{# What the run was a function of, and what it refused, in the last lines of its log. #}
{% macro report_run(results) %}
    {%- if execute -%}
        {%- for result in results if result.status | string == 'fail' and result.node.test_metadata
            and result.node.test_metadata.name == 'settings_hold' -%}
            {%- for row in run_query(result.node.compiled_code ~ ' order by sentence').rows -%}
                {%- do log(
                    '  seeds/' ~ result.node.attached_node.split('.')[-1] ~ '.csv: ' ~ row[0] ~ '. Not so: ' ~ row[1] ~ '.',
                    info=true
                ) -%}
            {%- endfor -%}
        {%- endfor -%}
    {%- endif -%}
    {%- if execute and flags.WHICH in ['build', 'run'] -%}
        {%- set relations = [
            adapter.get_relation(database=target.database, schema='staging', identifier='point_in_time'),
            adapter.get_relation(database=target.database, schema='quality', identifier='row_accounting'),
            adapter.get_relation(database=target.database, schema='marts', identifier='orders'),
        ] -%}
        {%- if relations | select('none') | list | length == 0 -%}
            {%- set run = run_query('select as_of, as_of_basis, reporting_timezone, shop_zone_count, reporting_currency from '
                ~ relations[0]).rows[0] -%}
            {%- do log(
                '  as_of ' ~ run[0] ~ ' (' ~ run[1] ~ '), zone ' ~ run[2] ~ ', currency ' ~ run[4] ~ '.', info=true
            ) -%}
            {%- if run[3] > 1 and not var('reporting_timezone') -%}
                {%- do log(
                    '  The shops are in ' ~ run[3] ~ ' zones, so days are those of UTC: set the var reporting_timezone to'
                    ~ ' have the days of one of them.', info=true
                ) -%}
            {%- endif -%}
            {%- for row in run_query('select currency_code, count(*) from ' ~ relations[2] ~
                ' where net_revenue_reporting is null group by currency_code order by currency_code').rows -%}
                {%- do log(
                    '  ' ~ row[1] ~ ' orders in ' ~ row[0] ~ ' carry no money: seeds/exchange_rates.csv has no rate to ' ~ run[4]
                    ~ ' for their days.', info=true
                ) -%}
            {%- endfor -%}
            {%- set members = adapter.get_relation(database=target.database, schema='intermediate', identifier='int_identity__records') -%}
            {%- set overrides = adapter.get_relation(database=target.database, schema='settings', identifier='identity_overrides') -%}
            {%- for side in ['left', 'right'] if members and overrides -%}
                {%- for row in run_query('select rules.rule_id, rules.' ~ side ~ '_record_id from ' ~ overrides ~ ' as rules left join '
                    ~ members ~ ' as records on rules.' ~ side ~ '_source_name = records.source_name and rules.' ~ side
                    ~ '_record_type = records.source_record_type and rules.' ~ side ~ '_record_id = records.source_record_id'
                    ~ ' where records.source_name is null order by rules.rule_id').rows -%}
                    {%- do log(
                        '  seeds/identity_overrides.csv: rule ' ~ row[0] ~ ' does nothing, there is no record ' ~ row[1]
                        ~ ' of that system and type: its keys are those of marts.customer_records.', info=true
                    ) -%}
                {%- endfor -%}
            {%- endfor -%}
            {%- set owed = adapter.get_relation(database=target.database, schema='marts', identifier='loyalty_liability_monthly') -%}
            {%- if owed -%}
                {%- for row in run_query('select programme from ' ~ owed ~ ' group by programme having max_by('
                    ~ 'case when allocated_amount is null then 1 else 0 end, month) = 1 order by programme').rows -%}
                    {%- do log(
                        '  What is owed for the points of ' ~ row[0] ~ ' is not known: seeds/loyalty_programmes.csv has no'
                        ~ ' point_price for all of its time.', info=true
                    ) -%}
                {%- endfor -%}
            {%- endif -%}
            {%- for row in run_query('select system, table_name, quarantined_rows from ' ~ relations[1]
                ~ ' where quarantined_rows > 0 order by system, table_name').rows -%}
                {%- do log(
                    '  ' ~ row[0] ~ '.' ~ row[1] ~ ': ' ~ row[2] ~ ' rows refused, see quality.quarantined_rows.', info=true
                ) -%}
            {%- endfor -%}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}
