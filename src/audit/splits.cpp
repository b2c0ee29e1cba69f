#include "splits.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "forgelm/core/error.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::audit {
namespace {

namespace fs = std::filesystem;

// In the reference's order: the first file of a split wins.
constexpr std::array<std::pair<std::string_view, std::string_view>, 8> kNames = {{{"train", "train"},
                                                                                  {"validation", "validation"},
                                                                                  {"valid", "validation"},
                                                                                  {"val", "validation"},
                                                                                  {"dev", "validation"},
                                                                                  {"test", "test"},
                                                                                  {"eval", "test"},
                                                                                  {"holdout", "test"}}};
// .jsonl first, which is all that the reference looks for.
constexpr std::array<std::string_view, 7> kEndings = {".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".parquet", ".txt"};

bool is_file(const fs::path& path) {
  std::error_code error;
  return fs::is_regular_file(path, error);
}

SplitLayout canonical_splits(const fs::path& folder) {
  SplitLayout layout;
  for (const auto& [stem, split] : kNames) {
    for (const std::string_view ending : kEndings) {
      const fs::path candidate = folder / cat(stem, ending);
      if (!is_file(candidate)) continue;
      const auto taken = std::find_if(layout.splits.begin(), layout.splits.end(),
                                      [&, name = split](const SplitFile& other) { return other.name == name; });
      if (taken != layout.splits.end()) {
        layout.notes.push_back(cat("both '", taken->path.filename().native(), "' and '", candidate.filename().native(),
                                   "' map to the '", split, "' split; using the first one. Rename to disambiguate."));
        continue;
      }
      if (stem != split)
        layout.notes.push_back(cat("'", candidate.filename().native(), "' treated as the '", split, "' split."));
      layout.splits.push_back({std::string(split), candidate});
    }
  }
  return layout;
}

SplitLayout pseudo_splits(const fs::path& folder) {
  SplitLayout layout;
  for (const std::string_view ending : kEndings) {
    if (ending == ".txt" && !layout.splits.empty()) break;  // beside rows of other kinds it is a readme
    std::error_code error;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder, error))
      if (entry.path().extension() == ending && is_file(entry.path()))
        layout.splits.push_back({entry.path().stem().native(), entry.path()});
    if (ending == ".jsonl" && !layout.splits.empty()) break;  // as the reference: other kinds only where there is none
  }
  std::sort(layout.splits.begin(), layout.splits.end(),
            [](const SplitFile& a, const SplitFile& b) { return a.path < b.path; });
  for (std::size_t i = 1; i < layout.splits.size(); ++i)
    if (layout.splits[i].name == layout.splits[i - 1].name)
      layout.splits[i].name = layout.splits[i].path.filename().native();
  if (!layout.splits.empty())
    layout.notes.push_back(cat("no canonical split files found in '", folder.native(),
                               "'. Each file is being audited as its own "
                               "pseudo-split: cross-split leakage analysis "
                               "is meaningless without a real partition."));
  return layout;
}

}  // namespace

SplitLayout find_splits(const fs::path& input) {
  if (is_file(input)) return {{{"train", input}}, {}};
  std::error_code error;
  if (fs::is_directory(input, error)) {
    SplitLayout layout = canonical_splits(input);
    if (layout.splits.empty()) layout = pseudo_splits(input);
    if (!layout.splits.empty()) return layout;
  }
  throw ConfigError(cat("audit input not found or empty: ", input.native()),
                    "give a file of rows, or a directory that holds "
                    "train.jsonl, validation.jsonl or test.jsonl");
}

}  // namespace forgelm::audit
