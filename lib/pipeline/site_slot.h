#pragma once

// SiteSlot: the site in use. Whoever reloads puts the next one in; workers look
// between two polls whether there is another.
// Threads: any.

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>

#include "pipeline/site.h"

namespace sequitur::pipeline {

class SiteSlot {
 public:
  explicit SiteSlot(std::shared_ptr<const Site> site) : site_(std::move(site)) {}

  std::shared_ptr<const Site> Get() const {
    const std::lock_guard lock(mutex_);
    return site_;
  }
  void Set(std::shared_ptr<const Site> next) {
    const std::lock_guard lock(mutex_);
    site_ = std::move(next);
    version_.fetch_add(1, std::memory_order_release);
  }
  // Another number means another site.
  uint64_t version() const { return version_.load(std::memory_order_acquire); }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const Site> site_;
  std::atomic<uint64_t> version_{0};
};

}  // namespace sequitur::pipeline
