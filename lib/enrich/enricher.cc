#include "enrich/enricher.h"

#include <utility>

namespace sequitur::enrich {
namespace {

// Arguments are kept only for who reads them later.
LineageOptions Tuned(LineageOptions options, const event::Projection& projection,
                     const Inventory& inventory) {
  namespace field = event::field;
  const bool shown =
      projection.Has(field::kProcessParentArgs) || projection.Has(field::kProcessParentCommandLine);
  if (!shown && !inventory.reads_arguments()) options.table.max_arguments = 0;
  return options;
}

}  // namespace

Enricher::Enricher(const event::Projection& projection, Options options)
    : service_(*options.inventory),
      lineage_(*options.inventory, Tuned(options.lineage, projection, *options.inventory)),
      indicators_(*options.indicators),
      direction_(options.direction),
      novelty_(std::move(options.baselines)) {}

void Enricher::AddFields(event::Projection& projection, const Options& options) {
  // Backwards: what a later step reads, an earlier one may have to set.
  Novelty::AddFields(options.baselines, projection);
  Direction::AddFields(projection);
  Indicators::AddFields(projection);
  Service::AddFields(projection);
  Lineage::AddFields(projection);
}

void Enricher::Enrich(event::Event& event) {
  service_.Enrich(event);
  const int16_t service = lineage_.Enrich(event);
  service_.NameReach(event);
  service_.JudgeEgress(service, event);
  indicators_.Enrich(event);
  direction_.Enrich(event);
  novelty_.Enrich(event);
}

}  // namespace sequitur::enrich
