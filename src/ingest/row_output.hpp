// Where rows go until all of them are there: a file that becomes the output at the end, whole. With resuming, two files
// stand beside the output meanwhile: OUTPUT.partial, the rows, and OUTPUT.resume, which says what of them is done.
// Invariant: OUTPUT.resume never speaks of rows that are not safely in OUTPUT.partial; rows behind what it speaks of
// are cut off by the next run.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "forgelm/core/files.hpp"
#include "forgelm/core/lock.hpp"
#include "totals.hpp"

namespace forgelm::ingest {

class RowOutput {
 public:
  virtual ~RowOutput() = default;
  /// The rows of the next file; `totals` holds all files so far, this one included.
  virtual void write(std::string_view rows, const Totals& totals) = 0;
  /// Makes the output visible.
  virtual void commit() = 0;
};

/// Writes a new file; nothing is left when it is destroyed before commit().
std::unique_ptr<RowOutput> make_plain_output(const std::filesystem::path& path);

/// A file with what of its metadata tells whether it changed.
struct InputFile {
  std::filesystem::path path;
  std::string stamp;  ///< size and time of its last change
};

struct ResumedOutput {
  std::unique_ptr<RowOutput> output;
  std::size_t num_files_done = 0;
  Totals totals;
};

/// Goes on where a run with the same `identity` over the same files ended, or begins anew and says why in the log.
/// RunError(io) when another process is at it.
ResumedOutput resume_output(const std::filesystem::path& path, const Json& identity,
                            const std::vector<InputFile>& files);

}  // namespace forgelm::ingest
