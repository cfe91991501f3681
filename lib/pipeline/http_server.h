#pragma once

// HttpServer: the daemon's pages.
//
//   GET  /metrics      Prometheus' text format
//   GET  /healthz      503 with the reasons while something is wrong outside
//   GET  /readyz       503 with the reasons while alerts would be late
//   GET  /livez        503 when only a restart helps
//   GET  /api/status   everything at once, JSON
//   GET  /             the status page, made from that
//   POST /-/reload     reads the configuration again; 400 with what is wrong in it
//
// Threads: a few of its own; the functions it is given are called from any of
//          them. Bounds: small requests, short time-outs.

#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "config/config.h"

namespace sequitur::pipeline {

class HttpServer {
 public:
  struct Outcome {
    bool ok = true;
    std::string text;
  };
  struct Pages {
    std::function<std::string()> metrics;
    std::function<std::string()> status;  // JSON
    std::function<Outcome()> health;
    std::function<Outcome()> ready;
    std::function<Outcome()> live;
    std::function<Outcome()> reload;
  };

  // Fails when the address cannot be had.
  static absl::StatusOr<std::unique_ptr<HttpServer>> Start(const config::HostPort& listen,
                                                           Pages pages);
  ~HttpServer();

  int port() const { return port_; }

 private:
  struct Server;
  explicit HttpServer(Pages pages);

  std::unique_ptr<Server> server_;
  int port_ = 0;
  std::jthread thread_;
};

}  // namespace sequitur::pipeline
