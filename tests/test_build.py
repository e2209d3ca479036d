"""What the build promises: vtab/ stands alone, and a local run maps no network library."""
import ctypes
import glob
import os
import re
import subprocess

from lake import EXTENSION, FIXTURES, ROOT, TARN, Lake

NETWORK = re.compile(r"lib(curl|crypto|ssl|expat)\b")


def test_vtab_never_includes_src():
    for path in glob.glob(os.path.join(ROOT, "vtab", "**", "*.[ch]"), recursive=True):
        with open(path, encoding="utf-8") as f:
            for line in f:
                m = re.match(r'\s*#\s*include\s*"([^"]+)"', line)
                target = os.path.normpath(os.path.join(os.path.dirname(path), m[1])) if m else path
                assert target.startswith(os.path.join(ROOT, "vtab") + os.sep), f"{path}: {line.strip()}"
                assert not re.match(r"\s*#\s*include\s*<sqlite3.h>", line), f"{path}: vtab/sqlite.h is the way"


def test_the_extension_needs_nothing_of_the_driver():
    ctypes.CDLL(EXTENSION + ".so", mode=os.RTLD_NOW)        # every symbol must be found


def test_no_network_library_is_needed():
    for path in (TARN, EXTENSION + ".so"):
        out = subprocess.run(["readelf", "-d", path], stdout=subprocess.PIPE, text=True, check=True).stdout
        needed = re.findall(r"\(NEEDED\).*\[(.*)\]", out)
        assert needed and not [n for n in needed if NETWORK.search(n)], f"{path}: {needed}"


def test_a_local_run_maps_no_network_library():
    with Lake(FIXTURES) as lake:
        _, _, err = lake.tarn("run", "--sql", os.path.join(ROOT, "sql"), env={"LD_DEBUG": "files"})
        opened = re.findall(r"file=(\S+)", err)
        assert opened and not [n for n in opened if NETWORK.search(n)], sorted(set(opened))
