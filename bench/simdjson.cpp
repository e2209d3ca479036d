// The accelerometer files read by simdjson on-demand, one thread: the peer of bench/scan.c.
//
//   simdjson {all|one|count} PASSES {blocks|stream|lines|memory} FILE…
//
// Both programs read the files from the page cache in each pass, into memory that is used again.  Fields
// are asked for in the order in which they lie.  blocks: 256 kB are read, cut at the last line and walked
// by iterate_many; stream: the same with a whole file; lines: a document for each line found by memchr in a
// whole file; memory: as stream, but the files lie in memory before the clock starts.  count has nothing
// to ask a field for: it walks the documents, or finds the lines.
// Prints one line: median processor seconds of a pass, bytes, rows, and what the columns sum to.
#include <fcntl.h>
#include <simdjson.h>
#include <sys/stat.h>
#include <unistd.h>

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

constexpr size_t BLOCK = 1 << 18;

struct Reader {
  std::vector<char> buffer;  // SIMDJSON_PADDING bytes more than are read
  ondemand::parser parser;
  What what;
  Sums sums;

  // Up to n bytes of the file behind those at hand; how many came.
  size_t read_more(int fd, size_t at, size_t n) {
    if (buffer.size() < at + n + SIMDJSON_PADDING) buffer.resize(at + n + SIMDJSON_PADDING);
    size_t got = 0;
    while (got < n) {
      ssize_t k = ::read(fd, buffer.data() + at + got, n - got);
      if (k <= 0) break;
      got += size_t(k);
    }
    return got;
  }

  void stream(const char *z, size_t n) {
    ondemand::document_stream docs = parser.iterate_many(z, n, BLOCK);
    for (auto doc : docs) take(doc, what, sums);
  }

  void lines(const char *z, size_t n) {
    for (const char *at = z, *end = z + n; at < end;) {
      const char *newline = static_cast<const char *>(memchr(at, '\n', size_t(end - at)));
      size_t length = size_t((newline ? newline : end) - at);
      if (what == COUNT) {
        sums.rows++;
      } else {
        ondemand::document doc = parser.iterate(at, length, size_t(end - at) + SIMDJSON_PADDING);
        take(doc, what, sums);
      }
      at += length + 1;
    }
  }

  void walk(const char *z, size_t n) { what == COUNT ? lines(z, n) : stream(z, n); }

  void blocks(int fd) {
    size_t kept = 0, got;
    while ((got = read_more(fd, kept, BLOCK)) > 0) {
      size_t n = kept + got, whole = n;
      while (got == BLOCK && whole > 0 && buffer[whole - 1] != '\n') whole--;
      walk(buffer.data(), whole);
      memmove(buffer.data(), buffer.data() + whole, n - whole);
      kept = n - whole;
    }
    if (kept) walk(buffer.data(), kept);
  }

  void file(const char *path, char form) {
    int fd = open(path, O_RDONLY);
    struct stat st;
    if (fd < 0 || fstat(fd, &st)) {
      perror(path);
      exit(1);
    }
    if (form == 'b') {
      blocks(fd);
    } else {
      size_t n = read_more(fd, 0, size_t(st.st_size));
      form == 's' ? stream(buffer.data(), n) : lines(buffer.data(), n);
    }
    close(fd);
  }
};

int main(int argc, char **argv) {
  if (argc < 5) {
    fputs("usage: simdjson all|one|count PASSES blocks|stream|lines|memory FILE...\n", stderr);
    return 2;
  }
  char form = argv[3][0];
  std::vector<padded_string> held;
  size_t bytes = 0;
  for (int i = 4; i < argc; i++) {
    padded_string whole = padded_string::load(argv[i]);
    bytes += whole.size();
    if (form == 'm') held.push_back(std::move(whole));
  }
  std::vector<double> seconds;
  Reader r;
  r.what = argv[1][0] == 'a' ? ALL : argv[1][0] == 'o' ? ONE : COUNT;
#ifdef SIMDJSON_THREADS_ENABLED
  r.parser.threaded = false;
#endif
  for (int pass = 0; pass < atoi(argv[2]); pass++) {
    double start = now();
    r.sums = Sums();
    for (int i = 4; i < argc; i++) {
      if (form == 'm') r.stream(held[size_t(i) - 4].data(), held[size_t(i) - 4].size());
      else r.file(argv[i], form);
    }
    seconds.push_back(now() - start);
  }
  const Sums &s = r.sums;
  std::sort(seconds.begin(), seconds.end());
  printf("%.6f %zu rows %llu text %llu timestamp %llu x %.2f y %.2f z %.2f\n", seconds[seconds.size() / 2], bytes,
         (unsigned long long)s.rows, (unsigned long long)s.text, (unsigned long long)s.timestamp, s.x, s.y, s.z);
  return 0;
}
