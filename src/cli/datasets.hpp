// What the commands on registered data sets have in common: how one is shown, and how a text of a user is taken for
// one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "forgelm/cli/command.hpp"
#include "forgelm/core/progress.hpp"
#include "forgelm/registry/index.hpp"

namespace forgelm::cli {

/// The positional argument NAME@VERSION of such commands; without a version it is the one registered last.
inline constexpr OptionSpec kDatasetArgument = {
    .name = "DATASET",
    .kind = OptionKind::text,
    .doc = "The data set, as NAME@VERSION. Without a version, the one that was registered last.",
    .is_positional = true,
    .is_required = true};

/// The positional argument of commands that read the rows of a place: what find_data() takes.
inline constexpr OptionSpec kDataArgument = {
    .name = "PATH",
    .kind = OptionKind::path,
    .doc = "A file of rows, a directory of them, or a registered data set as NAME@VERSION.",
    .is_positional = true,
    .is_required = true};

/// The record of a set for JSON output; its files only where the record has them.
Json dataset_json(const registry::Dataset& dataset);
/// "  label       value\n", with values made safe to show.
std::string fact_line(std::string_view label, const std::string& value);
/// "1 row", "1,234 rows".
std::string rows_text(std::uint64_t num_rows);
/// The first digits of a digest, for people.
std::string short_digest(const std::string& digest);

/// Progress of reading: shown from the first bytes told on, and only where there is something to wait for.
class ReadingProgress {
 public:
  explicit ReadingProgress(std::string label) : label_(std::move(label)) {}
  void operator()(std::uint64_t done, std::uint64_t all);

 private:
  std::string label_;
  std::optional<Progress> progress_;
};

/// The index; ConfigError when nothing is registered.
registry::Index open_registered();

/// What --path or DATASET of `data check` and `data stats` names: what lies at a path, or a registered set.
struct DataPlace {
  std::string path;
  std::optional<registry::Dataset> dataset;
};
/// A path where there is something; otherwise a registered set. ConfigError when it is neither.
DataPlace find_data(const std::string& text);

}  // namespace forgelm::cli
