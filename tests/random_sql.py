"""Random statements, the fast paths against the plain one.

  random_sql.py [--seed N] [--count N]

Each statement is run with TARN_PLAIN=1 (all through SQLite) and with TARN_PLAIN=0 (in bulk, by hash
aggregation and hash sets, whatever the size), as a query and as CREATE TABLE AS, on landing and on
stored tables.  Exit status, error and rows (as a multiset) must be the same.  A statement that
differs is printed with its seed.  `make test` runs a few (test_random_sql.py); sums of doubles are
left out, because the order of a join's rows is no promise.
"""
import argparse
import random
import sys

from lake import Lake
from test_bulk import EMPTY, EVENTS, PARTED, PEOPLE, write_data

# Columns by kind: what may be compared with what.
EVENT = {"int": ["id", "big", '"at"'], "text": ["name", "email", "note"], "bool": ["flag"], "real": ["d", "r"], "date": ['"day"']}
PERSON = {"int": ["id", "age", "consent"], "text": ["email", "city"], "bool": [], "real": [], "date": []}
PART = {"int": ["id", "k"], "text": ["email", "p"], "bool": [], "real": [], "date": []}
NONE = {"int": ["id"], "text": ["email"], "bool": [], "real": [], "date": []}
TABLES = {"events_landing": EVENT, "events": EVENT, "people_landing": PERSON, "people": PERSON, "parted_landing": PART, "empty_landing": NONE}
CONSTANTS = {"int": ["0", "3", "-1", "17", "1600000000000", "NULL"], "text": ["'a'", "''", "'u3@x'", "'ä'", "'Rom'", "NULL"],
             "real": ["0.0", "1.5", "CAST('NaN' AS double)", "1e0", "2"], "date": ["DATE '2024-02-29'"], "bool": ["true", "false"]}
EXACT = ("int", "text", "bool", "date")


class Maker:
    def __init__(self, seed):
        self.r = random.Random(seed)
        self.aliases = 0

    def pick(self, things):
        return self.r.choice(list(things))

    def chance(self, p):
        return self.r.random() < p

    def column(self, scope, kind):
        """A column of a kind from the relations in scope, or None."""
        found = [f"{alias}.{c}" for alias, columns in scope for c in columns[kind]]
        return self.pick(found) if found else None

    def any_column(self, scope, kinds=("int", "text", "bool", "real", "date")):
        while True:
            kind = self.pick(kinds)
            c = self.column(scope, kind)
            if c:
                return kind, c

    def relation(self):
        self.aliases += 1
        name, alias = self.pick(TABLES), f"t{self.aliases}"
        return name, alias, (alias, TABLES[name])

    def joined(self):
        """FROM …, and its scope."""
        name, alias, first = self.relation()
        text, scope = f"{name} {alias}", [first]
        for _ in range(self.pick((0, 0, 1, 1, 2))):
            name, alias, one = self.relation()
            kind = self.pick([k for k in ("int", "text", "text") if self.column(scope, k)])
            on = f"{self.column([one], kind)} = {self.column(scope, kind)}"
            scope.append(one)
            if self.chance(0.3):
                on += f" AND {self.condition(scope, 1)}"
            text += f" {self.pick(('JOIN', 'JOIN', 'LEFT JOIN'))} {name} {alias} ON {on}"
        return text, scope

    def subquery(self, kind, outer=None):
        """One column of a kind; correlated where there is an outer scope."""
        while True:
            name, alias, one = self.relation()
            c = self.column([one], kind)
            if c:
                break
        where = []
        if outer and self.chance(0.3):
            k = self.pick(("int", "text"))
            a, b = self.column([one], k), self.column(outer, k)
            where += [f"{a} = {b}"] if a and b else []
        if self.chance(0.5):
            where.append(self.condition([one], 1))
        if self.chance(0.4):
            where.append(f"{c} IS NOT NULL")
        return f"SELECT {c} FROM {name} {alias}" + (f" WHERE {' AND '.join(where)}" if where else "")

    def condition(self, scope, depth):
        if depth and self.chance(0.4):
            glue = self.pick((" AND ", " OR "))
            return "(" + glue.join(self.condition(scope, depth - 1) for _ in range(2)) + ")"
        if depth and self.chance(0.1):
            return f"NOT {self.condition(scope, depth - 1)}"
        kind, c = self.any_column(scope)
        form = self.pick(("compare", "compare", "null", "list", "between", "in", "in", "exists", "columns"))
        if form == "null" or kind == "bool":
            return f"{c} IS {self.pick(('', 'NOT '))}NULL" if kind != "bool" or self.chance(0.3) else self.pick((c, f"NOT {c}", f"{c} = true"))
        if form == "list" and kind != "date":
            return f"{c} {self.pick(('', 'NOT '))}IN ({', '.join(self.pick(CONSTANTS[kind]) for _ in range(3))})"
        if form == "between" and kind in ("int", "real"):
            return f"{c} BETWEEN {self.pick(CONSTANTS[kind])} AND {self.pick(CONSTANTS[kind])}"
        if form == "in" and kind in ("int", "text"):
            return f"{c} {self.pick(('', 'NOT '))}IN ({self.subquery(kind, scope)})"
        if form == "exists":
            return f"{self.pick(('', 'NOT '))}EXISTS ({self.subquery(self.pick(('int', 'text')), scope)})"
        other = self.column(scope, kind) if form == "columns" else self.pick(CONSTANTS[kind])
        return f"{c} {self.pick(('=', '<>', '<', '<=', '>', '>='))} {other}"

    def aggregate(self, scope):
        form = self.pick(("count(*)", "count", "sum", "min", "max", "distinct", "avg", "filter"))
        if form == "count(*)":
            return form
        kind, c = self.any_column(scope, ("int",) if form in ("sum", "avg") else ("int", "text", "real", "date"))
        if form in ("sum", "avg"):
            return f"{form}({c} % 1000)" if self.chance(0.3) else f"{form}(CAST({c} AS bigint) / 1000000)"
        if form == "distinct":
            kind, c = self.any_column(scope, EXACT)
            return f"count(DISTINCT {c})"
        if form == "filter":
            return f"count({c}) FILTER (WHERE {self.condition(scope, 0)})"
        return f"{form}({c})"

    def select(self):
        source, scope = self.joined()
        where = f" WHERE {self.condition(scope, 2)}" if self.chance(0.7) else ""
        if self.chance(0.45):
            keys = [self.any_column(scope, EXACT)[1] for _ in range(self.pick((0, 1, 1, 2)))]
            items = keys + [self.aggregate(scope) for _ in range(self.pick((1, 2, 3)))]
            tail = f" GROUP BY {', '.join(keys)}" if keys else ""
            if keys and self.chance(0.3):
                tail += f" HAVING {self.aggregate(scope)} {self.pick(('IS NOT NULL', 'IS NULL'))}"
        else:
            items = [self.any_column(scope)[1] for _ in range(self.pick((1, 2, 3, 5)))]
            tail = ""
        distinct = "DISTINCT " if self.chance(0.25) else ""
        columns = ", ".join(f"{e} AS c{i}" for i, e in enumerate(items))
        text = f"SELECT {distinct}{columns} FROM {source}{where}{tail}"
        if self.chance(0.15):
            text = f"SELECT x.c0, count(*) AS n FROM ({text}) x GROUP BY x.c0"
        elif self.chance(0.1):
            text = f"WITH w AS ({text}) SELECT * FROM w WHERE c0 IS NOT NULL"
        return text


