#pragma once

// Reloader: configuration edits to a running daemon. Reads the site again when
// one of its files changes, on a signal or when asked; hands a good one on, and
// keeps the old one when the new has errors, which it logs with their place.
//
// Files are looked at once a second, by what is behind the path: an editor's
// rename, a mounted ConfigMap's swapped link and a network mount all show. An edit
// in several steps is read once it has been still for a second.
//
// Threads: any; one reload at a time.

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "metrics/report.h"
#include "pipeline/site.h"

namespace sequitur::pipeline {

class Reloader {
 public:
  // Puts the site to use, or says why it cannot be.
  using Adopt = std::function<absl::Status(std::shared_ptr<const Site> next)>;

  struct Outcome {
    bool ok = false;
    std::string text;  // what changed, or what is wrong; lines
  };

  Reloader(SiteOptions options, std::shared_ptr<const Site> in_use, Adopt adopt);

  // `why` is for the log.
  Outcome Reload(absl::string_view why);
  // Reloads when files change or an allowlist entry's last day is over, until asked
  // to stop.
  void Watch(std::stop_token stop);

  metrics::ConfigReport report() const;

 private:
  Outcome Load();
  std::string Fingerprint() const;

  const SiteOptions options_;
  const Adopt adopt_;
  std::mutex loading_;
  mutable std::mutex mutex_;  // of what follows
  std::shared_ptr<const Site> in_use_;
  metrics::ConfigReport report_;
};

// How many allowlist entries of the site allow nothing from this day (UTC) on, be it
// that they still do because the site was loaded before.
int64_t ExpiredEntries(const Site& site, absl::CivilDay today);

// What the next site looks for otherwise than the one before: rules by id, and
// how many lists and allowlist entries. One line; empty when there is nothing.
std::string DescribeChange(const Site& before, const Site& next);

}  // namespace sequitur::pipeline
