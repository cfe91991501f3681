#pragma once

// WebLog: the access and error logs of one host's web server, and php-fpm's.
// Access lines are written at the end of a request; nginx stamps them with that
// moment, httpd with the start.
//
// Format: nginx combined, main and an escape=json log_format; httpd common and
//         combined; the stock error logs; php-fpm's own log.
// Threads:  none.
// Lifetime: borrows everything it is given.

#include <string>

#include "loadgen/shipper.h"

namespace sequitur::loadgen {

struct Request {
  std::string client;
  absl::string_view method = "GET";
  std::string target;
  int status = 200;
  int64_t bytes = 0;
  std::string referrer;    // empty: none
  std::string user_agent;  // empty: none
  TimeNs start = 0;
};

class WebLog {
 public:
  WebLog(const Host& host, Timeline& timeline, Shipper& shipper, Random random)
      : host_(host), timeline_(timeline), shipper_(shipper), random_(random) {}

  // The request ends now.
  void Access(const Request& request, Mark mark = {});
  // nginx: `what` with its while clause; httpd: `what` after the client. `pid`
  // is the worker's.
  void Error(absl::string_view what, const Request& request, int pid, Mark mark = {});
  // nginx could not get an answer from the application.
  void UpstreamError(absl::string_view what, const Request& request, int pid, Mark mark = {});
  // The master saw a worker die.
  void WorkerCrash(int master_pid, int worker_pid, int signal, Mark mark = {});
  void PhpChildCrash(int child_pid, int signal, TimeNs lifetime, Mark mark = {});
  void Notice(absl::string_view text, int master_pid);

 private:
  std::string Quoted(absl::string_view text) const;
  std::string PlainAccess(const Request& request);
  std::string JsonAccess(const Request& request);
  std::string UpstreamOf(const Request& request) const;
  Stream AccessStream() const;
  Stream ErrorStream() const;

  const Host& host_;
  Timeline& timeline_;
  Shipper& shipper_;
  Random random_;
  ClockText clock_;
  int64_t connection_ = 1'000;
};

}  // namespace sequitur::loadgen
