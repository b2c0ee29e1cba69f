#include "run_traces.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "forgelm/compliance/audit_log.hpp"
#include "forgelm/compliance/mask.hpp"
#include "forgelm/core/error.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/json_members.hpp"
#include "forgelm/core/line_blocks.hpp"
#include "forgelm/core/log.hpp"
#include "forgelm/core/os_error.hpp"
#include "forgelm/core/text.hpp"
#include "forgelm/data/token_store.hpp"
#include "forgelm/formats/rows.hpp"
#include "forgelm/pipeline/erasure.hpp"

namespace forgelm::pipeline {
namespace {

namespace fs = std::filesystem;

constexpr Logger logger("forgelm.purge");
constexpr int kMaxDepth = 6;
constexpr std::uint64_t kMaxRecordBytes = std::uint64_t{64} << 20;
constexpr std::size_t kMinSearchedBytes = 4;
constexpr std::size_t kMaxErrorInLog = 200;

/// Weights of models: numbers, and far too many of them.
bool is_weights(const fs::path& path) {
  const std::string extension = ascii_lower(path.extension().native());
  return extension == ".safetensors" || extension == ".gguf" || extension == ".bin" || extension == ".pt" ||
         extension == ".pth";
}

/// Regular files below a folder, by path; nothing behind links.
std::vector<fs::path> files_below(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code error;
  fs::recursive_directory_iterator entry(folder, fs::directory_options::skip_permission_denied, error);
  for (const fs::recursive_directory_iterator end; !error && entry != end; entry.increment(error))
    if (entry->symlink_status().type() == fs::file_type::regular) files.push_back(entry->path());
  std::sort(files.begin(), files.end());
  return files;
}

/// The ways in which files of text write a text.
std::vector<std::string> spellings(const std::string& text) {
  const auto as_json = [&](bool ascii) {
    JsonStyle style;
    style.ensure_ascii = ascii;
    std::string quoted = dump(Json(text), style);
    return quoted.substr(1, quoted.size() - 2);
  };
  std::vector<std::string> all = {text, as_json(true), as_json(false)};
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

/// Looks through a file in pieces that overlap by what a spelling could be cut into.
bool holds_any(const fs::path& path, const std::vector<std::string>& needles) {
  constexpr std::size_t kPiece = std::size_t{1} << 20;
  std::size_t longest = 0;
  for (const std::string& needle : needles) longest = std::max(longest, needle.size());
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0) {
    if (errno == ENOENT) return false;
    throw os_error("open", path.native(), errno);
  }
  std::string window;
  for (;;) {
    const std::size_t kept = window.size();
    window.resize(kept + kPiece);
    const ssize_t count = ::read(fd, window.data() + kept, kPiece);
    const int why = errno;
    window.resize(kept + static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
    if (count < 0 && why == EINTR) continue;
    if (count < 0) {
      ::close(fd);
      throw os_error("read", path.native(), why);
    }
    const bool is_found = std::any_of(needles.begin(), needles.end(), [&](const std::string& needle) {
      return window.find(needle) != std::string::npos;
    });
    if (is_found || count == 0) {
      ::close(fd);
      return is_found;
    }
    if (window.size() >= longest) window.erase(0, window.size() - (longest - 1));
  }
}

/// Whether a row of a Parquet file, whose bytes are encoded and compressed, holds one. False for what cannot be read.
bool holds_any_row(const fs::path& path, const std::vector<std::string>& needles) {
  JsonStyle style;
  style.ensure_ascii = false;
  try {
    const auto reader = formats::open_rows(path);
    for (formats::Row row; reader->next(row);) {
      const std::string text = dump(row.value, style);
      for (const std::string& needle : needles)
        if (text.find(needle) != std::string::npos) return true;
    }
  } catch (const ConfigError& error) {
    logger.warning(path.native(), " is not looked into: ", error.what());
  }
  return false;
}

/// A file that a run read. Without a digest in older records, which only name data sets as the job wrote them.
struct FileRead {
  std::string path, sha256;
};

std::vector<FileRead> files_read(const Json& record) {
  std::vector<FileRead> files;
  const Json* data = record.find("data");
  const auto list_at = [](const Json* object, std::string_view key) -> const Json* {
    const Json* list = object == nullptr ? nullptr : object->find(key);
    return list != nullptr && list->kind() == Json::Kind::array ? list : nullptr;
  };
  if (const Json* sets = list_at(data, "data_sets")) {
    for (const Json& set : sets->items()) {
      const std::string resolved = text_at(set, "resolved");
      const fs::path root = resolved.empty() ? text_at(set, "name") : resolved;
      const bool is_file = text_at(set, "kind") == "file";
      if (const Json* list = list_at(&set, "files"))
        for (const Json& file : list->items())
          files.push_back({is_file ? root.native() : (root / text_at(file, "path")).native(), text_at(file, "sha256")});
    }
  } else if (const Json* sources = list_at(data, "sources")) {
    for (const Json& source : sources->items()) files.push_back({text_at(source, "name"), ""});
  }
  return files;
}

}  // namespace

std::unique_ptr<AuditSink> open_erasure_audit(const fs::path& folder, const std::string& run) {
  compliance::AuditLogOptions options;
  options.directory = folder;
  options.run_id = run;
  return std::make_unique<compliance::AuditLog>(std::move(options));
}

std::vector<FoundRecord> run_records_below(const fs::path& folder) {
  std::vector<FoundRecord> records;
  std::error_code error;
  fs::recursive_directory_iterator entry(folder, fs::directory_options::skip_permission_denied, error);
  for (const fs::recursive_directory_iterator end; !error && entry != end; entry.increment(error)) {
    if (entry.depth() >= kMaxDepth) entry.disable_recursion_pending();
    if (entry->path().filename() != kRunFile || entry->symlink_status().type() != fs::file_type::regular) continue;
    const auto text = read_file_if_exists(entry->path(), kMaxRecordBytes);
    auto document = text ? parse_json(*text) : Result<Json>(Failure{"gone"});
    if (!document) continue;
    const Json* id = document.value().find("id");
    if (id == nullptr || id->kind() != Json::Kind::text) continue;
    std::string name = id->text();
    records.push_back({entry->path(), std::move(document).value(), std::move(name)});
  }
  std::sort(records.begin(), records.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
  return records;
}

bool is_parquet(const fs::path& path) { return ascii_lower(path.extension().native()) == ".parquet"; }

std::uint64_t size_of_all(const fs::path& path) {
  std::error_code error;
  if (fs::symlink_status(path, error).type() == fs::file_type::regular) return fs::file_size(path, error);
  std::uint64_t sum = 0;
  for (const fs::path& file : files_below(path)) {
    const std::uint64_t size = fs::file_size(file, error);
    if (!error) sum += size;
  }
  return sum;
}

void remove_durably(const fs::path& path) {
  std::error_code error;
  fs::remove_all(path, error);
  if (error) throw os_error("remove", path.native(), error.value());
  sync_directory(path.parent_path().empty() ? fs::path(".") : path.parent_path());
}

std::string justification_or_default(const std::string& justification) {
  return justification.empty() ? "(operator did not supply --justification)" : justification;
}

std::string kind_of(const Error& error) {
  const auto* run_error = dynamic_cast<const RunError*>(&error);
  return run_error == nullptr ? "config" : to_string(run_error->kind());
}

std::string error_for_log(std::string_view message) {
  return compliance::masked_and_cut(message, kMaxErrorInLog, "\xE2\x80\xA6[truncated]");
}

std::vector<std::string> sources_of(const Json& record) {
  std::vector<std::string> sources;
  for (const FileRead& file : files_read(record))
    for (const std::string& source : {file.path, file.sha256})
      if (!source.empty()) sources.push_back(source);
  return sources;
}

std::vector<std::string> runs_that_used(const fs::path& folder, const fs::path& file, const std::string& sha256) {
  std::error_code error;
  const fs::path wanted = fs::weakly_canonical(file, error);
  std::vector<std::string> runs;
  for (const FoundRecord& record : run_records_below(folder)) {
    const std::vector<FileRead> files = files_read(record.document);
    const bool has_used = std::any_of(files.begin(), files.end(), [&](const FileRead& one) {
      return (!one.sha256.empty() && one.sha256 == sha256) ||
             (!one.path.empty() && fs::weakly_canonical(one.path, error) == wanted);
    });
    if (has_used) runs.push_back(record.id);
  }
  std::sort(runs.begin(), runs.end());
  runs.erase(std::unique(runs.begin(), runs.end()), runs.end());
  return runs;
}

std::vector<fs::path> files_that_hold(const fs::path& folder, const std::string& text) {
  std::vector<fs::path> found;
  if (text.size() < kMinSearchedBytes) return found;
  const std::vector<std::string> needles = spellings(text);
  for (const fs::path& file : files_below(folder))
    if (!is_weights(file) && (is_parquet(file) ? holds_any_row(file, needles) : holds_any(file, needles)))
      found.push_back(file);
  return found;
}

std::vector<data::TokenCacheEntry> caches_that_hold(const fs::path& cache_folder, const text::Tokenizer& tokenizer,
                                                    const std::string& text) {
  std::vector<data::TokenCacheEntry> found;
  for (data::TokenCacheEntry& entry : data::list_token_caches(cache_folder)) {
    const Json* digest = entry.description.find("tokenizer_sha256");
    if (!entry.is_whole || digest == nullptr || *digest != Json(tokenizer.digest())) continue;
    const auto store = data::TokenStore::open(entry.path, entry.description);
    if (!store) continue;
    bool is_held = false;
    for (std::uint64_t i = 0; i < store->num_examples() && !is_held; ++i)
      for (std::uint32_t which = 0; which < store->num_sequences(i) && !is_held; ++which) {
        const auto ids = store->sequence(i, which).ids;
        is_held = tokenizer.decode(ids).find(text) != std::string::npos;
      }
    if (is_held) found.push_back(std::move(entry));
  }
  return found;
}

}  // namespace forgelm::pipeline
