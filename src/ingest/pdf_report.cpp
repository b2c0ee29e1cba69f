#include "pdf_report.hpp"

#include <array>
#include <charconv>
#include <cstdint>

#include "forgelm/core/error.hpp"
#include "forgelm/core/progress.hpp"
#include "forgelm/core/text.hpp"
#include "forgelm/core/version.hpp"
#include "forgelm/pdf_text/protocol.hpp"

namespace forgelm::ingest {
namespace {

constexpr std::size_t kMaxTextBytes = std::size_t{48} << 20;
constexpr std::size_t kMaxLineBytes = 256;

[[noreturn]] void fail(const std::string& message, std::string hint = {}) {
  throw RunError(RunErrorKind::data, message, std::move(hint));
}
[[noreturn]] void fail_as_nonsense() { fail("its reader said what cannot be understood"); }

/// The report as lines and runs of bytes.
class Listener {
 public:
  explicit Listener(const MoreBytes& more) : more_(more) {}

  std::string line() {
    std::size_t end = buffer_.find('\n', at_);
    while (end == std::string::npos) {
      if (buffer_.size() - at_ > kMaxLineBytes) fail_as_nonsense();
      read_more();
      end = buffer_.find('\n', at_);
    }
    std::string line = buffer_.substr(at_, end - at_);
    at_ = end + 1;
    return line;
  }
  std::string bytes(std::size_t count) {
    while (buffer_.size() - at_ < count) read_more();
    at_ += count;
    return buffer_.substr(at_ - count, count);
  }

 private:
  void read_more() {
    buffer_.erase(0, at_);
    at_ = 0;
    more_(buffer_);
  }

  const MoreBytes& more_;
  std::string buffer_;
  std::size_t at_ = 0;  ///< what is before was given out
};

/// The `count` numbers that a line holds behind its first word, exactly.
template <std::size_t count>
std::array<std::size_t, count> numbers_of(std::string_view line) {
  std::array<std::size_t, count> numbers{};
  const char* at = line.data() + line.find(' ');
  const char* const end = line.data() + line.size();
  for (std::size_t& number : numbers) {
    if (at == end || *at != ' ') fail_as_nonsense();
    const auto [next, error] = std::from_chars(at + 1, end, number);
    if (error != std::errc()) fail_as_nonsense();
    at = next;
  }
  if (at != end) fail_as_nonsense();
  return numbers;
}

[[noreturn]] void fail_by(std::string_view line) {
  if (line == "limit time")
    fail(cat("a page, or opening it, takes more than ", pdf_text::kMaxPageMs, " ms of processor time"));
  if (line == "limit work")
    fail(cat("its pages take more than ", pdf_text::kMaxMsPerMib, " ms of processor time for each MiB of it"));
  if (line == "limit pages") fail(cat("it has more than ", pdf_text::kMaxPages, " pages"));
  if (line == "error password")
    fail("it is encrypted with a non-empty password", "decrypt it first (qpdf --decrypt) and run ingest again");
  if (line == "error format") fail("it is no PDF, or too damaged to read");
  fail_as_nonsense();
}

/// The lines behind the greeting, each of which may only come where it makes sense: so there are at most as many as
/// there may be pages.
class Report {
 public:
  explicit Report(Listener& listener) : listener_(listener) {}

  std::size_t num_pages() {
    const std::string line = listener_.line();
    if (!line.starts_with("pages ")) fail_by(line);
    return num_pages_ = numbers_of<1>(line)[0];
  }
  /// False at the end.
  bool next(PdfPages& pages) {
    const std::string line = listener_.line();
    if (line == "end") return false;
    if (line == "columns" && !pages.has_columns) {
      pages.has_columns = true;
    } else if (line.starts_with("unreadable ")) {
      pages.unreadable.push_back(page(numbers_of<1>(line)[0]));
    } else if (line.starts_with("page ")) {
      const auto [number, num_bytes] = numbers_of<2>(line);
      if (num_bytes > kMaxTextBytes - num_bytes_)
        fail(cat("it holds more than ", format_bytes(static_cast<std::int64_t>(kMaxTextBytes)), " of text"));
      num_bytes_ += num_bytes;
      const int index = page(number);
      pages.pages.push_back({index, to_valid_utf8(listener_.bytes(num_bytes))});
    } else {
      fail_by(line);
    }
    return true;
  }

 private:
  /// Pages rise.
  int page(std::size_t number) {
    if (number <= last_page_ || number > num_pages_ || number > static_cast<std::size_t>(pdf_text::kMaxPages))
      fail_as_nonsense();
    last_page_ = number;
    return static_cast<int>(number);
  }

  Listener& listener_;
  std::size_t num_pages_ = 0;
  std::size_t last_page_ = 0;
  std::size_t num_bytes_ = 0;
};

}  // namespace

PdfPages read_report(const MoreBytes& more, const std::optional<std::pair<int, int>>& range, const std::string& name) {
  Listener listener(more);
  if (listener.line() != cat(pdf_text::kGreeting, version()))
    fail(cat(pdf_text::kProgram, " is not of this forgelm, ", version()), "install all files of one build together");
  Report report(listener);
  const std::size_t num_pages = report.num_pages();
  if (range && static_cast<std::size_t>(range->first) > num_pages)
    throw ConfigError(
        cat("--page-range start (", range->first, ") exceeds PDF page count (", num_pages, ") for ", quote(name), "."));
  PdfPages pages;
  while (report.next(pages)) {
  }
  return pages;
}

}  // namespace forgelm::ingest
