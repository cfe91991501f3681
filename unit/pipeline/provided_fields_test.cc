#include "pipeline/provided_fields.h"

#include "gtest/gtest.h"

namespace sequitur::pipeline {
namespace {

config::Source SourceOf(std::string match, decode::SourceKind kind) {
  config::Source source;
  source.match = std::move(match);
  source.options.kind = kind;
  return source;
}

TEST(ProvidedFields, AreThoseOfTheConfiguredKinds) {
  config::Config config;
  config.kafka.topics = {"es", "nginx-access"};
  config.sources = {SourceOf("es", decode::SourceKind::kEslogger),
                    SourceOf("nginx-*", decode::SourceKind::kNginxAccess)};
  const ProvidedFields provided(config);
  EXPECT_FALSE(provided.open());
  EXPECT_TRUE(provided.Has("url.path"));
  EXPECT_TRUE(provided.Has("process.args"));
  EXPECT_TRUE(provided.Has("sequitur.lineage.service"));
  EXPECT_FALSE(provided.Has("zeek.connection.state"));
  EXPECT_TRUE(provided.Makes("web"));
  EXPECT_FALSE(provided.Makes("network"));
}

TEST(ProvidedFields, AreAnyWhereAKindIsNotKnown) {
  config::Config config;
  EXPECT_TRUE(ProvidedFields(config).open());
  config.kafka.topics = {"^logs-.*"};
  config.sources = {SourceOf("*", decode::SourceKind::kEslogger)};
  EXPECT_TRUE(ProvidedFields(config).open()) << "a regular expression names no topic";
  config.kafka.topics = {"es", "more"};
  config.sources = {SourceOf("es", decode::SourceKind::kEslogger)};
  EXPECT_TRUE(ProvidedFields(config).Has("registry.path"));
  EXPECT_FALSE(ProvidedFields(config).Has("sequitur.no_such"));
}

}  // namespace
}  // namespace sequitur::pipeline
