#pragma once

// The requests of everyday visitors: who they are, what they ask for and what
// they get. Values only.

#include <string>

#include "loadgen/host.h"
#include "loadgen/web_log.h"

namespace sequitur::loadgen {

// What serving a request makes the service do besides answering.
enum class SideEffect : uint8_t {
  kNone,
  kThumbnail,
  kMail,
  kPaymentCall,
  kCgi,
  kMissingFile,
  kFailure
};

struct Visit {
  Request request;
  TimeNs duration = 0;
  SideEffect effect = SideEffect::kNone;
};

// A request of a browser, a probe or a scanner, start not yet set.
Visit EverydayVisit(const Host& host, Random& random);
// A scanner's request for what is not there: suspicious and harmless.
Visit ScannerVisit(Random& random);
Visit BrowserVisit(const Host& host, Random& random);

std::string VisitorAddress(Random& random);
absl::string_view BrowserAgent(Random& random);

}  // namespace sequitur::loadgen
