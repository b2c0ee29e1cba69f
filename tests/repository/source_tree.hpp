// The project's own C++ files as data, for the tests that check the shape of the tree. Reads the checkout that the
// tests were built from, never the build folder.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace forgelm::test {

struct Include {
  std::string name;        ///< what stands between the brackets or quotes
  bool is_angled = false;  ///< <name> and not "name"
  std::size_t line = 0;    ///< counts from 1
};

struct SourceFile {
  std::string path;    ///< relative to the checkout, with '/'
  std::string module;  ///< "config" for include/forgelm/config/... and src/config/...; empty outside of a module
  bool is_public = false;
  std::vector<Include> includes;
  std::size_t num_lines = 0;
};

/// Reads one file's text; `path` is relative to the checkout and decides the module.
SourceFile parse_source(std::string_view path, std::string_view text);

/// All .hpp and .cpp files below include/ and src/, sorted by path.
std::vector<SourceFile> read_source_tree(const std::filesystem::path& checkout);

/// What `file` includes against the table of modules and the rules for third-party headers, as "path:line: why" lines.
std::vector<std::string> include_faults(const SourceFile& file);

/// "path: N lines, at most M" when the file is longer than a header or source may be; empty otherwise.
std::string size_fault(const SourceFile& file);

}  // namespace forgelm::test