def prepare(lake, seed, n):
    write_data(lake, seed, n)
    for table in (EVENTS, PEOPLE, PARTED, EMPTY):
        lake.ok("query", "-f", lake.write("make.sql", table.format(malformed="TRUE")))
    lake.ok("query", "CREATE TABLE people AS SELECT * FROM people_landing")
    lake.ok("query", "CREATE TABLE events AS SELECT * FROM events_landing WHERE id IS NULL OR id > 3")


def answer(lake, sql, plain, *more):
    code, out, err = lake.tarn("query", "--format", "csv", *more, "--", sql, env={"TARN_PLAIN": plain})
    return code, sorted(out.split("\n")), err


def table_answer(lake, sql, plain):
    """What CREATE TABLE AS leaves."""
    env = {"TARN_PLAIN": plain}
    code, _, err = lake.tarn("query", f"CREATE TABLE made AS {sql}", env=env)
    rows = sorted(lake.sqlite('SELECT * FROM "made"').split("\n")) if code == 0 else []
    if code == 0:
        lake.ok("query", "DROP TABLE made")
    return code, rows, err


def differences(lake, seed):
    """The statements of a seed that differ; and whether the statement ran at all."""
    sql = Maker(seed).select()
    plain, found = answer(lake, sql, "1"), []
    for more in ((), ("--threads", "4", "--memory", "1MB")) if seed % 4 == 0 else ((),):
        if answer(lake, sql, "0", *more) != plain:
            found.append(f"seed {seed}{' ' + ' '.join(more) if more else ''}: {sql}")
    if plain[0] == 0 and table_answer(lake, sql, "0") != table_answer(lake, sql, "1"):
        found.append(f"seed {seed}: CREATE TABLE made AS {sql}")
    return found, plain[0] == 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=1000)
    options = parser.parse_args()
    bad = ran = 0
    for begin in range(options.seed, options.seed + options.count, 200):
        with Lake() as lake:
            prepare(lake, begin, 30 + begin % 100)
            for seed in range(begin, min(begin + 200, options.seed + options.count)):
                found, good = differences(lake, seed)
                ran += good
                bad += len(found)
                for text in found:
                    print(text, flush=True)
    print(f"{options.count} statements, {ran} of them without error, {bad} differ")
    return bad != 0


if __name__ == "__main__":
    sys.exit(main())
