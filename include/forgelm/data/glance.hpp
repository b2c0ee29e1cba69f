// A glance at a data set: what a plan needs to know without reading it all. The readers of a run look at the first MiB
// of each file; what is counted from a part is marked as an estimate.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace forgelm::data {

inline constexpr std::size_t kGlanceBytes = 1u << 20;

enum class Where {
  file,
  directory,
  hub,      ///< a name on the Hugging Face Hub: looked at where the local cache has a copy
  missing,  ///< looks like a path, and there is nothing
};

struct Glance {
  Where where = Where::missing;
  std::string path;
  std::string problem;                        ///< the first thing wrong with files or rows; empty when all is well
  std::vector<std::string> columns;           ///< union over the rows looked at, in order of appearance
  std::optional<std::int64_t> num_rows;       ///< training rows; nothing when unknown
  std::optional<std::int64_t> num_eval_rows;  ///< of the split to evaluate on; nothing when a part is held out
  double text_bytes_per_row = 0;              ///< mean length of the text in a row, in bytes
  bool is_estimate = false;                   ///< counts were scaled up from the first MiB

  bool has_column(const std::string& name) const;
};

/// Looks at what source.hpp finds under this name: its training rows, and the split that data.eval_split names.
Glance glance(const std::string& path, std::string_view eval_split = "auto");

/// Rows that the reference holds out for evaluation when a data set brings no split:
/// ceil(max(min(0.1, 2000 / n), 0.01) * n), none below 2 rows.
std::int64_t num_held_out_rows(std::int64_t num_rows);

/// Tokens of a text of so many bytes, without a tokenizer: four bytes a token.
double estimated_tokens(double text_bytes);

}  // namespace forgelm::data
