#include "enrich/enricher.h"

#include "enrich/event_builder.h"
#include "gtest/gtest.h"

namespace sequitur::enrich {
namespace {

namespace field = event::field;

class EnricherTest : public ::testing::Test {
 protected:
  EnricherTest() : inventory_(Spec()), indicators_(Names()) {
    options_.inventory = &inventory_;
    options_.indicators = &indicators_;
    BaselineOptions baseline;
    baseline.name = "service_destination";
    baseline.fields = {field::kSequiturLineageService, field::kDestinationIp};
    baseline.learning_period = 0;
    options_.baselines = {baseline};
  }

  static InventorySpec Spec() {
    InventorySpec spec;
    ServiceSpec nginx;
    nginx.name = "nginx";
    nginx.processes = {"nginx"};
    nginx.egress = {"203.0.113.1:443"};
    spec.services.push_back(nginx);
    return spec;
  }
  static std::vector<IndicatorSpec> Names() {
    IndicatorSpec spec;
    spec.name = "path_traversal";
    spec.target = {R"(\.\./)"};
    return {spec};
  }

  Inventory inventory_;
  IndicatorSet indicators_;
  Enricher::Options options_;
};

TEST_F(EnricherTest, LaterStepsReadWhatEarlierOnesSet) {
  event::Projection projection(TestFields());
  for (const event::FieldId id :
       {field::kSequiturNovel, field::kNetworkDirection, field::kSequiturServiceExpectedEgress}) {
    projection.Add(id);
  }
  Enricher::AddFields(projection, options_);
  Enricher enricher(projection, options_);
  event::Event event(projection);
  EventBuilder(event, "process", "exec", 0).Pid(100, 1).Parent(1).Program("/usr/sbin/nginx");
  enricher.Enrich(event);
  EventBuilder(event, "network", "network_flow", 1)
      .Pid(100, 1)
      .Text(field::kDestinationIp, "203.0.113.1")
      .Int(field::kDestinationPort, 443);
  enricher.Enrich(event);
  EXPECT_EQ(event.Text(field::kSequiturLineageService), "nginx");
  EXPECT_EQ(event.Get(field::kSequiturServiceExpectedEgress).ToString(), "true");
  EXPECT_EQ(event.Text(field::kNetworkDirection), "egress");
  EXPECT_EQ(event.Get(field::kSequiturNovel).ToString(), "[service_destination]");
}

TEST_F(EnricherTest, AnEventThatWaitedIsNovelWhenItIsSeenAgain) {
  Enricher enricher(AllFields(), options_);
  event::Event event(AllFields());
  EventBuilder(event, "network", "network_flow", 5)
      .Pid(200, 3)
      .Text(field::kDestinationIp, "1.1.1.1");
  enricher.Enrich(event);
  EXPECT_FALSE(event.Has(field::kSequiturNovel));
  EventBuilder(event, "process", "exec", 4).Pid(200, 3).Parent(1).Program("/usr/sbin/nginx");
  enricher.Enrich(event);
  const auto again = enricher.TakeReexaminable();
  ASSERT_EQ(again.size(), 1u);
  again[0]->Restore(event);
  enricher.Enrich(event);
  EXPECT_EQ(event.Get(field::kSequiturNovel).ToString(), "[service_destination]");
  EXPECT_TRUE(enricher.TakeReexaminable().empty());
}

TEST_F(EnricherTest, ReadsOnlyWhatSomebodyWants) {
  event::Projection projection(TestFields());
  Enricher::AddFields(projection, options_);
  EXPECT_FALSE(projection.Has(field::kUrlOriginal));
  EXPECT_FALSE(projection.Has(field::kDestinationIp));
  EXPECT_TRUE(projection.Has(field::kProcessPid));
  projection.Add(field::kSequiturIndicators);
  Enricher::AddFields(projection, options_);
  EXPECT_TRUE(projection.Has(field::kUrlOriginal));
}

}  // namespace
}  // namespace sequitur::enrich
