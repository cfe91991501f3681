#include "pipeline/http_server.h"

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "httplib.h"
#include "pipeline/http_get.h"

namespace sequitur::pipeline {
namespace {

using ::testing::HasSubstr;

HttpServer::Pages Pages() {
  HttpServer::Pages pages;
  pages.metrics = [] { return "sequitur_ready 1\n"; };
  pages.status = [] { return "{}"; };
  pages.health = pages.live = [] { return HttpServer::Outcome{true, "ok"}; };
  pages.ready = [] { return HttpServer::Outcome{false, "3 partitions are rebuilding"}; };
  pages.reload = [] { return HttpServer::Outcome{false, "rules.yaml:7:3: error"}; };
  return pages;
}

class HttpServerTest : public ::testing::Test {
 protected:
  HttpServerTest() : server_(*HttpServer::Start({"127.0.0.1", 0}, Pages())) {}

  std::string Url(absl::string_view path) const {
    return absl::StrCat("http://127.0.0.1:", server_->port(), path);
  }
  HttpAnswer Get(absl::string_view path) const { return *HttpGet(Url(path), absl::Seconds(20)); }

  std::unique_ptr<HttpServer> server_;
};

TEST_F(HttpServerTest, PagesAreServed) {
  EXPECT_EQ(Get("/metrics").body, "sequitur_ready 1\n");
  EXPECT_EQ(Get("/healthz").status, 200);
  EXPECT_EQ(Get("/api/status").body, "{}");
  EXPECT_THAT(Get("/").body, HasSubstr("<title>sequitur</title>"));
  EXPECT_EQ(Get("/nothing").status, 404);
}

TEST_F(HttpServerTest, NotReadyIs503WithTheReason) {
  const HttpAnswer answer = Get("/readyz");
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.body, "3 partitions are rebuilding\n");
}

TEST_F(HttpServerTest, AReloadIsAPostAndSaysWhatIsWrong) {
  EXPECT_EQ(Get("/-/reload").status, 404);
  httplib::Client client("127.0.0.1", server_->port());
  const auto answer = client.Post("/-/reload");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 400);
  EXPECT_EQ(answer->body, "rules.yaml:7:3: error\n");
}

TEST_F(HttpServerTest, ATakenPortIsAnError) {
  const auto second = HttpServer::Start({"127.0.0.1", server_->port()}, Pages());
  EXPECT_THAT(second.status().message(), HasSubstr("cannot listen on 127.0.0.1:"));
}

TEST(HttpGetTest, NobodyThereIsAnError) {
  EXPECT_FALSE(HttpGet("http://127.0.0.1:1/healthz", absl::Seconds(5)).ok());
  EXPECT_FALSE(HttpGet("https://127.0.0.1/healthz", absl::Seconds(5)).ok());
}

}  // namespace
}  // namespace sequitur::pipeline
