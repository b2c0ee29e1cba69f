// Rows of tests/golden/compliance, made by tools/golden/compliance/make.py with the reference.
#pragma once

#include <string>
#include <vector>

#include "forgelm/core/files.hpp"
#include "forgelm/core/json.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::test {

inline std::vector<Json> golden_rows(const std::string& name) {
  std::vector<Json> rows;
  for (const std::string& line : split(read_file(FORGELM_SOURCE_DIR "/tests/golden/compliance/" + name), '\n'))
    if (!line.empty()) rows.push_back(parse_json(line).value());
  return rows;
}

}  // namespace forgelm::test
