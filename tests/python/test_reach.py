"""
Channel and hour against what came: chosen from the messages before a day half a year ago, tried on the answers after
it. The model's own SQL chooses. Synthetic: people answer e-mails and pushes as they are inclined to, texts all alike,
and nobody has an hour of the day; what an hour holds comes from when campaigns are sent and from the clock of whoever
receives them.
"""

from datetime import timedelta

import duckdb
import pytest

DAYS = 182
READ = {
    "settings": ("thresholds", "consent_policy"),
    "staging": ("point_in_time",),
    "intermediate": ("int_consent__agreed_addresses",),
    "marts": ("customers", "customer_contacts", "consents"),
}
ANSWERED_AT = "case when channel = 'push' then opened_at else clicked_at end"


@pytest.fixture(scope="module")
def shop(simulated) -> duckdb.DuckDBPyConnection:
    """`earlier` and `later` hold the promotional messages of both sides of the day, `chosen` what the model made of
    the earlier ones."""
    (path,) = simulated.warehouse.target.glob("compiled/perennial/models/audiences/audience_channels.sql")
    connection = duckdb.connect()
    connection.execute(f"attach '{simulated.warehouse.database}' as whole (read_only)")
    connection.execute("attach ':memory:' as warehouse; use warehouse; set timezone = 'UTC'")
    for schema, tables in READ.items():
        connection.execute(f"create schema {schema}")
        for table in tables:
            connection.execute(f"create table {schema}.{table} as from whole.{schema}.{table}")
    connection.execute("create table staging.system_loads (system varchar, newest_load_at timestamp)")
    ((cut_at,),) = connection.execute("select cut_at from staging.point_in_time").fetchall()
    then = cut_at - timedelta(DAYS)
    # What was not known then is cut off: messages that went out, and answers to them that came later.
    times = ["delivered_at", "opened_at", "machine_opened_at", "clicked_at", "bounced_at", "failed_at", "complained_at"]
    known = ", ".join(f"case when {time} < timestamp '{then}' then {time} end as {time}" for time in times)
    connection.execute(
        f"""
        create table marts.messages as
        select customer_id, channel, source_name, message_class, messaged_at, {known}
        from whole.marts.messages where messaged_at < timestamp '{then}'
        """
    )
    connection.execute(f"create table chosen as {path.read_text()}")
    for side, table, since in (("earlier", "marts.messages", "-infinity"), ("later", "whole.marts.messages", then)):
        connection.execute(
            f"""
            create table {side} as
            select
                customer_id, channel, {ANSWERED_AT} as answered_at, coalesce(opened_at, clicked_at) as read_at,
                hour(timezone(coalesce(time_zone, reporting_timezone),
                    timezone('UTC', coalesce(opened_at, clicked_at)))) as read_hour
            from {table} join marts.customer_contacts using (customer_id) cross join staging.point_in_time
            where channel in ('email', 'sms', 'push') and message_class = 'promotional'
                and source_name <> 'barilliance' and messaged_at >= timestamp '{since}'
            """
        )
    return connection


def test_the_channel_is_the_one_that_is_answered(shop):
    """
    Of the later answers of people who were sent messages in several channels before and after. Last: the channel of the
    last answer; overall: of those the one that is answered most by everybody.
    """
    (row,) = shop.execute(
        """
        with counts as (
            select customer_id, channel, count(answered_at) as answers from later group by all
        ), before as (
            select customer_id, channel, max(answered_at) as last_at from earlier group by all
        ), overall as (
            select channel, count(answered_at) / count(*) as rate from earlier group by all
        ), options as (
            select
                *, rank() over (partition by customer_id order by answer_rate desc, channel) as by_model,
                rank() over (partition by customer_id order by last_at desc nulls last, rate desc, channel) as by_last,
                rank() over (partition by customer_id order by rate desc, channel) as by_rate
            from counts join before using (customer_id, channel) join chosen using (customer_id, channel)
                join overall using (channel)
            qualify count(*) over (partition by customer_id) > 1
        )
        select
            count(distinct customer_id), sum(answers),
            sum(answers) filter (by_model = 1) / sum(answers),
            sum(answers) filter (by_last = 1) / sum(answers),
            sum(answers) filter (by_rate = 1) / sum(answers)
        from options
        """
    ).fetchall()
    people, answers, model, last, overall = row
    assert people > 500 and answers > 500, row
    assert model > last and model > overall, row


def test_the_hour_is_the_one_around_which_messages_are_read(shop):
    """Of the later opens and clicks those within two hours. Last: the hour of the last; overall: everybody's."""
    (row,) = shop.execute(
        """
        with hours as (
            select channel, read_hour, count(*) as reads from earlier where read_at is not null group by all
        ), overall as (
            select one.channel, one.read_hour, sum(other.reads) as reads
            from hours as one join hours as other
                on one.channel = other.channel and (one.read_hour - other.read_hour + 26) % 24 <= 4
            group by one.channel, one.read_hour
            qualify row_number() over (partition by one.channel order by sum(other.reads) desc, one.read_hour) = 1
        ), before as (
            select customer_id, channel, arg_max(read_hour, read_at) as last_hour
            from earlier where read_at is not null group by all
        )
        select
            count(*),
            avg(((later.read_hour - preferred_hour + 26) % 24 <= 4)::int),
            avg(((later.read_hour - last_hour + 26) % 24 <= 4)::int),
            avg(((later.read_hour - overall.read_hour + 26) % 24 <= 4)::int)
        from later join before using (customer_id, channel) join chosen using (customer_id, channel)
            join overall using (channel)
        where later.read_at is not null
        """
    ).fetchall()
    reads, model, last, overall = row
    assert reads > 5_000, row
    assert model > last and model > overall, row
