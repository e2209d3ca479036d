"""--on-change relist: an object that changes between its listing and its reading."""
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [os.path.join(ROOT, "tests"), os.path.join(ROOT, "tests", "s3")]
from fault_server import FaultServer  # noqa: E402
from lake import FIXTURES, Lake, same  # noqa: E402
from net_lake import NetLake  # noqa: E402

SQL = os.path.join(ROOT, "sql")
OPENX = "ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe'"


def changes(server, times, key="t/2.json", new=lambda n: b'{"a":%d}\n' % (100 + n)):
    """The object is another one by the time it is read, for the first reads."""
    left = [0]

    def change(request):
        if request.method == "GET" and request.key == key and "if-match" in request.headers and left[0] < times:
            left[0] += 1
            data = new(left[0])
            if data is None:
                server.objects.pop(("b", key), None)
            else:
                server.objects["b", key] = data
        return None
    server.faults = [change]


def table(server, lake):
    for i in (1, 2, 3):
        server.objects["b", f"t/{i}.json"] = b'{"a":%d}\n' % i
    lake.ok("query", f"CREATE EXTERNAL TABLE t (a int) {OPENX} LOCATION 's3://b/t/'")


def query(lake, sql, *more):
    return lake.tarn("query", "--format", "csv", *more, "--", sql)


def test_without_the_option_it_is_an_error_that_names_the_key():
    with FaultServer() as server, NetLake(server) as lake:
        table(server, lake)
        changes(server, 1)
        status, out, err = query(lake, "SELECT a FROM t ORDER BY a")
        assert (status, out) == (1, "") and "412" in err and "s3://b/t/2.json" in err and "--on-change relist" in err, err


def test_a_query_starts_again_with_a_new_listing():
    for times in (1, 4):
        with FaultServer() as server, NetLake(server) as lake:
            table(server, lake)
            changes(server, times)
            status, out, err = query(lake, "SELECT a FROM t", "--on-change", "relist")
            same((status, out), (0, f'"a"\n"1"\n"{100 + times}"\n"3"\n'), err)
            same(err.count("s3://b/t/2.json changed after it was listed"), times, err)


def test_an_object_that_is_gone_is_no_longer_read():
    with FaultServer() as server, NetLake(server) as lake:
        table(server, lake)
        changes(server, 1, new=lambda n: None)
        status, out, err = query(lake, "SELECT a FROM t", "--on-change", "relist")
        same((status, out), (0, '"a"\n"1"\n"3"\n'), err)


def test_attempts_are_bounded():
    with FaultServer() as server, NetLake(server) as lake:
        table(server, lake)
        changes(server, 99)
        status, out, err = query(lake, "SELECT a FROM t", "--on-change", "relist")
        assert (status, out) == (1, "") and "objects kept changing" in err and "412" in err, err
        same(err.count("listing anew"), 4, err)


def test_a_script_keeps_the_results_before():
    with FaultServer() as server, NetLake(server) as lake:
        table(server, lake)
        changes(server, 2)
        lake.write("s.sql", "SHOW TABLES; SELECT a FROM t; CREATE TABLE u AS SELECT a FROM t; SELECT sum(a) AS s FROM u;")
        status, out, err = lake.tarn("query", "--format", "csv", "--on-change", "relist", "-f", "s.sql")
        same((status, out), (0, 't\n"a"\n"1"\n"102"\n"3"\n"s"\n"106"\n'), err)


def test_a_table_is_made_of_one_state():
    with FaultServer() as server, NetLake(server) as lake:
        table(server, lake)
        changes(server, 2, key="t/3.json")
        status, _, err = query(lake, "CREATE TABLE u AS SELECT x.a FROM t x JOIN t y ON x.a = y.a", "--on-change", "relist")
        same(status, 0, err)
        same(lake.sqlite("SELECT group_concat(a) FROM (SELECT a FROM u ORDER BY a)").strip(), "1,2,102")
        changes(server, 1, key="t/1.json")
        status, _, err = query(lake, "INSERT INTO u SELECT a FROM t", "--on-change", "relist")
        same(status, 0, err)
        same(lake.sqlite("SELECT count(*), sum(a) FROM u").strip(), "6|310")


