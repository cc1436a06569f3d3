-- One campaign of a system, with the class of its messages by seeds/message_classes.csv. Promotional where no pattern
-- fits.
with

campaigns as (
    select
        source_name,
        coalesce(campaign, '-') as campaign,
        count(*) as message_count
    from {{ ref('int_messages__unioned') }}
    group by source_name, coalesce(campaign, '-')
),

worded as (
    select
        *,
        {{ plain_words('campaign') }} as words
    from campaigns
),

matched as (
    select
        worded.source_name,
        worded.campaign,
        min_by(classes.message_class, classes.priority) as message_class
    from worded
    inner join {{ ref('message_classes') }} as classes
        on
            coalesce(classes.source_name, worded.source_name) = worded.source_name
            and worded.words like '% ' || lower(classes.pattern) || ' %'
    group by worded.source_name, worded.campaign
)

select
    campaigns.source_name,
    campaigns.campaign,
    campaigns.message_count,
    coalesce(matched.message_class, 'promotional') as message_class,
    matched.message_class is not null as is_mapped
from campaigns
left join matched on campaigns.source_name = matched.source_name and campaigns.campaign = matched.campaign
