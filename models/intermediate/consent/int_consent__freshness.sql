-- One channel of whose consent any system told something that held: until when each of them has been heard. One that
-- no longer delivers holds its channels back. What has no load times, such as a relation of your own, says nothing
-- here.
with

intervals as (
    select * from {{ ref('int_consent__intervals') }}
),

loads as (
    select * from {{ ref('system_loads') }}
),

tellers as (
    select
        channel,
        source as source_name
    from intervals
    group by channel, source
)

select
    tellers.channel,
    min(loads.newest_load_at) as known_until
from tellers
left join loads on tellers.source_name = loads.system
group by tellers.channel