def test_what_was_printed_is_not_printed_again():
    """More than what is held back: then a change is an error."""
    with FaultServer() as server, NetLake(server) as lake:
        table(server, lake)
        server.objects["b", "t/1.json"] = b"".join(b'{"a":%d}\n' % i for i in range(200000))
        changes(server, 1)
        sql = "SELECT a, rpad('x', 100, 'y') AS p FROM t"
        status, out, err = query(lake, sql, "--on-change", "relist")
        assert status == 1 and "part of the result has been printed" in err and len(out) > 1 << 20, err
        status, out, err = query(lake, sql, "--on-change", "relist")
        same((status, len(out.splitlines())), (0, 200003), err)


def test_result_files_are_those_of_the_last_attempt():
    with FaultServer() as server, NetLake(server) as lake:
        table(server, lake)
        changes(server, 1)
        status, _, err = query(lake, "SELECT a FROM t", "--on-change", "relist", "--output-location", lake.path("results"))
        names = os.listdir(lake.path("results"))
        same((status, len(names)), (0, 1), err)
        with open(lake.path("results", names[0]), encoding="utf-8") as f:
            same(f.read(), '"a"\n"1"\n"101"\n"3"\n')


def test_a_run_begins_again_as_a_whole():
    with FaultServer() as server, NetLake(server) as lake:
        base = os.path.join(FIXTURES, "stedi-lake")
        for folder, _, names in os.walk(base):
            for name in names:
                path = os.path.join(folder, name)
                with open(path, "rb") as f:
                    server.objects["stedi-lake", os.path.relpath(path, base)] = f.read()
        key = next(k for _, k in server.objects if k.endswith("accelerometer-2.json"))
        data = server.objects["stedi-lake", key]
        lines = data.splitlines(True)
        left = [2]

        def change(request):
            if request.key == key and request.method == "GET" and left[0]:
                left[0] -= 1
                server.objects["stedi-lake", key] = b"".join(lines[left[0]:])
            return None
        server.faults = [change]
        status, _, err = lake.tarn("run", "--sql", SQL, "--export", "s3://out/lake")
        assert status == 1 and "412" in err and not [k for b, k in server.objects if b == "out"], err
        left[0] = 2
        server.objects["stedi-lake", key] = data
        status, _, err = lake.tarn("run", "--sql", SQL, "--export", "s3://out/lake", "--on-change", "relist")
        assert status == 0 and err.count("listing anew") == 2 and server.uploads == {}, err
        assert server.objects["stedi-lake", key] == data
        server.faults = []
        with Lake(FIXTURES) as local:
            local.ok("run", "--sql", SQL)
            for table_name in ("curated/machine_learning_curated", "trusted/accelerometer_trusted"):
                with open(local.path("export", table_name, "part-00000.json"), "rb") as f:
                    same(server.objects["out", f"lake/{table_name}/part-00000.json"], f.read())
        same(lake.sqlite("SELECT count(*) FROM tarn_runs").strip(), "1")


def test_export_and_pull_begin_again():
    with FaultServer() as server, NetLake(server) as lake:
        table(server, lake)
        changes(server, 1)
        status, out, err = lake.tarn("export", "t", "--on-change", "relist")
        same((status, out), (0, '{"a":1}\n{"a":101}\n{"a":3}\n'), err)
        changes(server, 1, new=lambda n: b'{"a":7}\n')
        status, _, err = lake.tarn("export", "t", "folder", "--on-change", "relist")
        same(status, 0, err)
        with open(lake.path("folder/part-00000.json"), "rb") as f:
            same(f.read(), b'{"a":1}\n{"a":7}\n{"a":3}\n')
        changes(server, 1, new=lambda n: b'{"a":8}\n')
        status, out, err = lake.tarn("pull", "t", "--s3-root", "root", "--on-change", "relist")
        same(status, 0, err)
        with open(lake.path("root/b/t/2.json"), "rb") as f:
            same(f.read(), b'{"a":8}\n')


def test_the_option_is_checked():
    with FaultServer() as server, NetLake(server) as lake:
        status, _, err = query(lake, "SELECT 1", "--on-change", "often")
        assert status == 2 and "--on-change is error or relist" in err, err
