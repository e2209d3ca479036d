"""A few random statements, the fast paths against the plain one (random_sql.py; `make random-sql` runs many)."""
from lake import Lake, same
from random_sql import differences, prepare


def test_random_statements_give_the_rows_of_the_plain_path():
    with Lake() as lake:
        prepare(lake, 7, 60)
        found, ran = [], 0
        for seed in range(60):
            bad, good = differences(lake, seed)
            found += bad
            ran += good
        same(found, [])
        same(ran > 50, True, f"only {ran} of 60 statements are without error")
