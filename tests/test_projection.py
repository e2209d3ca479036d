"""Partition projection: partitions from table properties, not from the catalog."""
import datetime
import os

from lake import Lake, same

SERDE = "ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe'"


def create(lake, columns, properties, location="s3://b/t/"):
    text = ", ".join(f"'{k}'='{v}'" for k, v in {"projection.enabled": "true", **properties}.items())
    return lake.tarn("query", f"CREATE EXTERNAL TABLE t (a int) PARTITIONED BY ({columns}) {SERDE} LOCATION '{location}' TBLPROPERTIES ({text})")


def test_enum_and_integer_in_hive_folders():
    with Lake() as lake:
        for region in ("eu", "us", "xx"):
            for hour in ("07", "08", "30"):
                lake.write(f"s3/b/t/region={region}/hour={hour}/a.json", '{"a":%d}\n' % int(hour))
        same(create(lake, "region string, hour string", {
            "projection.region.type": "enum", "projection.region.values": "eu, us",
            "projection.hour.type": "integer", "projection.hour.range": "0,23", "projection.hour.digits": "2"})[0], 0)
        same(lake.query("SELECT region, hour, a FROM t ORDER BY 1, 2"),
             '"region","hour","a"\n"eu","07","7"\n"eu","08","8"\n"us","07","7"\n"us","08","8"\n')
        same(lake.query("SHOW PARTITIONS t"), "")


def test_dates_with_a_template():
    with Lake() as lake:
        for day in ("2024/01/30", "2024/01/31", "2024/02/01", "2024/03/01"):
            lake.write(f"s3/b/logs/{day}/a.json", '{"a":1}\n')
        same(create(lake, "day string", {
            "projection.day.type": "date", "projection.day.format": "yyyy/MM/dd", "projection.day.range": "2024/01/31,2024/02/28",
            "storage.location.template": "s3://b/logs/${day}/"})[0], 0)
        same(lake.query("SELECT day FROM t ORDER BY 1"), '"day"\n"2024/01/31"\n"2024/02/01"\n')


def test_months_and_intervals():
    with Lake() as lake:
        for month in ("2024-01", "2024-02", "2024-03", "2024-04"):
            lake.write(f"s3/b/t/m={month}/a.json", '{"a":1}\n')
        same(create(lake, "m string", {
            "projection.m.type": "date", "projection.m.format": "yyyy-MM", "projection.m.range": "2024-01,2024-12",
            "projection.m.interval": "2", "projection.m.interval.unit": "MONTHS"})[0], 0)
        same(lake.query("SELECT m FROM t ORDER BY 1"), '"m"\n"2024-01"\n"2024-03"\n')


def test_a_range_that_ends_now_moves_on():
    with Lake() as lake:
        today = datetime.datetime.now(datetime.timezone.utc).date()
        for offset in (-1, 0, 1):
            lake.write(f"s3/b/t/d={today + datetime.timedelta(days=offset)}/a.json", '{"a":%d}\n' % offset)
        same(create(lake, "d string", {"projection.d.type": "date", "projection.d.format": "yyyy-MM-dd",
                                       "projection.d.range": "2024-01-01,NOW"})[0], 0)
        same(lake.query("SELECT a FROM t ORDER BY 1"), '"a"\n"-1"\n"0"\n')
        # As if the table had been declared yesterday: the next query declares it anew.
        lake.sqlite("UPDATE tarn_tables SET projected_until = 1")
        same(lake.query("SELECT count(*) AS n FROM t"), '"n"\n"2"\n')
        assert int(lake.sqlite("SELECT projected_until FROM tarn_tables")) > 1


def test_what_is_not_exact_is_refused():
    with Lake() as lake:
        for properties, words in (
                ({"projection.d.type": "injected"}, "TARN_NOT_SUPPORTED: projection.d.type injected"),
                ({"projection.d.type": "date", "projection.d.format": "dd MMM yyyy", "projection.d.range": "01 Jan 2024,NOW"}, "TARN_NOT_SUPPORTED: "),
                ({"projection.d.type": "enum"}, "INVALID_TABLE_PROPERTY: "),
                ({"projection.d.type": "integer", "projection.d.range": "5"}, "INVALID_TABLE_PROPERTY: "),
                ({}, "INVALID_TABLE_PROPERTY: ")):
            status, _, err = create(lake, "d string", properties)
            same(status, 1)
            assert err.startswith(words), err
        same(lake.query("SHOW TABLES"), "")
