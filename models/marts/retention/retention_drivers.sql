-- Grain: a segment, a driver and its level: what about a first order, and what people did in the weeks after it, goes
-- with buying again. matched compares people whose first orders are alike in everything that is listed below but the
-- driver. Trap: these are no experiments; who got a discount may differ in what nobody wrote down.
{%- set alike = ['first_quarter', 'country_code', 'sales_channel', 'category', 'discount', 'value_band'] %}
{%- set drivers = {
    'first_product': 'product_family', 'first_category': 'category', 'channel': 'sales_channel',
    'first_order_discount': 'discount', 'acquisition_source': 'acquisition_source', 'delivery': 'delivery',
    'first_reply': 'first_reply', 'content_seen': 'content_seen',
} %}
{%- set steps = ['review_step', 'referral_step', 'loyalty_step', 'subscription_step', 'opt_in_step'] %}
{%- set also_same = {'product_family': ['category'], 'acquisition_source': []} %}
{%- set segment_types = {'all': "'all'", 'country': 'country_code', 'channel': 'sales_channel'} %}
with

first_experiences as (
    select * from {{ ref('int_metrics__first_experiences') }}
),

first_steps as (
    select * from {{ ref('int_metrics__first_steps') }}
),

units as (
    {%- for driver, level in drivers.items() %}
    {%- set union_all = 'union all' if not loop.first %}
    {%- set same = alike | reject('in', [level] + also_same.get(level, [])) | list %}
    {%- for segment_type, segment in segment_types.items() if level != segment %}
    {{ union_all if loop.first else 'union all' }}
    select
        '{{ driver }}' as driver,
        {{ level }} as level,
        '{{ segment_type }}' as segment_type,
        {{ segment }} as segment,
        concat_ws('|', {{ same | join(', ') }}) as stratum,
        came_back
    from first_experiences
    where {{ level }} is not null
    {%- endfor %}
    {%- endfor %}
    {%- for step in steps %}
    union all
    select
        '{{ step }}' as driver,
        {{ step }} as level,
        'all' as segment_type,
        'all' as segment,
        concat_ws('|', {{ alike | join(', ') }}) as stratum,
        came_back
    from first_steps
    where {{ step }} is not null
    {%- endfor %}
),

{{ matched_effects('units') }}

select
    driver,
    level,
    segment_type,
    segment,
    customers,
    repurchase_rate,
    naive_effect,
    naive_low,
    naive_high,
    matched_customers,
    matched_effect,
    matched_low,
    matched_high,
    customers >= {{ threshold('min_denominator') }}
    and matched_customers >= {{ threshold('min_denominator') }} as is_reliable
from matched_effects
