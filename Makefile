# Tarn.  `make` builds tarn (the driver) and tarn.so (the SQLite extension);
# `make demo` and `make test` need nothing typed before them on a fresh Debian.
CC      ?= cc
PREFIX  ?= /usr/local
BUILD   ?= build
OPT     ?= -O2 -g
WARN     = -Wall -Wextra -Werror
CFLAGS  += -std=c11 -D_GNU_SOURCE $(OPT) $(WARN) -MMD -MP -fvisibility=hidden $(SAN)
LDFLAGS += $(SAN)
# libcurl, libcrypto and expat are opened on first network use, never linked.
VTAB_LIBS = -lz -lzstd -lbz2 -lonig -lutf8proc -lstemmer -lm -lpthread -ldl
TARN_LIBS = -lsqlite3 $(VTAB_LIBS)

VTAB_C  := $(wildcard vtab/*.c vtab/fn/*.c vtab/s3/*.c)
SRC_C   := $(wildcard src/*.c src/athena/*.c)
GRAMMAR := $(wildcard src/athena/*.y)
GEN_C   := $(GRAMMAR:src/athena/%.y=$(BUILD)/gen/%.c)

EXT_O   := $(VTAB_C:%.c=$(BUILD)/ext/%.o)
CORE_O  := $(VTAB_C:%.c=$(BUILD)/core/%.o)
SRC_O   := $(SRC_C:%.c=$(BUILD)/core/%.o) $(GEN_C:%.c=%.o)

.PHONY: all clang guard-record bench-s3 test-s3-boto docs bench-functions deps deps-test demo unit bench bench-quick bench-stedi bench-tools deps-bench fuzz test tpc random-sql test-s3 test-s3-asan tools-s3 deps-s3 vectors asan tsan lint install clean
.SECONDARY:

all: tarn tarn.so

tarn.so: $(EXT_O)
	$(CC) -shared $(LDFLAGS) -o $@ $^ $(VTAB_LIBS)

tarn: $(BUILD)/tarn
	cp $< $@

$(BUILD)/tarn: $(CORE_O) $(SRC_O)
	$(CC) $(LDFLAGS) -o $@ $^ $(TARN_LIBS)

$(BUILD)/ext/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -fPIC -c -o $@ $<

$(BUILD)/core/%.o: %.c $(GEN_C)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -DSQLITE_CORE -Isrc/athena -I$(BUILD)/gen -c -o $@ $<

# lemon writes x.c, x.h and x.out beside each other.
$(BUILD)/gen/%.c: src/athena/%.y
	@mkdir -p $(@D)
	lemon -q -l -d$(@D) $<

$(BUILD)/gen/%.o: $(BUILD)/gen/%.c
	$(CC) $(CFLAGS) -Wno-unused-parameter -Wno-unused-variable -DSQLITE_CORE -Isrc/athena -Isrc -I$(BUILD)/gen -c -o $@ $<

# Unit tests: each tests/unit/X.c is a program linked with everything but main.
UNIT := $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(wildcard tests/unit/*.c))

$(BUILD)/unit/%: tests/unit/%.c $(CORE_O) $(SRC_O)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -DSQLITE_CORE -MF $(BUILD)/unit/$*.d -I. -Isrc/athena -I$(BUILD)/gen $(LDFLAGS) -o $@ $< \
	  $(filter-out $(BUILD)/core/src/main.o,$(CORE_O) $(SRC_O)) $(TARN_LIBS)

unit: $(UNIT)

DEPS      = gcc make libc6-dev libsqlite3-dev sqlite3 zlib1g-dev libzstd-dev libbz2-dev libisal-dev libonig-dev libutf8proc-dev libstemmer-dev libxxhash-dev lemon tzdata libcurl4-openssl-dev libexpat1-dev libssl-dev
DEPS_TEST = python3 valgrind
DEPS_LINT = cppcheck

deps:
	@tests/install-packages $(DEPS)

deps-test: deps
	@tests/install-packages $(DEPS_TEST)

# The README's second command: everything, with nothing typed before it.
# The STEDI pipeline on the shipped fixtures, in a folder of its own.
DEMO = build/demo
demo: deps
	$(MAKE) all
	rm -rf $(DEMO)
	mkdir -p $(DEMO)
	./tarn run --lake $(DEMO)/lake.db --s3-root fixtures --export $(DEMO)/export
	./tarn query --lake $(DEMO)/lake.db --format box "SELECT \"user\", count(*) AS readings, avg(x) AS x FROM machine_learning_consented GROUP BY \"user\" ORDER BY readings DESC, \"user\" LIMIT 5"
	sqlite3 -box $(DEMO)/lake.db "SELECT count(*) AS customers FROM customers_curated"
	head -n 2 $(DEMO)/export/curated/machine_learning_curated/part-00000.json

test: deps-test
	$(MAKE) all unit
	BUILD=$(BUILD) python3 tests/run.py

# The guard of speed: what `make test` compares instruction counts with.
guard-record: deps-test
	$(MAKE) all
	python3 tests/instructions.py --record

# The network: servers of the test's own on 127.0.0.1, installed here, so not
# part of `make test`.
DEPS_S3 = python3 memcached swift-proxy swift-account swift-container swift-object libcurl4 libexpat1 libssl3 libfaketime openssl
deps-s3: deps
	@tests/install-packages $(DEPS_S3)

$(BUILD)/tools/%: tests/tools/%.c $(CORE_O)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -DSQLITE_CORE -MF $(BUILD)/tools/$*.d -I. $(LDFLAGS) -o $@ $< $(filter-out $(OWN_$*),$(CORE_O)) $(TARN_LIBS)
# What a tool compiles again for itself.
OWN_s3rows = $(BUILD)/core/vtab/s3/reader.o $(BUILD)/core/vtab/s3/retry.o

# A library to preload: names are looked up, for half a minute.
$(BUILD)/tools/slowdns.so: tests/tools/slowdns.c
	@mkdir -p $(@D)
	$(CC) -std=c11 -D_GNU_SOURCE -O1 $(WARN) -shared -fPIC -o $@ $<
TOOLS_S3 = $(BUILD)/tools/s3cli $(BUILD)/tools/s3rows $(BUILD)/tools/slowdns.so
test-s3: deps-s3
	$(MAKE) all tools-s3
	BUILD=$(BUILD) python3 tests/run.py --folder tests/net

# The same, shorter and without Swift, under AddressSanitizer and UndefinedBehaviorSanitizer.
test-s3-asan: deps-s3
	$(MAKE) BUILD=build/asan OPT='-O1 -g' SAN='$(ASAN)' build/asan/tarn tools-s3
	TARN=$(CURDIR)/build/asan/tarn BUILD=build/asan TARN_SANITIZED=1 TARN_FAULT_SCHEDULES=60 TARN_KILLS=2 ASAN_OPTIONS=detect_leaks=1 \
	  python3 tests/run.py --folder tests/net s3_client s3_export s3_pull s3_re s3_schedules s3_interrupt s3_faults s3_write
tools-s3: $(TOOLS_S3)

# Peers and real clients live in an environment of their own, never in `make test`.
PEERS = $(BUILD)/peers
DEPS_PEERS = python3 python3-venv
$(PEERS)/tpc:
	@tests/install-packages $(DEPS_PEERS)
	python3 -m venv $@.new
	$@.new/bin/pip install --quiet duckdb==1.1.3
	mv $@.new $@

# The benchmark's peers: these versions, beside simdjson of Debian.
DEPS_BENCH = $(DEPS_PEERS) g++ libsimdjson-dev
BENCH_PEERS = duckdb==2.0.0 duckdb-cli==1.5.6 chdb==4.4.0 polars==2.1.0
deps-bench: deps
	@tests/install-packages $(DEPS_BENCH)

$(PEERS)/bench-env:
	@tests/install-packages $(DEPS_PEERS)
	rm -rf $@.new
	python3 -m venv $@.new
	$@.new/bin/pip install --quiet $(BENCH_PEERS)
	mv $@.new $@

# A real S3 client as witness of what the network tests say.
$(PEERS)/boto:
	@tests/install-packages $(DEPS_PEERS)
	python3 -m venv $@.new
	$@.new/bin/pip install --quiet boto3
	mv $@.new $@
test-s3-boto: deps-s3 $(PEERS)/boto
	$(MAKE) all tools-s3
	BUILD=$(BUILD) $(PEERS)/boto/bin/python tests/peers/boto.py

# Tarn beside DuckDB, ClickHouse, Polars and simdjson: docs/benchmark.md and .svg.
# bench-quick: a tenth of the data, two rounds, nothing written.
BENCH_TOOLS = $(addprefix $(BUILD)/bench-tools/,launch scan simdjson simdjson-native)
BENCH = BUILD=$(BUILD) $(PEERS)/bench-env/bin/python bench/bench.py $(BENCH_FLAGS)

$(BUILD)/bench-tools/launch: bench/launch.c
	@mkdir -p $(@D)
	$(CC) -std=c11 -D_GNU_SOURCE -O2 $(WARN) -o $@ $<
$(BUILD)/bench-tools/scan: bench/scan.c $(CORE_O)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -DSQLITE_CORE -MF $@.d $(LDFLAGS) -o $@ $< $(CORE_O) $(TARN_LIBS)
$(BUILD)/bench-tools/simdjson: bench/simdjson.cpp
	@mkdir -p $(@D)
	$(CXX) -std=c++17 -O3 $(WARN) -o $@ $< -lsimdjson
$(BUILD)/bench-tools/simdjson-native: bench/simdjson.cpp
	@mkdir -p $(@D)
	$(CXX) -std=c++17 -O3 -march=native $(WARN) -o $@ $< -lsimdjson

bench-tools: deps-bench
	$(MAKE) all $(BENCH_TOOLS) $(PEERS)/bench-env
bench: bench-tools
	$(BENCH)
bench-quick: bench-tools
	$(BENCH) --scale 0.1 --rounds 2 --ten-times down --no-write
bench-stedi: bench-tools
	$(BENCH) --scale 0.01 --rounds 5 --only 'real STEDI' 'start to first row' --no-write

# Landing tables on a model of S3: time to the first byte, speed of a connection.
$(BUILD)/s3model: bench/s3model.c
	@mkdir -p $(@D)
	$(CC) -std=c11 -D_GNU_SOURCE -O2 $(WARN) -o $@ $< -lpthread
# DuckDB of the version whose httpfs is on PyPI.
$(PEERS)/s3:
	@tests/install-packages $(DEPS_PEERS)
	python3 -m venv $@.new
	$@.new/bin/pip install --quiet duckdb==1.4.4 duckdb-ext-httpfs==1.4.4.20260205 chdb
	mv $@.new $@
# Writes docs/benchmark-s3.md.
bench-s3: all $(BUILD)/s3model $(PEERS)/s3
	BUILD=$(BUILD) $(PEERS)/s3/bin/python bench/s3.py

# Writes docs/benchmark-functions.md.
bench-functions: all $(PEERS)/bench-env
	$(PEERS)/bench-env/bin/python bench/functions.py

# Random statements, the fast paths against the plain one.
RANDOM_SQL = 1000
random-sql: all deps-test
	python3 tests/random_sql.py --count $(RANDOM_SQL)

tpc: all $(PEERS)/tpc
	$(PEERS)/tpc/bin/python tests/peers/tpc.py

# The reference page of functions, from the registry.
docs: tarn
	python3 tests/tools/functions_page.py > docs/functions.md.new
	mv docs/functions.md.new docs/functions.md

vectors: all
	python3 tests/vectors.py

# The same suite under AddressSanitizer and UndefinedBehaviorSanitizer, in a
# build folder of its own.  tarn.so is built without them: stock sqlite3 loads it.
ASAN = -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
asan: deps-test
	$(MAKE) tarn.so
	$(MAKE) BUILD=build/asan OPT='-O1 -g' SAN='$(ASAN)' build/asan/tarn unit
	TARN=$(CURDIR)/build/asan/tarn BUILD=build/asan TARN_SANITIZED=1 ASAN_OPTIONS=detect_leaks=1 python3 tests/run.py

# What runs in threads, under ThreadSanitizer: unit programs, and the pipeline of
# some megabytes with four threads.
TSAN = jsonl_blocks crew landing openx_template group image pages
TSAN_RUN = TSAN_OPTIONS=halt_on_error=1:exitcode=66
tsan: deps-test
	@tests/install-packages clang
	$(MAKE) BUILD=build/tsan CC=clang OPT='-O1 -g' SAN=-fsanitize=thread build/tsan/tarn $(TSAN:%=build/tsan/unit/%)
	set -e; for t in $(TSAN); do $(TSAN_RUN) build/tsan/unit/$$t; done
	rm -rf build/tsan/run && mkdir -p build/tsan/run
	python3 bench/generate.py build/tsan/run/s3 --scale 0.02
	$(TSAN_RUN) build/tsan/tarn run --threads 4 --lake build/tsan/run/lake.db --s3-root build/tsan/run/s3 --export build/tsan/run/export
	gzip -r build/tsan/run/s3
	$(TSAN_RUN) build/tsan/tarn run --threads 4 --lake build/tsan/run/lake.db --s3-root build/tsan/run/s3 --no-export

# Fuzzing under the same sanitizers.  Each tests/fuzz/X.c is a program
# `X [SECONDS [SEED]]` that closes with a plain line; sql takes a lake and a
# corpus besides.  `make fuzz` runs each for FUZZ_SECONDS.
FUZZ_SECONDS ?= 60
FUZZ := $(patsubst tests/fuzz/%.c,build/asan/fuzz/%,$(wildcard tests/fuzz/*.c))

$(BUILD)/fuzz/%: tests/fuzz/%.c $(CORE_O) $(SRC_O)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -DSQLITE_CORE -MF $(BUILD)/fuzz/$*.d -I. -Isrc/athena -I$(BUILD)/gen $(LDFLAGS) -o $@ $< \
	  $(filter-out $(BUILD)/core/src/main.o,$(CORE_O) $(SRC_O)) $(TARN_LIBS)

fuzz: deps-test
	$(MAKE) BUILD=build/asan OPT='-O1 -g' SAN='$(ASAN)' build/asan/tarn $(FUZZ)
	tests/fuzz/run $(FUZZ_SECONDS) $(FUZZ)

# The other compiler, with the same warnings as errors.
clang: deps
	@tests/install-packages clang
	$(MAKE) BUILD=build/clang CC=clang OPT=-O1 build/clang/tarn

lint: deps
	@tests/install-packages $(DEPS_LINT)
	cppcheck --quiet --std=c11 --enable=warning,portability --inline-suppr --error-exitcode=1 -j2 \
	  --library=tests/lint/cppcheck.cfg --suppressions-list=tests/lint/suppressions -DSQLITE_CORE -Isrc/athena vtab src

install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/lib
	install -m 755 tarn $(DESTDIR)$(PREFIX)/bin/tarn
	install -m 644 tarn.so $(DESTDIR)$(PREFIX)/lib/tarn.so

clean:
	rm -rf $(BUILD) tarn tarn.so

-include $(EXT_O:.o=.d) $(CORE_O:.o=.d) $(SRC_O:.o=.d) $(UNIT:=.d)
