// A cheap look at the first rows of a run for damage that ingestion itself causes: fonts without letters, wrong
// encodings, headers that stayed. It warns and stops nothing; `forgelm audit` looks closer. Rules and limits are the
// reference's.
#pragma once

#include <string_view>

namespace forgelm::ingest {

struct QualityFlags {
  bool has_few_letters = false;
  bool has_odd_characters = false;
  bool has_repeated_lines = false;
  bool any() const noexcept { return has_few_letters || has_odd_characters || has_repeated_lines; }
};

QualityFlags quality_of(std::string_view row);

}  // namespace forgelm::ingest
