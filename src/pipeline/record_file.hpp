// A file of JSON lines that grows with a run: each line is an object with a `step`. A run that goes on cuts its files
// back to the checkpoint it goes on from, so that they end as if nothing had happened in between. Lines are cheap; what
// stands before a checkpoint is on disk before the checkpoint is (sync()).
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>

#include "forgelm/core/files.hpp"
#include "forgelm/core/json.hpp"

namespace forgelm::pipeline {

class RecordFile {
 public:
  using Visit = std::function<void(const Json& line)>;

  /// Keeps the lines up to the first one beyond `last_step`, or the first that is torn or none of ours; durably. Shows
  /// those kept to `visit`. A file that is not there is made.
  RecordFile(const std::filesystem::path& path, std::int64_t last_step, const Visit& visit = {});

  /// RunError(io, out_of_disk) when the file cannot take it; then it is as before.
  void add(const Json& line);
  void sync() { file_.sync(); }

 private:
  AppendFile file_;
};

}  // namespace forgelm::pipeline
