// How cost grows with what an attacker, or a large site, can make large: the cost
// of one unit at a size and at four times it. About 1 is linear, 4 is quadratic.
//
//   growth_bench [CASE]
//
// CASE: only those whose name holds this.

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "correlate/correlator.h"
#include "decode/decoder.h"
#include "enrich/enricher.h"
#include "pipeline/bench_site.h"
#include "pipeline/yardstick.h"
#include "rules/query_rules.h"

namespace sequitur::pipeline {
namespace {

namespace field = event::field;
using bench::Median;
using bench::QueryRules;
using bench::ThreadSeconds;
using event::Value;

constexpr event::TimeNs kStart = event::TimeNs{1'795'507'200} * event::kSecond;
constexpr char kTwoSteps[] =
    "sequence by source.ip with maxspan=10m [web where event.type == \"access\"] "
    "[web where event.type == \"error\"]";

correlate::Options Roomy() {
  correlate::Options options;
  options.limits.memory = int64_t{8} << 30;
  options.limits.host_share = 1;
  return options;
}

// One correlator under one rule, or several alike.
class Hits {
 public:
  explicit Hits(const std::vector<std::string>& queries, event::TimeNs order_slack = 0)
      : rules_(queries, order_slack),
        matcher_(*rules_.rules()),
        correlator_(rules_.rules(), Roomy()),
        event_(rules_.rules()->projection()) {}

  void Push(event::TimeNs at, Value key, absl::string_view type = "access",
            event::HostId host = 1) {
    event_.Reset();
    event_.time = kStart + at;
    event_.record_time = event_.time;
    event_.position = {0, 0, ++offset_, 0};
    event_.host = host;
    event_.SetString(field::kEventCategory, "web");
    event_.SetString(field::kEventType, type);
    event_.Set(field::kSourceIp, key);
    correlator_.Push(event_, matcher_.Match(event_), matches_);
    matches_.clear();
  }

 private:
  QueryRules rules_;
  rules::Matcher matcher_;
  correlate::Correlator correlator_;
  event::Event event_;
  std::vector<correlate::Match> matches_;
  int64_t offset_ = 0;
};

std::string Address(size_t number) {
  return absl::StrCat("10.", number >> 16 & 255, ".", number >> 8 & 255, ".", number & 255);
}

void OneKey(size_t n) {
  Hits hits({kTwoSteps});
  for (size_t i = 0; i < n; ++i) {
    hits.Push(static_cast<event::TimeNs>(i) * 1000, Value::String("10.0.0.1"));
  }
}

void ManyKeys(size_t n) {
  Hits hits({kTwoSteps});
  for (size_t i = 0; i < n; ++i) {
    hits.Push(static_cast<event::TimeNs>(i) * 1000, Value::String(Address(i)));
  }
}

void ManyHosts(size_t n) {
  Hits hits({kTwoSteps});
  for (size_t i = 0; i < n; ++i) {
    hits.Push(static_cast<event::TimeNs>(i) * 1000, Value::String("10.0.0.1"), "access",
              static_cast<event::HostId>(1 + i));
  }
}

// One key again, every hit somewhere in the ten minutes before the latest.
void Disorder(size_t n, event::TimeNs slack) {
  Hits hits({kTwoSteps}, slack);
  std::mt19937_64 random(1);
  for (size_t i = 0; i < n; ++i) {
    const auto lag = static_cast<event::TimeNs>(random() % 600) * event::kSecond;
    hits.Push(static_cast<event::TimeNs>(i) * event::kMillisecond - lag, Value::String("10.0.0.1"),
              i % 3 == 0 ? "error" : "access");
  }
}

void Backwards(size_t n) {
  Hits hits({kTwoSteps});
  for (size_t i = 0; i < n; ++i) {
    hits.Push(-static_cast<event::TimeNs>(i) * event::kMillisecond, Value::String("10.0.0.1"));
  }
}

// A join key that is a list of n elements.
void ListKey(size_t n) {
  Hits hits({kTwoSteps});
  std::vector<std::string> texts;
  std::vector<Value> elements;
  for (size_t i = 0; i < n; ++i) texts.push_back(Address(i));
  for (const std::string& text : texts) elements.push_back(Value::String(text));
  for (event::TimeNs i = 0; i < 300; ++i) hits.Push(i * 1000, Value::List(elements));
}

void ManyRules(size_t n, const char* query) {
  std::vector<std::string> queries;
  for (size_t i = 0; i < n; ++i) queries.push_back(absl::StrCat(query));
  Hits hits(queries);
  for (size_t i = 0; i < 2'000; ++i) {
    hits.Push(static_cast<event::TimeNs>(i) * event::kMillisecond, Value::String(Address(i % 50)));
  }
}

void LongList(size_t n, const char* query) {
  std::vector<std::string> entries;
  for (size_t i = 0; i < n; ++i) entries.push_back(absl::StrCat("*tool-", i * 7919, ".example*"));
  const QueryRules rules({query}, 0, entries);
  rules::Matcher matcher(*rules.rules());
  event::Event event(rules.rules()->projection());
  for (size_t i = 0; i < n * 100; ++i) {
    event.Reset();
    event.SetString(field::kEventCategory, "web");
    event.SetString(field::kUserAgentOriginal,
                    "Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 tool-17.example");
    matcher.Match(event);
  }
}

const Site& ShippedSite() {
  static const Site& site = *bench::SiteWith("").release();
  return site;
}

void Decode(decode::SourceKind kind, const std::string& line, int times) {
  const Site& site = ShippedSite();
  decode::SourceOptions options;
  options.kind = kind;
  const auto decoder = *decode::Decoder::Create(site.projection(), options);
  event::Event event(site.projection());
  for (int i = 0; i < times; ++i) {
    decode::RawRecord record;
    record.bytes = line;
    record.position = {0, 0, i, 0};
    record.record_time = kStart;
    decoder->Decode(record, event, [](event::Event&) {});
  }
}

std::string Repeat(absl::string_view text, size_t bytes) {
  std::string out;
  while (out.size() + text.size() <= bytes) out.append(text.data(), text.size());
  return out;
}

struct LineShape {
  const char* name;
  const char* before;
  const char* repeated;
  const char* after;
};
constexpr LineShape kShapes[] = {
    {"quotes", "", "\"", ""},
    {"quotes in a request", "203.0.113.7 - - [24/Nov/2026:08:00:00 +0000] \"GET /", "\"",
     " HTTP/1.1\" 200 1 \"-\" \"-\""},
    {"blanks in a request", "203.0.113.7 - - [24/Nov/2026:08:00:00 +0000] \"GET /", " \"",
     " HTTP/1.1\" 200 1 \"-\" \"-\""},
    {"quotes in an error", "2026/11/24 08:00:00 [error] 1#0: *1 open() \"", "\"",
     "\" failed, client: 203.0.113.7"},
    {"fields of an error", "2026/11/24 08:00:00 [error] 1#0: *1 x", ", client: \"", ""},
    {"brackets of an error", "[Tue Nov 24 08:00:00 2026] [core:error] ", "[pid 1] [client ", "]"},
    {"quotes in JSON", "{\"@timestamp\":\"2026-11-24T08:00:00Z\",\"message\":\"", "\\\"", "\"}"},
    {"escapes in JSON", "{\"@timestamp\":\"2026-11-24T08:00:00Z\",\"message\":\"", "\\u0022",
     "\"}"},
    {"objects in JSON", "", "{\"a\":", "1"},
    {"arrays in JSON", "{\"@timestamp\":\"2026-11-24T08:00:00Z\",\"a\":", "[", ""},
    {"members in JSON", "{\"@timestamp\":\"2026-11-24T08:00:00Z\"", ",\"a\":{\"b\":1}", "}"},
    {"same member in JSON", "{\"@timestamp\":\"2026-11-24T08:00:00Z\"",
     ",\"process\":{\"pid\":1,\"args\":[\"a\"]}", "}"},
    {"list in JSON", "{\"@timestamp\":\"2026-11-24T08:00:00Z\",\"process\":{\"args\":[\"x\"",
     ",\"a\"", "]}}"},
    {"JSON within JSON", "{\"@timestamp\":\"2026-11-24T08:00:00Z\",\"message\":\"{\\\"a\\\":", "[",
     "\"}"},
};

std::string LineOf(const LineShape& shape, size_t bytes) {
  return absl::StrCat(shape.before, Repeat(shape.repeated, bytes), shape.after);
}

// n forks on one host, each of which `fill` says more of.
void FeedForks(size_t n, absl::FunctionRef<void(size_t i, event::Event& event)> fill) {
  const Site& site = ShippedSite();
  enrich::Enricher enricher(site.projection(), site.EnrichOptions());
  event::Event event(site.projection());
  for (size_t i = 0; i < n; ++i) {
    event.Reset();
    event.time = kStart + static_cast<event::TimeNs>(i) * event::kMillisecond;
    event.host = 1;
    event.SetString(field::kEventCategory, "process");
    event.SetString(field::kEventType, "start");
    event.SetString(field::kEventAction, "fork");
    event.SetString(field::kProcessName, "worker");
    fill(i, event);
    enricher.Enrich(event);
    enricher.TakeReexaminable();
  }
}

// A process forked again and again by one that nobody knows.
void Forks(size_t n) {
  FeedForks(n, [](size_t i, event::Event& event) {
    event.SetInt(field::kProcessPid, static_cast<int64_t>(1000 + i));
    event.SetInt(field::kProcessParentPid, 500);
    event.SetString(field::kProcessExecutable, "/usr/local/bin/worker");
  });
}

// Every process forks the next.
void DeepLineage(size_t n) {
  FeedForks(n, [](size_t i, event::Event& event) {
    event.SetInt(field::kProcessPid, static_cast<int64_t>(2 + i));
    event.SetInt(field::kProcessParentPid, static_cast<int64_t>(1 + i));
  });
}

// A document of n members nobody reads beside those that are read.
std::string Members(size_t n) {
  std::string line =
      "{\"@timestamp\":\"2026-11-24T08:00:00Z\",\"host\":{\"name\":\"web-1\"},"
      "\"event\":{\"category\":[\"process\"],\"type\":[\"start\"]},"
      "\"process\":{\"pid\":7,\"name\":\"sh\"}";
  for (size_t i = 0; i < n; ++i) absl::StrAppend(&line, ",\"member_", i, "\":\"value ", i, "\"");
  return line + "}";
}

// A request whose target has n bytes, no two alike.
std::string Request(size_t n, size_t number) {
  return absl::StrCat("203.0.113.7 - - [24/Nov/2026:08:00:00 +0000] \"GET /", number, "/",
                      Repeat("products/list.php?page=", n), " HTTP/1.1\" 200 1 \"-\" \"-\"");
}

// One event of a shape, decoded and enriched: ns, to be drawn.
void PrintCurve(const char* name, const std::vector<size_t>& sizes,
                const std::function<std::string(size_t n, size_t number)>& line_of) {
  const Site& site = ShippedSite();
  for (const size_t n : sizes) {
    const auto decoder = *decode::Decoder::Create(site.projection(), {});
    enrich::Enricher enricher(site.projection(), site.EnrichOptions());
    event::Event event(site.projection());
    bench::Lines lines;
    for (size_t i = 0; i < 500; ++i) lines.push_back(line_of(n, i));
    std::vector<double> taken;
    for (int round = 0; round < 7; ++round) {
      const double start = ThreadSeconds();
      for (const std::string& line : lines) {
        decode::RawRecord record;
        record.bytes = line;
        record.record_time = kStart;
        decoder->Decode(record, event, [&](event::Event& decoded) { enricher.Enrich(decoded); });
      }
      taken.push_back((ThreadSeconds() - start) * 1e9 / static_cast<double>(lines.size()));
    }
    std::printf("%-20s %9zu %9zu %9.0f\n", name, n, lines[0].size(), Median(taken));
  }
}

void PrintCurves() {
  std::printf("\n%-20s %9s %9s %9s\n", "decoded and enriched", "n", "bytes", "ns/event");
  PrintCurve("unread members", {0, 10, 20, 50, 100, 200, 500, 1000},
             [](size_t n, size_t) { return Members(n); });
  PrintCurve("bytes of target", {32, 64, 128, 256, 512, 1024, 2048, 4096, 8192}, Request);
}

struct Case {
  std::string name;
  std::string unit;
  size_t n;
  double units_per_n;  // of what is done for n
  std::function<void(size_t)> run;
};

std::vector<Case> Cases() {
  std::vector<Case> cases = {
      {"hits under one key", "hit", 250'000, 1, OneKey},
      {"keys with one hit", "hit", 250'000, 1, ManyKeys},
      {"hosts with one hit", "hit", 25'000, 1, ManyHosts},
      {"hits of one key out of order", "hit", 2'000, 1, [](size_t n) { Disorder(n, 0); }},
      {"the same with order_slack", "hit", 2'000, 1,
       [](size_t n) { Disorder(n, 30 * event::kSecond); }},
      {"hits of one key backwards", "hit", 2'000, 1, Backwards},
      {"elements of a list as join key", "element", 16, 300, ListKey},
      {"rules that all hit", "rule and event", 100, 2000,
       [](size_t n) { ManyRules(n, kTwoSteps); }},
      {"rules with runs that all hit", "rule and event", 100, 2000,
       [](size_t n) {
         ManyRules(n,
                   "sequence by source.ip with maxspan=10m "
                   "[web where event.type == \"access\"] with runs=20 "
                   "[web where event.type == \"error\"]");
       }},
      {"entries of a list, `in~`", "event", 650, 100,
       [](size_t n) { LongList(n, "web where user_agent.original in~ $list"); }},
      {"entries of a list, `like~`", "event", 650, 100,
       [](size_t n) { LongList(n, "web where user_agent.original like~ $list"); }},
      {"children of one process", "fork", 16'000, 1, Forks},
      {"processes in one line of descent", "fork", 16'000, 1, DeepLineage},
  };
  for (const LineShape& shape : kShapes) {
    cases.push_back({shape.name, "byte, auto", 240 << 10, 1, [shape](size_t n) {
                       Decode(decode::SourceKind::kAuto, LineOf(shape, n), 1);
                     }});
  }
  for (size_t i = 1; i < decode::kSourceKinds; ++i) {
    const auto kind = static_cast<decode::SourceKind>(i);
    cases.push_back({absl::StrCat("quotes as ", decode::SourceKindName(kind)), "byte", 240 << 10, 1,
                     [kind](size_t n) {
                       for (const LineShape& shape : kShapes) {
                         Decode(kind, LineOf(shape, n / std::size(kShapes)), 1);
                       }
                     }});
  }
  return cases;
}

double NanosecondsPerUnit(const Case& c, size_t n) {
  std::vector<double> taken;
  for (int round = 0; round < 3; ++round) {
    const double start = ThreadSeconds();
    c.run(n);
    taken.push_back((ThreadSeconds() - start) * 1e9 / (static_cast<double>(n) * c.units_per_n));
  }
  return Median(taken);
}

int Main(absl::string_view only) {
  ShippedSite();
  std::printf("%-36s %-15s %9s %9s %9s %9s  %6s\n", "what is many", "unit", "n", "ns/unit", "4n",
              "ns/unit", "ratio");
  for (const Case& c : Cases()) {
    if (!absl::StrContains(c.name, only)) continue;
    const double small = NanosecondsPerUnit(c, c.n);
    const double large = NanosecondsPerUnit(c, c.n * 4);
    std::printf("%-36s %-15s %9zu %9.1f %9zu %9.1f  %6.2f\n", c.name.c_str(), c.unit.c_str(), c.n,
                small, c.n * 4, large, large / small);
    std::fflush(stdout);
  }
  if (only.empty()) PrintCurves();
  return 0;
}

}  // namespace
}  // namespace sequitur::pipeline

int main(int argc, char** argv) { return sequitur::pipeline::Main(argc > 1 ? argv[1] : ""); }
