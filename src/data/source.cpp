#include "forgelm/data/source.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>

#include "forgelm/core/text.hpp"
#include "hub_cache.hpp"

namespace forgelm::data {
namespace {

namespace fs = std::filesystem;
using formats::RowFileKind;

constexpr std::size_t kMaxFiles = 100'000;
constexpr std::size_t kMaxShown = 5;
constexpr std::string_view kTrain = "train", kValidation = "validation", kTest = "test";

struct SplitWord {
  std::string_view word, split;
};
constexpr std::array kSplitWords = {
    SplitWord{"train", kTrain},          SplitWord{"training", kTrain}, SplitWord{"validation", kValidation},
    SplitWord{"valid", kValidation},     SplitWord{"val", kValidation}, SplitWord{"dev", kValidation},
    SplitWord{"test", kTest},            SplitWord{"testing", kTest},   SplitWord{"eval", kTest},
    SplitWord{"evaluation", kTest},      SplitWord{"holdout", kTest},
};

/// Files that lie beside rows and end as rows do.
constexpr std::array<std::string_view, 10> kBesideRows = {
    "readme.txt",        "license.txt",        "requirements.txt", "dataset_info.json", "dataset_infos.json",
    "dataset_dict.json", "config.json",        "state.json",       "metadata.json",     "croissant.json"};

std::optional<RowFileKind> kind_of(const fs::path& path) {
  const std::string ending = ascii_lower(path.extension().string());
  if (ending.empty() || (", " + formats::known_row_endings() + ",").find(" " + ending + ",") == std::string::npos)
    return std::nullopt;
  const RowFileKind kind = formats::row_file_kind(path);
  return kind == RowFileKind::json ? RowFileKind::jsonl : kind;  // told apart by what they hold
}

/// The split that a name speaks of, by its first word that does: "my_test-00000-of-00002" -> test.
std::string_view split_in_name(std::string_view name) {
  static constexpr std::string_view kBetweenWords = "-._ 0123456789";  // as datasets has it
  for (std::size_t begin = 0; begin < name.size();) {
    const std::size_t end = std::min(name.find_first_of(kBetweenWords, begin), name.size());
    if (const auto split = canonical_split(name.substr(begin, end - begin)); !split.empty()) return split;
    begin = end + 1;
  }
  return "";
}

/// "golden" for "golden.jsonl" and "golden-00000-of-00002.parquet".
std::string base_name(const fs::path& path) {
  std::string stem = path.stem().string();
  const std::size_t of = stem.rfind("-of-");
  if (of != std::string::npos)
    if (const std::size_t dash = stem.rfind('-', of - 1); of > 0 && dash != std::string::npos) stem.resize(dash);
  return stem;
}

/// The split of a file by its folders, else by its own name; "" when neither speaks of one.
std::string split_of(const fs::path& relative, std::string_view extra_split) {
  const auto is_extra = [&](const std::string& name) { return !extra_split.empty() && name == extra_split; };
  const fs::path folder = relative.parent_path();
  for (const auto& part : folder) {
    if (is_extra(part.string())) return std::string(extra_split);
    if (const auto split = split_in_name(ascii_lower(part.string())); !split.empty()) return std::string(split);
  }
  if (is_extra(base_name(relative))) return std::string(extra_split);
  return std::string(split_in_name(ascii_lower(relative.stem().string())));
}

std::string shown(const std::vector<fs::path>& files) {
  std::vector<std::string> names;
  for (const auto& file : files) {
    if (names.size() == kMaxShown) {
      names.push_back(cat("... (", files.size(), " files)"));
      break;
    }
    names.push_back(quote(file.filename().string()));
  }
  return join(names, ", ");
}

/// Files of rows below a directory, by their path relative to it. Hidden files and folders are left out, as are links to
/// folders, which may lead round in circles.
std::vector<fs::path> row_files(const fs::path& root) {
  std::vector<fs::path> files;
  std::error_code error;
  const auto fail = [&] {
    throw RunError(RunErrorKind::io, cat("cannot read ", root.string(), ": ", error.message()), "",
                   {{"path", root.string()}});
  };
  auto entry = fs::recursive_directory_iterator(root, error);
  if (error) fail();
  for (; entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    if (error) fail();
    const std::string name = entry->path().filename().string();
    const bool is_hidden = name[0] == '.' || name.rfind("__", 0) == 0;
    if (is_hidden && entry->is_directory(error)) entry.disable_recursion_pending();
    if (is_hidden || !entry->is_regular_file(error) || !kind_of(entry->path())) continue;
    if (std::find(kBesideRows.begin(), kBesideRows.end(), ascii_lower(name)) != kBesideRows.end()) continue;
    files.push_back(entry->path().lexically_relative(root));
    if (files.size() > kMaxFiles)
      throw ConfigError(cat(quote(root.string()), " holds more than ", kMaxFiles, " files of rows"),
                        "merge them into fewer, larger files");
  }
  if (error) fail();
  std::sort(files.begin(), files.end());
  return files;
}

void check_one_kind(const fs::path& root, const SourceSplit& split) {
  std::map<RowFileKind, fs::path> kinds;
  for (const auto& file : split.files) kinds.emplace(*kind_of(file), file.filename());
  if (kinds.size() < 2) return;
  std::vector<std::string> examples;
  for (const auto& [kind, file] : kinds) examples.push_back(quote(file.string()));
  throw ConfigError(cat(quote(root.string()), ": the split ", quote(split.name), " has files of several kinds: ",
                        join(examples, ", ")),
                    "keep the files of one kind, or name the file to train on");
}

[[noreturn]] void fail_without_train(const fs::path& root, const std::map<std::string, std::vector<fs::path>>& named) {
  std::vector<std::string> names;
  for (const auto& [name, files] : named) names.push_back(cat(quote(name), " (", shown(files), ")"));
  throw ConfigError(cat(quote(root.string()), " has no rows to train on, only ", join(names, ", ")),
                    "name the files to train on train.*, or give the path of one file");
}

void find_splits(Source& source, std::string_view extra_split) {
  std::map<std::string, std::vector<fs::path>> named;
  std::vector<fs::path> unnamed;
  for (const auto& file : row_files(source.root)) {
    const std::string split = split_of(file, extra_split);
    (split.empty() ? unnamed : named[split]).push_back(file);
  }
  if (named.empty() && unnamed.empty())
    throw ConfigError(cat(quote(source.root.string()), ": no files of rows in this directory"),
                      cat("known endings: ", formats::known_row_endings()));
  const std::string train(kTrain);
  if (named.count(train) == 0) {
    if (unnamed.empty()) fail_without_train(source.root, named);
    named[train] = std::exchange(unnamed, {});
  }
  for (const auto& file : unnamed) source.unused.push_back(file.string());
  source.splits.push_back({train, std::move(named[train])});
  named.erase(train);
  for (auto& [name, files] : named) source.splits.push_back({name, std::move(files)});
  for (auto& split : source.splits) {
    check_one_kind(source.root, split);
    for (auto& file : split.files) file = source.root / file;
  }
}

/// The files of a split one after the other.
class SplitReader final : public formats::RowReader {
 public:
  SplitReader(std::vector<fs::path> files, formats::RowOptions options)
      : files_(std::move(files)), options_(options) {
    for (const auto& file : files_) {
      std::error_code error;
      const auto size = fs::file_size(file, error);
      size_bytes_ += error ? 0 : size;
    }
  }

