#include "glob.hpp"

#include <fnmatch.h>

#include <algorithm>

#include "forgelm/core/text.hpp"

namespace forgelm::cli {
namespace {

namespace fs = std::filesystem;

bool has_magic(std::string_view name) { return name.find_first_of("*?[") != std::string_view::npos; }
bool is_hidden(std::string_view name) { return name.starts_with('.'); }

std::vector<fs::path> entries_of(const fs::path& folder) {
  std::vector<fs::path> entries;
  std::error_code error;  // a folder that cannot be listed holds nothing, as for Python
  for (fs::directory_iterator entry(folder.empty() ? "." : folder, error), end; !error && entry != end;
       entry.increment(error))
    entries.push_back(folder / entry->path().filename());
  return entries;
}

void match(const fs::path& base, const std::vector<std::string>& parts, std::size_t at, std::vector<fs::path>& out) {
  if (at == parts.size()) {
    out.push_back(base);
    return;
  }
  const std::string& part = parts[at];
  std::error_code error;
  if (!has_magic(part)) {
    if (fs::exists(fs::symlink_status(base / part, error))) match(base / part, parts, at + 1, out);
    return;
  }
  const bool is_any_folders = part == "**";
  if (is_any_folders && at + 1 < parts.size()) match(base, parts, at + 1, out);
  for (const fs::path& entry : entries_of(base)) {
    const std::string name = entry.filename().native();
    if (is_hidden(name) && !is_hidden(part)) continue;
    if (is_any_folders) {
      if (fs::is_directory(entry, error) && !fs::is_symlink(entry, error)) match(entry, parts, at, out);
      else if (at + 1 == parts.size()) out.push_back(entry);
    } else if (::fnmatch(part.c_str(), name.c_str(), 0) == 0) {
      match(entry, parts, at + 1, out);
    }
  }
}

}  // namespace

std::vector<fs::path> glob(const std::string& pattern) {
  std::vector<std::string> parts;
  for (const std::string& part : split(pattern, '/'))
    if (!part.empty()) parts.push_back(part);
  std::vector<fs::path> out;
  if (!parts.empty()) match(pattern.starts_with('/') ? fs::path("/") : fs::path(), parts, 0, out);
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

}  // namespace forgelm::cli
