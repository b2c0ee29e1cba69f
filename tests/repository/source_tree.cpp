// Reads #include lines by hand: the rules are about names, so no preprocessor is needed and one in a comment block that
// opens a line with # counts too. The table of modules is that of docs/architecture.md.
#include "repository/source_tree.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <stdexcept>

namespace forgelm::test {
namespace {

using Names = std::set<std::string, std::less<>>;

constexpr std::size_t kMaxHeaderLines = 250;
constexpr std::size_t kMaxSourceLines = 700;

// Which modules a module may include besides itself. `engine` here means the facade in include/forgelm/engine, which is
// free of torch; src/engine is on the other side of the wall and nobody includes it.
const std::map<std::string, Names, std::less<>>& allowed_modules() {
  static const Names kBelowEngine = {"core", "config", "formats", "text", "hub", "data"};
  static const auto with = [](Names names, const Names& more) {
    names.insert(more.begin(), more.end());
    return names;
  };
  static const Names kFacade = {"engine", "engine_loader"};
  static const Names kBelowPipeline =
      with(with(kBelowEngine, kFacade), {"eval", "export", "registry", "audit", "ingest", "compliance"});
  static const std::map<std::string, Names, std::less<>> kTable = {
      {"", {"cli"}},  // src/main.cpp
      {"core", {}},
      {"config", {"core"}},
      {"formats", {"core"}},
      {"parquet", {"core", "formats"}},
      {"text", {"core", "formats"}},
      {"sentencepiece", {"core", "text"}},
      {"hub", {"core"}},
      {"data", {"core", "config", "formats", "text", "hub"}},
      {"audit", kBelowEngine},
      {"ingest", with(kBelowEngine, {"audit", "pdf_text"})},
      {"pdf_text", {"core"}},  // headers that stand alone: it links nothing of forgelm
      {"compliance", {"core", "config"}},
      {"engine", {"core", "config", "data", "formats", "text"}},
      {"engine_loader", {"core", "engine"}},
      {"eval", with(kBelowEngine, kFacade)},
      {"export", with(kBelowEngine, kFacade)},
      {"registry", {"core", "config", "compliance"}},
      {"pipeline", kBelowPipeline},
      {"cli", with(kBelowPipeline, {"pipeline"})},
  };
  return kTable;
}

bool starts_with_any(std::string_view text, std::initializer_list<std::string_view> prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(),
                     [&](std::string_view prefix) { return text.starts_with(prefix); });
}

bool is_torch(std::string_view name) { return starts_with_any(name, {"torch/", "ATen/", "c10/"}); }
bool is_arrow(std::string_view name) { return starts_with_any(name, {"arrow/", "parquet/"}); }
bool is_format_or_log_library(std::string_view name) { return starts_with_any(name, {"spdlog/", "fmt/"}); }

/// Neither the standard library nor the operating system: those have no folder, or one of these.
bool is_third_party(std::string_view name) {
  return name.find('/') != std::string_view::npos &&
         !starts_with_any(name, {"sys/", "netinet/", "arpa/", "net/", "linux/"});
}

/// The module of "forgelm/config/load.hpp" and of "config/bind.hpp"; empty for a file of the same folder.
std::string included_module(std::string_view name) {
  if (name.starts_with("forgelm/")) name.remove_prefix(8);
  const std::size_t slash = name.find('/');
  return slash == std::string_view::npos ? std::string() : std::string(name.substr(0, slash));
}

std::string third_party_fault(const SourceFile& file, std::string_view name) {
  if (name == "sentencepiece_processor.h" && file.module != "sentencepiece")
    return "the sentencepiece library stays within src/sentencepiece";
  if (!is_third_party(name)) return {};
  if (file.is_public) return "public headers include the standard library and forgelm only";
  if (is_torch(name) && file.module != "engine") return "torch stays within src/engine";
  if (is_arrow(name) && file.module != "parquet") return "Arrow stays within src/parquet";
  if (is_format_or_log_library(name) && file.module != "core") return "logging goes through forgelm/core/log.hpp";
  if (name.starts_with("CLI/") && file.module != "cli") return "CLI11 stays within src/cli";
  return {};
}

std::string own_header_fault(const SourceFile& file, std::string_view name) {
  if (name.starts_with("../") || name.find("/../") != std::string_view::npos)
    return file.is_public ? "public headers are named from include/" : "";
  const std::string module = included_module(name);
  if (module.empty())
    return file.is_public ? "public headers are named from include/, as forgelm/<module>/<file>.hpp" : "";
  if (module == file.module)
    return file.is_public && !name.starts_with("forgelm/") ? "a public header includes a private one" : "";
  const auto& table = allowed_modules();
  if (table.find(module) == table.end()) {
    // A folder within the including module, as "commands/x.hpp".
    return name.starts_with("forgelm/") ? "there is no module " + module + " in the table of modules" : "";
  }
  if (!name.starts_with("forgelm/")) return "the headers of src/" + module + " are private to it";
  const auto row = table.find(file.module);
  if (row == table.end()) return "the module " + file.module + " is not in the table of modules";
  if (row->second.count(module) == 0) return file.module + " may not include " + module;
  return {};
}

}  // namespace

