// The accelerometer files read by simdjson on-demand, one thread: the peer of bench/scan.c.
//
//   simdjson {all|one|count} PASSES stream|lines FILE…
//
// The files lie in memory, padded, before the clock starts (ours are read anew in each pass).  Fields
// are asked for in the order in which they lie.  stream: iterate_many over whole files; lines: a
// document for each line found by memchr.  count has nothing to ask a field for: it walks the stream.
// Prints one line: median processor seconds of a pass, bytes, rows, and what the columns sum to.
#include <simdjson.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string_view>
#include <vector>

using namespace simdjson;

// Processor time: there is one thread, and others' work does not count.
static double now() {
  timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return double(t.tv_sec) + double(t.tv_nsec) / 1e9;
}

struct Sums {
  uint64_t rows = 0, text = 0;
  uint64_t timestamp = 0;            // may wrap: both programs do alike
  double x = 0, y = 0, z = 0;
};

enum What { ALL, ONE, COUNT };

template <typename Document>
static void take(Document &doc, What what, Sums &s) {
  s.rows++;
  if (what == ONE) {
    s.x += double(doc["x"]);
  } else if (what == ALL) {
    std::string_view user = doc["user"];
    s.text += user.size();
    s.timestamp += uint64_t(int64_t(doc["timestamp"]));
    s.x += double(doc["x"]);
    s.y += double(doc["y"]);
    s.z += double(doc["z"]);
  }
}

static void stream(ondemand::parser &parser, const padded_string &file, What what, Sums &s) {
  ondemand::document_stream docs = parser.iterate_many(file, 1 << 20);
  for (auto doc : docs) take(doc, what, s);
}

static void lines(ondemand::parser &parser, const padded_string &file, What what, Sums &s) {
  const char *at = file.data(), *end = at + file.size();
  while (at < end) {
    const char *newline = static_cast<const char *>(memchr(at, '\n', size_t(end - at)));
    size_t n = size_t((newline ? newline : end) - at);
    if (what == COUNT) {
      s.rows++;
    } else {
      ondemand::document doc = parser.iterate(at, n, size_t(end - at) + SIMDJSON_PADDING);
      take(doc, what, s);
    }
    at += n + 1;
  }
}

int main(int argc, char **argv) {
  if (argc < 5) {
    fputs("usage: simdjson all|one|count PASSES stream|lines FILE...\n", stderr);
    return 2;
  }
  What what = argv[1][0] == 'a' ? ALL : argv[1][0] == 'o' ? ONE : COUNT;
  std::vector<padded_string> files;
  size_t bytes = 0;
  for (int i = 4; i < argc; i++) {
    files.push_back(padded_string::load(argv[i]));
    bytes += files.back().size();
  }
  std::vector<double> seconds;
  Sums s;
  ondemand::parser parser;
#ifdef SIMDJSON_THREADS_ENABLED
  parser.threaded = false;
#endif
  for (int pass = 0; pass < atoi(argv[2]); pass++) {
    double start = now();
    s = Sums();
    for (const padded_string &file : files) (argv[3][0] == 's' ? stream : lines)(parser, file, what, s);
    seconds.push_back(now() - start);
  }
  std::sort(seconds.begin(), seconds.end());
  printf("%.6f %zu rows %llu text %llu timestamp %llu x %.2f y %.2f z %.2f\n", seconds[seconds.size() / 2], bytes,
         (unsigned long long)s.rows, (unsigned long long)s.text, (unsigned long long)s.timestamp, s.x, s.y, s.z);
  return 0;
}