  bool next(formats::Row& row) override {
    for (;;) {
      if (!reader_) {
        if (num_opened_ == files_.size()) return false;
        reader_ = formats::open_rows(files_[num_opened_++], options_);
      }
      try {
        if (reader_->next(row)) {
          row.number = num_rows_++;
          return true;
        }
      } catch (const ConfigError&) {
        ++num_rows_;
        throw;
      }
      bytes_before_ += reader_->size_bytes();
      reader_.reset();
    }
  }
  std::uint64_t bytes_read() const noexcept override {
    return bytes_before_ + (reader_ ? reader_->bytes_read() : 0);
  }
  std::uint64_t size_bytes() const noexcept override { return size_bytes_; }

 private:
  std::vector<fs::path> files_;
  formats::RowOptions options_;
  std::unique_ptr<formats::RowReader> reader_;
  std::size_t num_opened_ = 0;
  std::uint64_t num_rows_ = 0, bytes_before_ = 0, size_bytes_ = 0;
};

}  // namespace

std::string_view canonical_split(std::string_view name) {
  for (const auto& entry : kSplitWords)
    if (equals_ignoring_ascii_case(entry.word, name)) return entry.split;
  return "";
}

bool is_hub_name(std::string_view name) {
  if (name.empty() || name.front() == '/' || name.front() == '~' || name.front() == '.' || name.back() == '/')
    return false;
  if (kind_of(fs::path(name)) || std::count(name.begin(), name.end(), '/') > 1) return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return is_ascii_digit(c) || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z') || c == '_' || c == '.' || c == '/' ||
           c == '-';
  });
}

const SourceSplit* Source::find_split(std::string_view wanted) const {
  for (const auto& split : splits)
    if (split.name == wanted) return &split;
  const auto canonical = canonical_split(wanted);
  for (const auto& split : splits)
    if (!canonical.empty() && split.name == canonical) return &split;
  return nullptr;
}

Source find_source(const std::string& name, std::string_view extra_split) {
  Source source;
  source.name = name;
  source.root = name;
  if (extra_split == "auto" || extra_split == "none" || !canonical_split(extra_split).empty()) extra_split = {};
  std::error_code error;
  const auto status = fs::status(name, error);
  if (fs::is_directory(status)) {
    source.kind = Source::Kind::directory;
    find_splits(source, extra_split);
  } else if (fs::exists(status)) {
    (void)formats::row_file_kind(name);  // an unknown ending is refused here
    source.splits.push_back({std::string(kTrain), {source.root}});
  } else if (is_hub_name(name)) {
    source.kind = Source::Kind::hub;
    const auto snapshot = find_in_hub_cache(name);
    source.root = snapshot.path;
    source.revision = snapshot.revision;
    find_splits(source, extra_split);
  } else {
    throw ConfigError(cat(quote(name), ": there is no such file or directory"));
  }
  return source;
}

EvalSplit choose_eval_split(const Source& source, std::string_view eval_split) {
  if (eval_split == "none") return {};
  if (eval_split == "auto") {
    for (const auto name : {kValidation, kTest})
      if (const auto* split = source.find_split(name)) return {split, false};
    return {nullptr, true};
  }
  const auto* split = source.find_split(eval_split);
  if (split == &source.train())
    throw ConfigError(cat("data.eval_split: ", quote(eval_split), " are the rows that are trained on"),
                      "auto holds out a part of them");
  if (split != nullptr) return {split, false};
  std::vector<std::string> names;
  for (const auto& known : source.splits) names.push_back(quote(known.name));
  throw ConfigError(cat("data.eval_split: ", quote(source.name), " has no split ", quote(eval_split)),
                    cat("it has ", join(names, ", "), "; auto and none are possible as well"));
}

std::unique_ptr<formats::RowReader> open_split(const SourceSplit& split, const formats::RowOptions& options) {
  return std::make_unique<SplitReader>(split.files, options);
}

}  // namespace forgelm::data