SourceFile parse_source(std::string_view path, std::string_view text) {
  SourceFile file;
  file.path = path;
  file.is_public = path.starts_with("include/");
  std::string_view rest = path;
  for (const std::string_view prefix : {"include/forgelm/", "src/"}) {
    if (rest.starts_with(prefix)) rest.remove_prefix(prefix.size());
  }
  if (const std::size_t slash = rest.find('/'); slash != std::string_view::npos) file.module = rest.substr(0, slash);
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    ++file.num_lines;
    const auto skip_blanks = [&] { line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size())); };
    skip_blanks();
    if (!line.starts_with('#')) continue;
    line.remove_prefix(1);
    skip_blanks();
    if (!line.starts_with("include")) continue;
    line.remove_prefix(7);
    skip_blanks();
    if (line.empty() || (line.front() != '<' && line.front() != '"')) continue;
    const bool is_angled = line.front() == '<';
    const std::size_t end = line.find(is_angled ? '>' : '"', 1);
    if (end == std::string_view::npos) continue;
    file.includes.push_back({std::string(line.substr(1, end - 1)), is_angled, file.num_lines});
  }
  return file;
}

std::vector<SourceFile> read_source_tree(const std::filesystem::path& checkout) {
  std::vector<SourceFile> files;
  for (const char* folder : {"include", "src"}) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(checkout / folder)) {
      const std::string extension = entry.path().extension().native();
      if (!entry.is_regular_file() || (extension != ".hpp" && extension != ".cpp")) continue;
      std::ifstream in(entry.path(), std::ios::binary);
      if (!in) throw std::runtime_error("cannot read " + entry.path().native());
      const std::string text{std::istreambuf_iterator<char>(in), {}};
      files.push_back(parse_source(entry.path().lexically_relative(checkout).generic_string(), text));
    }
  }
  std::sort(files.begin(), files.end(), [](const SourceFile& a, const SourceFile& b) { return a.path < b.path; });
  return files;
}

std::vector<std::string> include_faults(const SourceFile& file) {
  std::vector<std::string> faults;
  bool sees_torch = false, sees_format_library = false;
  for (const Include& include : file.includes) {
    sees_torch = sees_torch || is_torch(include.name);
    sees_format_library = sees_format_library || is_format_or_log_library(include.name);
    const bool is_own = !include.is_angled || include.name.starts_with("forgelm/");
    const std::string fault = is_own ? own_header_fault(file, include.name) : third_party_fault(file, include.name);
    if (!fault.empty())
      faults.push_back(file.path + ":" + std::to_string(include.line) + ": " + include.name + ": " + fault);
  }
  if (sees_torch && sees_format_library) faults.push_back(file.path + ": sees torch and spdlog or fmt together");
  return faults;
}

std::string size_fault(const SourceFile& file) {
  const std::size_t most = file.path.ends_with(".hpp") ? kMaxHeaderLines : kMaxSourceLines;
  if (file.num_lines <= most) return {};
  return file.path + ": " + std::to_string(file.num_lines) + " lines, at most " + std::to_string(most);
}

}  // namespace forgelm::test
