{#
    Erasure. state.erasures says who is to be forgotten; the marts show nothing personal of them. What staging and intermediate
    tables needed in order to match and to count is taken out of them when the run ends, so that the whole warehouse
    holds nothing. Raw data are the source's: erase there too.
#}

{# on-run-end. A run of marts and audiences alone wrote nothing that is personal, and finds the rest as the last one left it. #}
{% macro erase(results) %}
    {%- set written = [] -%}
    {%- for result in results if result.node.schema in ['staging', 'intermediate', 'quality'] or result.node.name == 'erasures' -%}
        {%- do written.append(result.node.name) -%}
    {%- endfor -%}
    {%- if execute and written and flags.WHICH in ['build', 'run'] -%}
        {%- set keys = perennial.table_of('erasures') -%}
        {%- set missing = [] -%}
        {%- for model in [
            'int_customer_records__unioned', 'int_identity__members', 'int_identity__usable', 'int_identity__identifiers',
            'int_identity__erased_records', 'int_referrals__unioned', 'int_web_sessions__events', 'quarantined_rows',
        ] if not perennial.table_of(model) -%}
            {%- do missing.append(model) -%}
        {%- endfor -%}
        {%- if keys and missing -%}
            {%- do log(
                '  Nobody was erased from this part of a warehouse: run a whole dbt build, which has ' ~ missing | join(', ') ~ '.',
                info=true
            ) -%}
        {%- elif keys and run_query('select 1 from ' ~ keys ~ ' limit 1').rows -%}
            {%- for rule in perennial.refused_rows() + perennial.personal_columns(keys) -%}
                {%- set relation = perennial.table_of(rule.model) -%}
                {%- if relation -%}
                    {%- do perennial.rewrite(relation, rule.changes, rule.condition) -%}
                {%- endif -%}
            {%- endfor -%}
            {%- set told = run_query(
                'select count(distinct case when customer_id is not null then customer_id end), count(distinct case when customer_id'
                ~ " is null and key_type <> 'phone_tail' then key_type || key_value end) from " ~ keys
            ).rows[0] -%}
            {%- do log(
                '  ' ~ told[0] ~ ' people are forgotten, see marts.customer_erasures; requests name ' ~ told[1]
                ~ ' identifiers, see state.erasures.', info=true
            ) -%}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}


{# The table of a model, none if it was not built or is a view. #}
{% macro table_of(model) %}
    {%- set node = graph.nodes.get('model.perennial.' ~ model) -%}
    {%- set relation = adapter.get_relation(database=node.database, schema=node.schema, identifier=node.alias) if node -%}
    {%- do return(relation if relation and not relation.is_view else none) -%}
{% endmacro %}


{#
    Which columns of which tables are personal, whose row it is, and what an erased person's becomes. `changes` maps columns to
    expressions that change nothing when they are applied again; without changes the rows are removed. Ids stay unless
    the shop chose addresses for ids. Order counts: what says whose a row is goes last.
#}
{% macro personal_columns(keys) %}
    {%- set rules = [] -%}
    {%- set erased = perennial.table_of('int_identity__erased_records') -%}

    {#- Tables of systems: the record that a row is or belongs to. -#}
    {%- set order_fields = [
        'id', 'product_id', 'variant_id', 'sku', 'title', 'variant_title', 'vendor', 'quantity', 'price', 'gift_card', 'tip',
        'total_discount', 'discount_allocations', 'tax_lines', 'properties',
    ] -%}
    {%- set receipts = perennial.map_fields(
        'receipts', ['id', 'email', 'completed_at', 'status'], {'email': perennial.address_record_id('element.email')}
    ) -%}
    {%- set address, shop_id = perennial.address_record_id('email'), "shop_url || ':' || " -%}
    {%- set visits = {
        'url': perennial.without_address('url'), 'path': perennial.without_address('path'),
        'referrer': perennial.without_address('referrer'), 'user_agent': 'null',
    } -%}
    {%- for model, type, id, blank, masked, changes in [
        ('base_aftership__trackings', 'tracking', 'tracking_id', ['people'], [], {}),
        ('base_aftership__returns', 'return', 'return_id', ['email'], [], {}),
        ('base_barilliance__addresses', 'address', address, [], [], {'email': address}),
        ('base_barilliance__sent_emails', 'address', address, [], [], {'email': address}),
        ('base_braze__message_events', 'user', 'user_id', ['email', 'phone', 'message_body'], ['external_user_id'], {}),
        ('base_braze__subscription_changes', 'user', 'user_id', ['email', 'phone'], ['external_user_id'], {}),
        ('base_braze__campaign_events', 'user', 'user_id', [], ['external_user_id'], {}),
        ('base_braze__user_events', 'user', 'user_id', [], ['external_user_id'], {}),
        ('base_gorgias__customers', 'customer', 'gorgias_customer_id', ['email', 'full_name', 'external_id'], [], {}),
        ('base_gorgias__satisfaction_surveys', 'ticket', 'ticket_id', ['comment'], [], {}),
        ('base_gorgias__tickets', 'ticket', 'ticket_id', ['email', 'subject', 'excerpt', 'fields'], [], {}),
        ('base_klaviyo__profiles', 'profile', 'profile_id', ['email', 'phone', 'profile'], ['external_id'], {}),
        ('base_pos__sales', 'sale', "store_id || ':' || sale_id", ['customer_email', 'customer_phone'], ['loyalty_id'], {}),
        ('base_recharge__customers', 'customer', 'recharge_customer_id',
            ['email', 'phone', 'first_name', 'last_name'], [], {}),
        ('base_recharge__subscriptions', 'subscription', 'subscription_id', ['email', 'cancellation_comment'], [], {}),
        ('base_segment__identifies', 'user', perennial.foreign_record_id('user_id'), ['email', 'phone'], ['user_id'], {}),
        ('base_segment__identifies', 'browser', 'anonymous_id', ['email', 'phone'], [], {}),
        ('base_segment__events', 'user', perennial.foreign_record_id('user_id'), [], ['user_id'], visits),
        ('base_shopify__abandoned_checkouts', 'customer', shop_id ~ 'shopify_customer_id', ['email', 'phone'], [], {}),
        ('base_shopify__customers', 'customer', shop_id ~ 'shopify_customer_id',
            ['email', 'phone', 'first_name', 'last_name', 'tags'], [], {}),
        ('base_shopify__orders', 'order', shop_id ~ 'shopify_order_id', ['email', 'phone', 'first_name', 'last_name'], [],
            {'lines': perennial.map_fields('lines', order_fields, {'properties': 'null'})}),
        ('base_talon_one__customer_sessions', 'profile', perennial.foreign_record_id('profile_id'), [], ['profile_id'], {}),
        ('base_talon_one__customers_tiers', 'profile', perennial.foreign_record_id('profile_id'), [], ['profile_id'], {}),
        ('base_talon_one__effects', 'profile', perennial.foreign_record_id('profile_id'), [], ['profile_id'], {}),
        ('base_talon_one__loyalty_balances', 'profile', perennial.foreign_record_id('profile_id'), [], ['profile_id'], {}),
        ('base_talon_one__loyalty_transactions', 'profile', perennial.foreign_record_id('profile_id'), [], ['profile_id'], {}),
        ('base_talon_one__coupons', 'profile', perennial.foreign_record_id('recipient_profile_id'), [],
            ['recipient_profile_id'], {}),
        ('base_talon_one__referrals', 'profile', perennial.foreign_record_id('friend_profile_id'), [],
            ['friend_profile_id'], {}),
        ('base_talon_one__referrals', 'profile', perennial.foreign_record_id('advocate_profile_id'), ['code'],
            ['advocate_profile_id'], {}),
        ('base_talon_one__customer_profiles', 'profile', perennial.foreign_record_id('profile_id'), ['email', 'phone'],
            ['profile_id'], {}),
        ('base_yotpo__reviews', 'address', address, ['title', 'content'], [], {'email': address}),
        ('base_yotpo__raw_data', 'address', address, [], [], {'email': address}),
        ('base_yotpo__unsubscribers', 'address', address, [], [], {'email': address}),
        ('base_yotpo_loyalty__customers', 'customer', address, ['phone', 'referral_code'], ['third_party_id', 'member_id'],
            {'email': address, 'receipts': receipts}),
    ] -%}
        {%- for column in blank -%} {%- do changes.update({column: 'null'}) -%} {%- endfor -%}
        {%- for column in masked -%} {%- do changes.update({column: perennial.foreign_record_id(column)}) -%} {%- endfor -%}
        {%- set system, relation = model.split('__')[0] | replace('base_', ''), perennial.table_of(model) -%}
        {%- set conditions = [id ~ ' in (' ~ perennial.erased_ids(erased, system, type) ~ ')', "raw_row like 'erased:%'"] -%}
        {%- if relation -%}
            {%- for column in ['email', 'customer_email'] if column in changes -%}
                {%- do conditions.append(perennial.is_erased_email(keys, relation, column)) -%}
            {%- endfor -%}
            {%- for column in ['phone', 'customer_phone'] if column in changes -%}
                {%- do conditions.append(perennial.is_erased_phone(keys, relation, column)) -%}
            {%- endfor -%}
        {%- endif -%}
        {%- do conditions.extend(perennial.owners(erased, model)) -%}
        {%- set condition = '(' ~ conditions | join(' or ') ~ ')' -%}
        {%- set shared = [] -%}
        {%- for column, told in {
            'profile': ['email', 'phone'], 'phone': ['phone'], 'customer_phone': ['customer_phone'], 'email': ['email'],
            'customer_email': ['customer_email'],
        }.items() if column in changes -%}
            {%- set others = [] -%}
            {%- for each in told -%} {%- do others.append(perennial.is_somebody_elses(each)) -%} {%- endfor -%}
            {%- do shared.append({
                'model': model, 'changes': {column: changes.pop(column)},
                'condition': condition ~ ' and not coalesce(' ~ others | join(' or ') ~ ', false)',
            }) -%}
        {%- endfor -%}
        {%- if changes -%} {%- do rules.append({'model': model, 'changes': changes, 'condition': condition}) -%} {%- endif -%}
        {%- do rules.extend(shared) -%}
    {%- endfor -%}

    {#- Whoever else is on a parcel, such as the person who gets the present. -#}
    {%- set trackings = perennial.table_of('base_aftership__trackings') -%}
    {%- if trackings -%}
        {%- set people = '(select tracking_id, ' ~ perennial.explode('people') ~ ' as person from ' ~ trackings ~ ')' -%}
        {%- set named = '(select tracking_id, person.email as email, person.phone_number as phone from ' ~ people ~ ' as people)' -%}
        {%- do rules.append({
            'model': 'base_aftership__trackings', 'changes': {'people': 'null'},
            'condition': 'tracking_id in (select tracking_id from ' ~ named ~ ' as named where '
                ~ perennial.is_erased_email(keys, named, 'email') ~ ' or ' ~ perennial.is_erased_phone(keys, named, 'phone') ~ ')',
        }) -%}
    {%- endif -%}

    {#- Fivetran spreads an order over tables. -#}
    {%- set orders = 'select ' ~ perennial.last_part('source_record_id') ~ ' from ' ~ erased
        ~ " where source_name = 'shopify' and source_record_type = 'order'" -%}
    {%- set accounts = orders | replace("'order'", "'customer'") -%}
    {%- do rules.extend([
        {
            'model': 'base_shopify__order_parts', 'changes': {'inner_list': 'null'},
            'condition': "raw_table = 'order_line' and owner_id in (" ~ orders ~ ')',
        },
        {
            'model': 'base_shopify__order_parts', 'changes': {'part': "'{}'"},
            'condition': "raw_table = 'customer_tag' and owner_id in (" ~ accounts ~ ')',
        },
        {
            'model': 'base_shopify__nested_parts',
            'changes': {
                'customer': perennial.replace_pattern('customer', '"email":"[^"]*"', '"email":null'),
                'line_items': perennial.replace_pattern('line_items', '"properties":\\[[^\\]]*\\]', '"properties":[]'),
            },
            'condition': "owner_table = 'order' and owner_id in (" ~ orders ~ ')',
        },
        {
            'model': 'base_shopify__nested_parts', 'changes': {'tags': 'null'},
            'condition': "owner_table = 'customer' and owner_id in (" ~ accounts ~ ')',
        },
    ]) -%}

    {#- A member's row also names the friends whom the member invited. -#}
    {%- set friends = 'select advocate_record_id from ' ~ perennial.table_of('int_referrals__unioned')
        ~ " where source_name = 'yotpo_loyalty' and friend_record_id in ("
        ~ perennial.erased_ids(erased, 'yotpo_loyalty', 'friend') ~ ')' -%}
    {%- do rules.append({
        'model': 'base_yotpo_loyalty__customers', 'changes': {'receipts': receipts}, 'condition': address ~ ' in (' ~ friends ~ ')',
    }) -%}

    {#- What somebody wrote about one member only. Texts of many are those of rules, which say what a booking is. -#}
    {%- set note = 'reason in (select reason from {} group by reason having count(distinct {}) = 1)' -%}
    {%- set transactions = perennial.table_of('base_talon_one__loyalty_transactions') -%}
    {%- set of_profile = perennial.foreign_record_id('profile_id') ~ ' in ('
        ~ perennial.erased_ids(erased, 'talon_one', 'profile') ~ ')' -%}
    {%- do rules.append({
        'model': 'base_talon_one__loyalty_transactions', 'changes': {'reason': 'null'},
        'condition': of_profile ~ ' and ' ~ note.format(transactions, 'coalesce(profile_id, card_id)'),
    }) -%}
    {%- do rules.append({
        'model': 'int_loyalty_bookings__unioned', 'changes': {'reason': 'null'},
        'condition': perennial.is_of_erased(erased, 'source_record_type', 'source_record_id') ~ ' and '
            ~ note.format(perennial.table_of('int_loyalty_bookings__unioned'), 'member_id'),
    }) -%}

    {#- Visits of a browser that named one person only. -#}
    {%- set events = perennial.table_of('int_web_sessions__events') -%}
    {%- set visitor = perennial.is_of_erased(erased, 'visitor_record_type', 'visitor_record_id') -%}
    {%- do rules.append({
        'model': 'base_segment__events', 'changes': visits,
        'condition': "'segment:' || event_id in (select event_id from " ~ events ~ ' where ' ~ visitor ~ ')',
    }) -%}
    {%- do rules.append({
        'model': 'int_web_sessions__events',
        'changes': {'url': perennial.without_address('url'), 'path': perennial.without_address('path')},
        'condition': visitor,
    }) -%}

    {#- A request was read; state.erasures knows its keys. -#}
    {%- do rules.append({
        'model': 'base_privacy__erasure_requests',
        'changes': {
            'email': 'null', 'phone': 'null', 'platform_customer_id': perennial.foreign_record_id('platform_customer_id'),
            'loyalty_id': perennial.foreign_record_id('loyalty_id'),
        },
        'condition': 'true',
    }) -%}

    {#- What the steps between have of it. -#}
    {%- set record = perennial.is_of_erased(erased, 'source_record_type', 'source_record_id') -%}
    {%- do rules.append({
        'model': 'int_reviews__unioned', 'changes': {'title': 'null', 'body': 'null'}, 'condition': record,
    }) -%}
    {%- do rules.append({
        'model': 'int_tickets__unioned', 'changes': {'subject': 'null', 'excerpt': 'null', 'csat_comment': 'null'},
        'condition': record,
    }) -%}
    {%- do rules.append({
        'model': 'int_referrals__unioned', 'changes': {'code': 'null'},
        'condition': perennial.is_of_erased(erased, 'advocate_record_type', 'advocate_record_id'),
    }) -%}
    {%- do rules.append({
        'model': 'int_customer_records__unioned',
        'changes': {
            'email': 'null', 'phone': 'null', 'first_name': 'null', 'last_name': 'null',
            'loyalty_id': perennial.foreign_record_id('loyalty_id'),
        },
        'condition': record,
    }) -%}

    {#- What people are matched by serves nobody else, unless another person shares it. -#}
    {%- set accounts = 'select account_id from ' ~ perennial.table_of('int_identity__members') ~ ' where ' ~ record -%}
    {%- set identifiers = 'select identifier_id from ' ~ perennial.table_of('int_identity__usable')
        ~ ' where account_id in (' ~ accounts ~ ')' -%}
    {%- do rules.append({
        'model': 'int_identity__facts',
        'condition': 'node_id in (' ~ accounts ~ ') or (node_id in (' ~ identifiers ~ ') and node_id not in ('
            ~ identifiers | replace(' where account_id in', ' where account_id not in') ~ '))',
    }) -%}
    {%- for model in ['int_identity__usable', 'int_identity__identifiers', 'int_identity__accounts'] -%}
        {%- do rules.append({'model': model, 'condition': 'account_id in (' ~ accounts ~ ')'}) -%}
    {%- endfor -%}
    {%- do rules.append({'model': 'int_identity__sightings', 'condition': record}) -%}
    {%- do rules.append({
        'model': 'int_identity__shared',
        'condition': 'identifier_value not in (select identifier_value from ' ~ perennial.table_of('int_identity__identifiers') ~ ')',
    }) -%}
    {%- do return(rules) -%}
{% endmacro %}


{# The ids of erased records of one kind. #}
{% macro erased_ids(erased, system, type) -%}
    select source_record_id from {{ erased }} where source_name = '{{ system }}' and source_record_type = '{{ type }}'
{%- endmacro %}


{# Rows that are no record of their own, such as deleted orders, and belong to one. #}
{% macro owners(erased, model) %}
    {%- set account = "shop_url || ':' || shopify_customer_id in (" ~ perennial.erased_ids(erased, 'shopify', 'customer') ~ ')' -%}
    {%- set helped = 'gorgias_customer_id in (' ~ perennial.erased_ids(erased, 'gorgias', 'customer') ~ ')' -%}
    {%- do return({
        'base_shopify__orders': [account],
        'base_gorgias__tickets': [helped],
        'base_gorgias__satisfaction_surveys': [
            'ticket_id in (select ticket_id from ' ~ perennial.table_of('base_gorgias__tickets') ~ ' where ' ~ helped ~ ')',
        ],
    }.get(model, [])) -%}
{% endmacro %}


{# Whether a row has an erased person's address that is nobody else's: rows that are no record, such as those after the cut. #}
{% macro is_erased_email(keys, relation, column) -%}
    {{ column }} in (
        select {{ column }} from (select distinct {{ column }} from {{ relation }} as all_rows) as addresses
        where
            {{ perennial.shown_identifier("'email'", perennial.email_match(column)) }} in (
                select key_value from {{ keys }} where key_type = 'email'
            )
            and not coalesce({{ perennial.is_somebody_elses(column) }}, false)
    )
{%- endmacro %}


{# Likewise an erased person's number, by its last digits. #}
{% macro is_erased_phone(keys, relation, column) -%}
    {{ column }} in (
        select {{ column }} from (select distinct {{ column }} from {{ relation }} as all_rows) as numbers
        where
            {{ perennial.phone_tail_key(column) }} in (select key_value from {{ keys }} where key_type = 'phone_tail')
            and not coalesce({{ perennial.is_somebody_elses(column) }}, false)
    )
{%- endmacro %}


{# Whether an address or number is also of a person who is not forgotten: what was refused for it must go on to hold. #}
{% macro is_somebody_elses(column) -%}
    {%- set told = 'email' if column.endswith('email') else 'phone' -%}
    {%- set one = 'lower(trim(' ~ column ~ '))' if told == 'email' else perennial.number_tail(column) -%}
    {%- set other = 'lower(trim(others.email))' if told == 'email' else perennial.number_tail('others.phone') -%}
    {{ one }} in (
        select {{ other }}
        from {{ perennial.table_of('int_customer_records__unioned') }} as others
        anti join {{ perennial.table_of('int_identity__erased_records') }} as erased
            on
                others.source_name = erased.source_name
                and others.source_record_type = erased.source_record_type
                and others.source_record_id = erased.source_record_id
        where others.{{ told }} is not null
    )
{%- endmacro %}


{# Whether the record that a row names, with the columns of the given names, is of an erased person. #}
{% macro is_of_erased(erased, type, id) -%}
    source_name || '|' || {{ type }} || '|' || {{ id }} in (
        select source_name || '|' || source_record_type || '|' || source_record_id from {{ erased }}
    )
{%- endmacro %}


{# Refused rows that quality.quarantined_rows found to mention somebody who is forgotten: only their key is kept. #}
{% macro refused_rows() %}
    {%- set rules = [] -%}
    {%- for base in perennial.base_models() -%}
        {%- set key = perennial.refused_row_key(base) -%}
        {%- do rules.append({
            'model': base.model,
            'changes': {'raw_row': "'erased:' || " ~ key},
            'condition': "case when row_status = 'quarantined' then " ~ key ~ ' end in (select record_key from '
                ~ perennial.table_of('quarantined_rows') ~ ' where raw_row is null)',
        }) -%}
    {%- endfor -%}
    {%- do return(rules) -%}
{% endmacro %}


{# The key of a refused row: a hash of table and row, which stays when the row is erased. #}
{% macro refused_row_key(base) -%}
    {%- set table_name = "'" ~ base.tables[0] ~ "'" if base.tables | length == 1 else 'raw_table' -%}
    case
        when raw_row like 'erased:%' then substr(raw_row, 8)
        else {{ hash_text("'" ~ base.system ~ ".' || " ~ table_name ~ " || '|' || raw_row") }}
    end
{%- endmacro %}


{# A web address up to the first e-mail address in it, without parameters that are called like something personal. #}
{% macro without_address(url) -%}
    regexp_extract(
        {{ replace_pattern(url, '[?&][^=&]*(name|phone|mail|address|street|zip|postal)[^=&]*=[^&#]*', '') }},
        '^(([^@%]|%[^4]|%4[^0])*?)([^/?&=]*(@|%40)|$)',
        1
    )
{%- endmacro %}


{# What stands after the last colon of an id; what shorter ids than of 6 letters name cannot be told in a text. #}
{% macro last_part(id) -%} regexp_extract({{ id }}, '([^:]*)$', 1) {%- endmacro %}


{# The last 8 digits of a number to call, the same however it is written, and the key by which they are remembered. #}
{% macro number_tail(number) -%} right({{ replace_pattern(dialled_digits(number), '[^0-9]', '') }}, 8) {%- endmacro %}

{% macro phone_tail_key(number) -%} {{ customer_id_from("'phone_tail|' || " ~ number_tail(number)) }} {%- endmacro %}
