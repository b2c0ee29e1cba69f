// Token stores made up for tests of what reads them: example i of a store of lengths has lengths[i] tokens, token t of
// it is i * 1000 + t, and all but the first quarter is learnt.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "forgelm/core/pcg64.hpp"
#include "forgelm/data/batches.hpp"
#include "support/temporary_directory.hpp"

namespace forgelm::test {

inline data::Sequence make_sequence(std::uint64_t example, std::uint32_t length, std::int32_t sign = 1) {
  data::Sequence sequence;
  for (std::uint32_t t = 0; t < length; ++t)
    sequence.ids.push_back(sign * static_cast<std::int32_t>(example * 1000 + t));
  if (length > 0) sequence.learnt.push_back({length / 4, length});
  return sequence;
}

/// A store at `path`; with `num_sequences` 2 the second sequence has the ids negated and one token more.
inline std::shared_ptr<const data::TokenStore> make_store(const std::filesystem::path& path,
                                                          const std::vector<std::uint32_t>& lengths,
                                                          std::uint32_t num_sequences = 1, bool has_extras = false) {
  const Json description = Json::object({{"name", path.native()}});
  data::TokenStoreWriter writer(path, description);
  for (std::uint64_t i = 0; i < lengths.size(); ++i) {
    data::Example example;
    example.row = i;
    example.sequences.push_back(make_sequence(i, lengths[i]));
    if (num_sequences == 2) example.sequences.push_back(make_sequence(i, lengths[i] + 1, -1));
    if (has_extras) example.extra = "{\"row\": " + std::to_string(i) + "}";
    writer.append(example);
  }
  writer.commit(Json());
  return std::make_shared<const data::TokenStore>(data::TokenStore::open(path, description).value());
}

inline std::vector<std::uint32_t> random_lengths(std::uint64_t seed, std::size_t num, std::uint32_t longest) {
  Pcg64 random(seed);
  std::vector<std::uint32_t> lengths(num);
  for (auto& length : lengths) length = static_cast<std::uint32_t>(1 + random.next_up_to(longest - 1));
  return lengths;
}

inline std::shared_ptr<const data::ExampleList> make_list(const TemporaryDirectory& directory,
                                                          const std::vector<std::uint32_t>& lengths,
                                                          std::uint32_t num_sequences = 1) {
  return std::make_shared<const data::ExampleList>(make_store(directory / "store", lengths, num_sequences));
}

inline std::vector<data::Batch> rest_of(data::BatchStream& stream) {
  std::vector<data::Batch> batches;
  while (auto batch = stream.next()) batches.push_back(*std::move(batch));
  return batches;
}

}  // namespace forgelm::test
