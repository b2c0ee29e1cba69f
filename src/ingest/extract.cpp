#include "extract.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "forgelm/core/text.hpp"
#include "markdown.hpp"
#include "text_file.hpp"

namespace forgelm::ingest {
namespace {

constexpr double kMaxReplaced = 0.01;

using Extractor = Document (*)(const std::filesystem::path& path, const Reading& reading, FileReport& report);

struct Format {
  const char* ending;
  Extractor extract;
};

Document extract_text(const std::filesystem::path& path, const Reading& reading, FileReport& report) {
  Document document{read_text_file(path, reading.codec), {}, {}};
  const double replaced = replacement_share(document.text);
  if (replaced > kMaxReplaced) {
    std::array<char, 32> percent{};
    std::snprintf(percent.data(), percent.size(), "%.1f", 100 * replaced);
    report.warnings.push_back(cat(quote(report.path), ": ", percent.data(),
                                  " % of the characters are U+FFFD: it is not a text, or not in this encoding "
                                  "(--input-encoding names another one)"));
  }
  return document;
}

Document extract_markdown(const std::filesystem::path& path, const Reading& reading, FileReport& report) {
  Document document = extract_text(path, reading, report);
  if (!reading.keeps_front_matter) document.text.erase(0, front_matter_size(document.text));
  document.headings = markdown_headings(document.text);
  return document;
}

constexpr std::array<Format, 2> kFormats = {{{".txt", extract_text}, {".md", extract_markdown}}};

}  // namespace

const std::vector<std::string>& supported_endings() {
  static const std::vector<std::string> endings = [] {
    std::vector<std::string> all;
    for (const Format& format : kFormats) all.emplace_back(format.ending);
    return all;
  }();
  return endings;
}

std::string ending_of(const std::filesystem::path& path) { return ascii_lower(path.extension().native()); }

Document extract(const std::filesystem::path& path, const Reading& reading, FileReport& report) {
  const std::string ending = ending_of(path);
  const auto format =
      std::find_if(kFormats.begin(), kFormats.end(), [&](const Format& entry) { return ending == entry.ending; });
  return format->extract(path, reading, report);
}

}  // namespace forgelm::ingest
