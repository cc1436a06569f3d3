-- Grain: campaign and person, with the arm. campaign is an audience, or universal:<year>, whose control group gets no
-- marketing at all in that year. The bucket is a salted hash of the person's id; what a live campaign once assigned
-- stays as it was (state.audience_arms). Who was merged of several people is control if one of them was. A campaign
-- that is not live, or is held back as too large, has the arms that it would have; they are not remembered.
with

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

settings as (
    select * from {{ ref('audience_settings') }}
    where may_have_holdout
),

screened as (
    select * from {{ ref('audience_screened') }}
    where suppressed_reason is null
),

qualified as (
    select * from {{ ref('audience_qualified') }}
),

redirects as (
    select * from {{ ref('customer_id_redirects') }}
),

remembered as (
    select
        arms.campaign,
        coalesce(redirects.customer_id, arms.customer_id) as customer_id,
        arms.arm,
        arms.bucket,
        arms.control_share,
        arms.assigned_at,
        true as is_remembered
    from {{ source('state', 'audience_arms') }} as arms
    left join redirects on arms.customer_id = redirects.old_customer_id
    qualify row_number() over (
        partition by arms.campaign, coalesce(redirects.customer_id, arms.customer_id)
        order by arms.arm asc, arms.assigned_at asc, arms.customer_id asc
    ) = 1
),

wanted as (
    select
        settings.audience as campaign,
        screened.customer_id,
        settings.control_share,
        settings.is_live and not qualified.is_too_many as is_live
    from screened
    inner join settings on screened.audience = settings.audience
    inner join qualified
        on screened.audience = qualified.audience and screened.customer_id = qualified.customer_id
    union all
    select
        {{ universal_campaign() }} as campaign,
        screened.customer_id,
        cast({{ threshold('universal_control_share') }} as decimal(9, 6)) as control_share,
        bool_or(settings.is_live and not qualified.is_too_many) as is_live
    from screened
    inner join settings on screened.audience = settings.audience
    inner join qualified
        on screened.audience = qualified.audience and screened.customer_id = qualified.customer_id
    cross join point_in_time
    group by point_in_time.as_of, screened.customer_id
),

bucketed as (
    select
        wanted.*,
        {{ campaign_bucket('wanted.campaign', 'wanted.customer_id') }} as bucket
    from wanted
    anti join remembered on wanted.campaign = remembered.campaign and wanted.customer_id = remembered.customer_id
),

assigned as (
    select
        bucketed.campaign,
        bucketed.customer_id,
        case when bucketed.bucket < bucketed.control_share * 10000 then 'control' else 'treatment' end as arm,
        bucketed.bucket,
        bucketed.control_share,
        point_in_time.cut_at as assigned_at,
        bucketed.is_live
    from bucketed
    cross join point_in_time
)

select
    campaign,
    customer_id,
    arm,
    bucket,
    control_share,
    assigned_at,
    true as is_live,
    false as is_new
from remembered
union all
select
    campaign,
    customer_id,
    arm,
    bucket,
    control_share,
    assigned_at,
    is_live,
    is_live as is_new
from assigned
