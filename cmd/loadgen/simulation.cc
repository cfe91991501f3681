#include "loadgen/simulation.h"

#include <algorithm>
#include <utility>

#include "loadgen/traffic.h"

namespace sequitur::loadgen {
namespace {

// A workstation's share of the load that a web server has.
constexpr double kWorkstationWeight = 0.1;
// Planted things keep away from the very start, when nothing has gone before.
constexpr double kQuietShare = 0.05;

double WeightOf(const Host& host) { return host.ServesWeb() ? 1.0 : kWorkstationWeight; }

std::vector<Scenario> Chosen(std::vector<Scenario> scenarios,
                             const std::vector<std::string>& only) {
  if (only.empty()) return scenarios;
  const auto unwanted = [&only](const Scenario& scenario) {
    return std::none_of(only.begin(), only.end(), [&scenario](const std::string& name) {
      return scenario.name == name || scenario.rule == name;
    });
  };
  scenarios.erase(std::remove_if(scenarios.begin(), scenarios.end(), unwanted), scenarios.end());
  return scenarios;
}

std::vector<Scenario> Joined(std::vector<Scenario> first, std::vector<Scenario> second) {
  for (Scenario& scenario : second) first.push_back(std::move(scenario));
  return first;
}

}  // namespace

std::vector<Scenario> AllScenarios() {
  return Joined(Joined(WebExploits(), OtherAttacks()), LookAlikes());
}

Simulation::Simulation(const Options& options, Sink& sink, Progress progress)
    : options_(options),
      sink_(sink),
      progress_(std::move(progress)),
      arrivals_(sink, options.streams),
      timeline_(options.start, options.start + options.duration) {
  Random random(options.seed);
  MakeMachines(random);
  Plant(Chosen(Joined(WebExploits(), OtherAttacks()), options.only), options.attacks,
        random.Fork());
  Plant(Chosen(LookAlikes(), options.only), options.look_alikes, random.Fork());
}

void Simulation::MakeMachines(Random& random) {
  const Shipper::Settings settings = {options_.envelope, options_.disorder};
  hosts_ = MakeHosts(options_, random);
  sensor_host_ = MakeSensor(random);
  sensor_ = std::make_unique<Shipper>(sensor_host_, settings, timeline_, arrivals_, random.Fork());
  zeek_ = std::make_unique<ZeekLog>(*sensor_, random.Fork());
  double weights = 0;
  for (const Host& host : hosts_) weights += WeightOf(host);
  for (const Host& host : hosts_) {
    machines_.push_back(
        std::make_unique<Machine>(host, settings, timeline_, arrivals_, *zeek_, random.Fork()));
    StartTraffic(*machines_.back(), options_.rate * WeightOf(host) / weights);
  }
  planted_on_.assign(machines_.size(), 0);
}

void Simulation::Plant(std::vector<Scenario> scenarios, int count, Random random) {
  scenarios_.push_back(std::make_unique<std::vector<Scenario>>(std::move(scenarios)));
  std::vector<Scenario>& kept = *scenarios_.back();
  const auto playable = [this](const Scenario& scenario) {
    return std::any_of(hosts_.begin(), hosts_.end(), scenario.fits);
  };
  const auto end = std::stable_partition(kept.begin(), kept.end(), playable);
  for (auto it = end; it != kept.end(); ++it) unplayable_.emplace_back(it->name);
  kept.erase(end, kept.end());
  if (kept.empty()) return;
  const double slot = (1 - kQuietShare) / std::max(count, 1);
  for (int i = 0; i < count; ++i) {
    const double share = kQuietShare + slot * (i + random.Unit());
    const auto at = static_cast<TimeNs>(share * static_cast<double>(options_.duration));
    const Scenario& scenario = kept[i % kept.size()];
    timeline_.Start(Play(&scenario, LeastUsedFit(scenario, random), options_.start + at));
  }
}

Machine* Simulation::LeastUsedFit(const Scenario& scenario, Random& random) {
  std::vector<size_t> fits;
  for (size_t i = 0; i < machines_.size(); ++i) {
    if (scenario.fits(hosts_[i])) fits.push_back(i);
  }
  const size_t first = random.Next() % fits.size();
  std::rotate(fits.begin(), fits.begin() + static_cast<ptrdiff_t>(first), fits.end());
  const size_t chosen = *std::min_element(fits.begin(), fits.end(), [this](size_t a, size_t b) {
    return planted_on_[a] < planted_on_[b];
  });
  ++planted_on_[chosen];
  return machines_[chosen].get();
}

Script Simulation::Play(const Scenario* scenario, Machine* machine, TimeNs at) {
  co_await timeline_.Until(at);
  while (machine->occupied) co_await timeline_.Sleep(kSecond);
  machine->occupied = true;
  loadgen::Planted* planted =
      truth_.Plant(scenario->expectation, scenario->name, machine->host.name);
  planted->start = timeline_.Now();
  planted->rule = std::string(scenario->rule);
  planted->note = std::string(scenario->note);
  for (const absl::string_view suffix : scenario->variants) {
    planted->variants.push_back(planted->rule + std::string(suffix));
  }
  co_await scenario->play(*machine, planted);
  machine->occupied = false;
}

Script Simulation::Watch() {
  const TimeNs step = std::max<TimeNs>(options_.duration / 200, kMillisecond);
  while (!timeline_.Ended()) {
    co_await timeline_.Sleep(step);
    if (sink_.Failed()) timeline_.EndNow();
    if (!progress_) continue;
    const auto played = static_cast<double>(timeline_.Now() - options_.start);
    progress_(played / static_cast<double>(options_.duration), arrivals_.DeliveredAll());
  }
}

absl::Status Simulation::Run() {
  timeline_.Start(Watch());
  timeline_.Run();
  arrivals_.DeliverAll();
  return sink_.Close();
}

}  // namespace sequitur::loadgen
