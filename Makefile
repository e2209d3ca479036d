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
VTAB_LIBS = -lz -lzstd -lpcre2-8 -lm -lpthread -ldl
TARN_LIBS = -lsqlite3 $(VTAB_LIBS)

VTAB_C  := $(wildcard vtab/*.c vtab/fn/*.c)
SRC_C   := $(wildcard src/*.c src/athena/*.c)
GRAMMAR := $(wildcard src/athena/*.y)
GEN_C   := $(GRAMMAR:src/athena/%.y=$(BUILD)/gen/%.c)

EXT_O   := $(VTAB_C:%.c=$(BUILD)/ext/%.o)
CORE_O  := $(VTAB_C:%.c=$(BUILD)/core/%.o)
SRC_O   := $(SRC_C:%.c=$(BUILD)/core/%.o) $(GEN_C:%.c=%.o)

.PHONY: all deps deps-test demo test vectors asan lint install clean
.SECONDARY:

all: tarn tarn.so

tarn.so: $(EXT_O)
	$(CC) -shared $(LDFLAGS) -o $@ $^ $(VTAB_LIBS)

tarn: $(CORE_O) $(SRC_O)
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
	$(CC) $(CFLAGS) -Wno-unused-parameter -DSQLITE_CORE -Isrc/athena -Isrc -I$(BUILD)/gen -c -o $@ $<

DEPS      = gcc make libsqlite3-dev sqlite3 zlib1g-dev libzstd-dev libpcre2-dev lemon
DEPS_TEST = python3

deps:
	@tests/install-packages $(DEPS)

deps-test: deps
	@tests/install-packages $(DEPS_TEST)

test: deps-test
	$(MAKE) all
	python3 tests/run.py

vectors: all
	python3 tests/vectors.py

clean:
	rm -rf $(BUILD) tarn tarn.so

-include $(EXT_O:.o=.d) $(CORE_O:.o=.d) $(SRC_O:.o=.d)
