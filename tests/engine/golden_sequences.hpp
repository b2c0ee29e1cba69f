// The token sequences and reference runs of tests/golden/training.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "forgelm/core/files.hpp"
#include "forgelm/core/json.hpp"
#include "forgelm/data/batches.hpp"

namespace forgelm::test {

inline std::filesystem::path training_golden() {
  return std::filesystem::path(FORGELM_SOURCE_DIR) / "tests/golden/training";
}

inline Json read_training_golden(const char* name) { return parse_json(read_file(training_golden() / name)).value(); }

/// `which` is "train" or "eval".
inline std::vector<data::Sequence> golden_sequences(const char* which) {
  static const Json all = read_training_golden("sequences.json");
  std::vector<data::Sequence> sequences;
  for (const Json& row : all.at(which).items()) {
    data::Sequence sequence;
    for (const Json& id : row.at("ids").items()) sequence.ids.push_back(static_cast<std::int32_t>(id.integer()));
    for (const Json& range : row.at("learnt").items())
      sequence.learnt.push_back({static_cast<std::uint32_t>(range.items()[0].integer()),
                                 static_cast<std::uint32_t>(range.items()[1].integer())});
    sequences.push_back(std::move(sequence));
  }
  return sequences;
}

/// The sequences with these indices end to end.
inline data::Batch batch_of(const std::vector<data::Sequence>& sequences, const std::vector<std::size_t>& indices) {
  data::Batch batch;
  batch.parts.emplace_back();
  for (const std::size_t index : indices) {
    batch.examples.push_back(index);
    batch.parts.front().append({sequences.at(index).ids, sequences.at(index).learnt});
  }
  return batch;
}

}  // namespace forgelm::test
