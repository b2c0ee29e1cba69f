#include "hub_cache.hpp"

#include <algorithm>
#include <vector>

#include "forgelm/core/env.hpp"
#include "forgelm/core/error.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::data {
namespace {

namespace fs = std::filesystem;

fs::path hub_cache() {
  auto& machine = environment();
  const auto given = [&](const char* name) { return machine.variable(name).value_or(""); };
  for (const auto* name : {"HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"})
    if (const auto folder = given(name); !folder.empty()) return folder;
  if (const auto home = given("HF_HOME"); !home.empty()) return fs::path(home) / "hub";
  if (const auto cache = given("XDG_CACHE_HOME"); !cache.empty()) return fs::path(cache) / "huggingface" / "hub";
  return fs::path(given("HOME")) / ".cache" / "huggingface" / "hub";
}

std::string folder_name(const std::string& name) {
  std::string out = "datasets--";
  for (const char c : name) out += c == '/' ? std::string("--") : std::string(1, c);
  return out;
}

/// One component of a path, so that a damaged refs file cannot lead elsewhere.
bool is_plain_name(std::string_view name) {
  return !name.empty() && name.front() != '.' && name.find('/') == std::string_view::npos;
}

}  // namespace

HubSnapshot find_in_hub_cache(const std::string& name) {
  const fs::path folder = hub_cache() / folder_name(name);
  const fs::path snapshots = folder / "snapshots";
  std::error_code error;
  constexpr std::uint64_t kMaxRefBytes = 4096;
  if (fs::is_regular_file(folder / "refs" / "main", error)) {
    const std::string text = read_file(folder / "refs" / "main", kMaxRefBytes);
    const std::string revision(trim(text));
    if (is_plain_name(revision) && fs::is_directory(snapshots / revision, error))
      return {snapshots / revision, revision};
  }
  std::vector<std::string> revisions;
  for (auto entry = fs::directory_iterator(snapshots, error);
       !error && entry != fs::directory_iterator(); entry.increment(error))
    if (entry->is_directory(error)) revisions.push_back(entry->path().filename().string());
  std::sort(revisions.begin(), revisions.end());
  if (revisions.size() == 1) return {snapshots / revisions.front(), revisions.front()};
  if (revisions.empty())
    throw ConfigError(cat(quote(name), ": there is no such file or directory, and no copy of a Hub data set of this name in ",
                          hub_cache().string()),
                      cat("data sets are not downloaded; fetch it with 'hf download --repo-type dataset ", name,
                          "', or give the path of a file or directory"));
  throw ConfigError(cat(quote(name), ": ", snapshots.string(), " has ", revisions.size(),
                        " snapshots and nothing that says which of them is main"),
                    cat("give the path of one of them: ", (snapshots / revisions.back()).string()));
}

}  // namespace forgelm::data
