"""Every command of README.md runs, in order, in a folder that has what a clone has."""
import os
import re
import shutil
import subprocess

from lake import ROOT, Lake, same


def commands():
    with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as f:
        return re.findall(r"^```sh\n(.*?)^```", f.read(), re.S | re.M)


def test_every_command_of_the_readme_runs():
    with Lake() as lake:
        for name in ("tarn", "tarn.so"):
            os.symlink(os.path.join(ROOT, name), lake.path(name))
        for name in ("sql", "fixtures"):
            shutil.copytree(os.path.join(ROOT, name), lake.path(name))
        environment = {k: v for k, v in os.environ.items() if not k.startswith("TARN_")}
        blocks = commands()
        assert len(blocks) >= 8, len(blocks)
        for block in blocks:
            # `make demo` and `make test` are what calls this test; a target must exist all the same.
            for target in re.findall(r"^make (\S+)$", block, re.M):
                with open(os.path.join(ROOT, "Makefile"), encoding="utf-8") as f:
                    assert re.search(rf"^{target}:", f.read(), re.M), f"no target {target}"
            block = re.sub(r"^make .*$", "", block, flags=re.M)
            done = subprocess.run(["bash", "-e", "-c", block], cwd=lake.folder, env=environment, timeout=120,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            same(done.returncode, 0, f"{block}\n{done.stdout.decode()}{done.stderr.decode()}")


def test_files_that_the_readme_links_exist():
    for name in ("README.md", "docs/commands.md", "docs/catalog.md"):
        with open(os.path.join(ROOT, name), encoding="utf-8") as f:
            for link in re.findall(r"\]\(([^)#:]+)\)", f.read()):
                assert os.path.exists(os.path.join(ROOT, os.path.dirname(name), link)), f"{name} links {link}"


def test_every_command_and_option_is_documented():
    with Lake() as lake:
        text = lake.ok("help")
        with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as f:
            readme = f.read()
        with open(os.path.join(ROOT, "docs/commands.md"), encoding="utf-8") as f:
            reference = f.read()
        for command in re.findall(r"^  ([a-z0-9]+) ", text.split("options:")[0], re.M):
            assert f"`tarn {command}" in readme, f"README does not name tarn {command}"
            if command != "help":
                lake.ok("help", command)
        for option in re.findall(r"(--[a-z0-9-]+)", text.split("options:")[1]):
            assert f"`{option}" in reference, f"docs/commands.md does not name {option}"


def test_every_make_target_is_documented():
    with open(os.path.join(ROOT, "Makefile"), encoding="utf-8") as f:
        targets = re.search(r"^\.PHONY: (.*)$", f.read(), re.M)[1].split()
    with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as f:
        readme = f.read()
    missing = [t for t in targets if f"`make {t}`" not in readme]
    assert len(targets) > 20 and not missing, f"README does not name make {', '.join(missing)}"
