#include "pipeline/http_server.h"

#include "absl/strings/str_cat.h"
#include "httplib.h"
#include "pipeline/status_page.h"

namespace sequitur::pipeline {
namespace {

constexpr size_t kThreads = 4;
constexpr int kTimeoutSeconds = 5;
constexpr size_t kMaxRequest = 64 << 10;
constexpr char kText[] = "text/plain; charset=utf-8";

// Nothing from elsewhere, and nothing of ours elsewhere.
constexpr char kPolicy[] =
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
    "connect-src 'self'; img-src data:; frame-ancestors 'none'";

void Answer(const HttpServer::Outcome& outcome, int code_if_not, httplib::Response& response) {
  response.status = outcome.ok ? 200 : code_if_not;
  response.set_content(outcome.text + "\n", kText);
}

}  // namespace

struct HttpServer::Server {
  explicit Server(Pages given) : pages(std::move(given)) {
    http.new_task_queue = [] { return new httplib::ThreadPool(kThreads); };
    // httplib's own choice would share a port that another process listens on.
    http.set_socket_options([](socket_t socket) {
      const int yes = 1;
      setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    });
    http.set_read_timeout(kTimeoutSeconds);
    http.set_write_timeout(kTimeoutSeconds);
    http.set_keep_alive_timeout(kTimeoutSeconds);
    http.set_payload_max_length(kMaxRequest);
    http.set_default_headers({{"Cache-Control", "no-store"},
                              {"X-Content-Type-Options", "nosniff"},
                              {"Content-Security-Policy", kPolicy}});
    http.Get("/metrics", [this](const httplib::Request&, httplib::Response& response) {
      response.set_content(pages.metrics(), "text/plain; version=0.0.4; charset=utf-8");
    });
    http.Get("/healthz", [this](const httplib::Request&, httplib::Response& response) {
      Answer(pages.health(), 503, response);
    });
    http.Get("/readyz", [this](const httplib::Request&, httplib::Response& response) {
      Answer(pages.ready(), 503, response);
    });
    http.Get("/livez", [this](const httplib::Request&, httplib::Response& response) {
      Answer(pages.live(), 503, response);
    });
    http.Get("/api/status", [this](const httplib::Request&, httplib::Response& response) {
      response.set_content(pages.status(), "application/json");
    });
    http.Get("/", [](const httplib::Request&, httplib::Response& response) {
      response.set_content(kStatusPage, "text/html; charset=utf-8");
    });
    http.Post("/-/reload", [this](const httplib::Request&, httplib::Response& response) {
      Answer(pages.reload(), 400, response);
    });
  }

  Pages pages;
  httplib::Server http;
};

HttpServer::HttpServer(Pages pages) : server_(std::make_unique<Server>(std::move(pages))) {}

absl::StatusOr<std::unique_ptr<HttpServer>> HttpServer::Start(const config::HostPort& listen,
                                                              Pages pages) {
  std::unique_ptr<HttpServer> server(new HttpServer(std::move(pages)));
  httplib::Server& http = server->server_->http;
  server->port_ = listen.port;
  if (listen.port == 0) {
    server->port_ = http.bind_to_any_port(listen.host);
  } else if (!http.bind_to_port(listen.host, listen.port)) {
    server->port_ = -1;
  }
  if (server->port_ <= 0) {
    return absl::UnavailableError(absl::StrCat(
        "cannot listen on ", listen.host, ":", listen.port,
        ": the port is taken or the address is not this machine's (http.listen sets another)"));
  }
  server->thread_ = std::jthread([&http] { http.listen_after_bind(); });
  // Until then a stop would not be heard.
  while (!http.is_running()) std::this_thread::yield();
  return server;
}

HttpServer::~HttpServer() { server_->http.stop(); }

}  // namespace sequitur::pipeline
