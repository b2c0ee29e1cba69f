// Checkpoints for tests: small, of two files, and known by what they were saved with.
#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "forgelm/core/failpoint.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/formats/checkpoint_folder.hpp"

namespace forgelm::test {

struct DisarmAtEnd {
  ~DisarmAtEnd() { failpoint::disarm_all(); }
};

inline std::set<std::string> names_in(const std::filesystem::path& directory) {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(directory))
    names.insert(entry.path().filename().native());
  return names;
}

/// Names that no reader is to see: what a writer left behind.
inline std::set<std::string> hidden_in(const std::filesystem::path& directory) {
  std::set<std::string> hidden;
  for (const auto& name : names_in(directory))
    if (name[0] == '.') hidden.insert(name);
  return hidden;
}

inline std::filesystem::path save(const std::filesystem::path& run, std::int64_t step, const std::string& content) {
  formats::CheckpointWriter writer(run, step);
  write_file_durably(writer.staging() / "trainer_state.json", content);
  std::filesystem::create_directory(writer.staging() / "adapter");
  write_file_durably(writer.staging() / "adapter/weights", std::string(3000, 'w') + content);
  return writer.commit(Json::object({{"content", content}}));
}

inline std::vector<std::int64_t> steps_in(const std::filesystem::path& run) {
  std::vector<std::int64_t> steps;
  for (const formats::CheckpointInfo& info : formats::list_checkpoints(run)) steps.push_back(info.step);
  return steps;
}

/// What a checkpoint was saved with, after its digests were checked; "" when it is none.
inline std::string content_of(const std::filesystem::path& checkpoint) {
  const auto read = formats::read_checkpoint(checkpoint);
  if (!read) return "";
  const std::string content = read->about.at("content").text();
  const bool is_whole = read_file(checkpoint / "trainer_state.json") == content &&
                        read_file(checkpoint / "adapter/weights") == std::string(3000, 'w') + content;
  return is_whole ? content : "torn";
}

using Steps = std::vector<std::int64_t>;

}  // namespace forgelm::test
