#pragma once

// Direction: network.direction by addresses and not by the sensor's word:
//   egress    from a host of ours to an address outside, or to an egress proxy
//   ingress   a host of ours is the responder; or the sensor says so
//   internal  to an address that is not outside
//   external  between two addresses outside, seen in passing
//   unknown   no destination to judge
// What is outside: everything but the special-purpose ranges of IANA's
// registries and the site's own. IPv4 within IPv6 (mapped, NAT64, 6to4) is
// judged as IPv4.
//
// Threads:  const after construction.

#include <cstdint>
#include <vector>

#include "event/event.h"
#include "event/ip_address.h"

namespace sequitur::enrich {

struct DirectionOptions {
  // Ranges that are not egress; replaced by a site that gives its own.
  std::vector<event::CidrBlock> not_egress = DefaultRanges();
  // The organisation's public ranges: ours, and not egress.
  std::vector<event::CidrBlock> own_ranges;
  // Through which connections leave: egress wherever they stand.
  struct Proxy {
    event::CidrBlock block;
    int64_t port = 0;  // 0: any
  };
  std::vector<Proxy> egress_proxies;

  // Without the documentation ranges (192.0.2.0/24 ...): nobody routes them, and
  // test data uses them for the attacker.
  static std::vector<event::CidrBlock> DefaultRanges();
  static std::vector<event::CidrBlock> DocumentationRanges();
};

class Direction {
 public:
  explicit Direction(const DirectionOptions& options);

  static void AddFields(event::Projection& projection);
  void Enrich(event::Event& event) const;

 private:
  // Blocks of both families; an IPv4 address is asked of all of its own at once.
  class Ranges {
   public:
    void Add(const event::CidrBlock& block);
    bool Contains(const event::IpAddress& address) const;

   private:
    struct V4 {
      uint32_t network;
      uint32_t mask;
    };
    std::vector<V4> v4_;
    std::vector<event::CidrBlock> v6_;
  };

  absl::string_view Judge(const event::Event& event) const;
  bool IsProxy(const event::IpAddress& address, const event::Event& event) const;

  Ranges inside_;
  std::vector<DirectionOptions::Proxy> proxies_;
};

}  // namespace sequitur::enrich
