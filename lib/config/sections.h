#pragma once

// The blocks of the site's configuration, one reader each. Problems are added
// to the node's document; what is missing keeps its default.

#include <string>
#include <vector>

#include "config/config.h"
#include "yaml/document.h"

namespace sequitur::config {

std::vector<Source> ReadSources(const yaml::Node& node);
std::vector<Host> ReadHosts(const yaml::Node& node);
Network ReadNetwork(const yaml::Node& node);
std::vector<Baseline> ReadBaselines(const yaml::Node& node);
Clock ReadClock(const yaml::Node& node);
Coverage ReadCoverage(const yaml::Node& node);
Canaries ReadCanaries(const yaml::Node& node);
Http ReadHttp(const yaml::Node& node);
Limits ReadLimits(const yaml::Node& node);
Kafka ReadKafka(const yaml::Node& node);  // kafka.cc
Log ReadLog(const yaml::Node& node);

}  // namespace sequitur::config
