// What must hold for any bytes at all: checked by the fuzzers and, on their kept corpus, by every test run.
#pragma once

#include <string>
#include <string_view>

#include "forgelm/config/yaml.hpp"

namespace forgelm::test {

/// "" when read_yaml keeps its promises on these bytes, else the promise broken. The fuzzer passes a lower bound on
/// values (and with it one of 10 bytes of text a value), or documents full of aliases would take most of its time.
std::string broken_yaml_promise(std::string_view bytes, int max_nodes = config::YamlLimits{}.max_nodes);

/// The same for read_job, and for everything that is made of a job that reads well.
std::string broken_job_promise(std::string_view bytes);

}  // namespace forgelm::test
