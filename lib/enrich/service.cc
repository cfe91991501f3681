#include "enrich/service.h"

#include "enrich/process_record.h"

namespace sequitur::enrich {

namespace field = event::field;
using event::Event;
using event::Value;

void Service::AddFields(event::Projection& projection) {
  projection.Add(field::kEventCategory);
  if (projection.Has(field::kSequiturServiceReaches)) projection.Add(field::kServiceName);
  if (projection.Has(field::kServiceName)) projection.Add(field::kEventDataset);
  if (projection.Has(field::kSequiturFileArea)) {
    projection.Add(field::kFilePath);
  }
  if (projection.Has(field::kSequiturServiceExpectedEgress)) {
    projection.Add(field::kDestinationIp);
    projection.Add(field::kDestinationPort);
    projection.Add(field::kDestinationDomain);
    projection.Add(field::kProcessPid);
  }
}

void Service::Enrich(Event& event) const {
  if (event.Wants(field::kServiceName)) NameLogSource(event);
  if (event.Wants(field::kSequiturFileArea)) NameFileAreas(event);
}

// Endpoint datasets name no service, so process events are left to Lineage.
void Service::NameLogSource(Event& event) const {
  if (event.Has(field::kServiceName)) return;
  const int16_t service = inventory_.ServiceOfDataset(event.Text(field::kEventDataset));
  if (service != Inventory::kNone) {
    event.Set(field::kServiceName, Value::String(inventory_.name(service)));
  }
}

void Service::NameFileAreas(Event& event) const {
  if (!HasWord(event.Get(field::kEventCategory), "file")) return;
  const uint32_t areas = inventory_.Areas(event.Text(field::kFilePath));
  Value* list = event.arena().Allocate<Value>(kFileAreas);
  size_t count = 0;
  for (size_t i = 0; i < kFileAreas; ++i) {
    if ((areas >> i & 1) == 0) continue;
    list[count++] = Value::String(FileAreaName(static_cast<FileArea>(i)));
  }
  event.Set(field::kSequiturFileArea, Value::List({list, count}));
}

void Service::NameReach(Event& event) const {
  if (!event.Wants(field::kSequiturServiceReaches)) return;
  event.Set(field::kSequiturServiceReaches, inventory_.Reaches(event.Text(field::kServiceName)));
}

void Service::JudgeEgress(int16_t service, Event& event) const {
  if (!event.Wants(field::kSequiturServiceExpectedEgress)) return;
  if (!HasWord(event.Get(field::kEventCategory), "network")) return;
  // A sensor's flow names no process: then any service may have sent it.
  const bool anonymous = service == Inventory::kNone && !event.Has(field::kProcessPid);
  if (service == Inventory::kNone && !anonymous) {
    event.Set(field::kSequiturServiceExpectedEgress, Value());
    return;
  }
  const Value port = event.Get(field::kDestinationPort).first();
  int64_t number = 0;
  if (port.kind() == Value::Kind::kInt) {
    number = port.int_value();
  } else if (port.is_string()) {
    event::ParseInt(port.string_value(), &number);
  }
  const absl::string_view address = event.Text(field::kDestinationIp);
  const absl::string_view host = event.Text(field::kDestinationDomain);
  const bool expected = anonymous ? inventory_.AnyExpectsEgress(address, host, number)
                                  : inventory_.ExpectsEgress(service, address, host, number);
  event.Set(field::kSequiturServiceExpectedEgress,
            anonymous && !expected ? Value() : Value::Bool(expected));
}

}  // namespace sequitur::enrich
