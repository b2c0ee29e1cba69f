#include "page_text.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <set>
#include <string_view>
#include <unordered_map>

#include "forgelm/core/text.hpp"
#include "forgelm/text/characters.hpp"

namespace forgelm::ingest {
namespace {

constexpr std::size_t kMinPages = 3;
constexpr double kRepeated = 0.7;
constexpr std::size_t kEdge = 3;
constexpr std::size_t kProbe = 12;  // pages of either end that may be contents
constexpr double kMaxLetters = 0.30, kMinLeaders = 0.10;
constexpr std::size_t kMinPageNumbers = 5;

std::size_t cutoff_of(std::size_t count) {
  return std::max<std::size_t>(2, static_cast<std::size_t>(std::ceil(kRepeated * static_cast<double>(count))));
}

/// "12" alone between line breaks, of at most three digits. A break ends one and cannot begin the next.
std::size_t num_bare_numbers(std::string_view text) {
  std::size_t count = 0;
  for (std::size_t at = text.find('\n'); at != std::string_view::npos; at = text.find('\n', at)) {
    std::size_t end = at + 1;
    while (end < text.size() && end - at <= 3 && is_ascii_digit(text[end])) ++end;
    if (end > at + 1 && end < text.size() && text[end] == '\n') {
      ++count;
      at = end + 1;
    } else {
      ++at;
    }
  }
  return count;
}

/// Characters in runs of three or more dots and underlines.
std::size_t num_leaders(std::string_view text) {
  std::size_t count = 0;
  for (std::size_t at = text.find_first_of("._"); at != std::string_view::npos; at = text.find_first_of("._", at)) {
    const std::size_t end = std::min(text.find_first_not_of("._", at), text.size());
    if (end - at >= 3) count += end - at;
    at = end;
  }
  return count;
}

bool is_front_matter(std::string_view text) {
  std::size_t num_inked = 0, num_letters = 0;
  for (std::size_t at = 0; at < text.size();) {
    const DecodedCodePoint point = decode_utf8(text, at);
    at += point.num_bytes;
    if (text::is_space(point.value)) continue;
    ++num_inked;
    if (text::is_alphabetic(point.value)) ++num_letters;
  }
  if (num_inked == 0) return false;
  const auto share = [&](std::size_t part) { return static_cast<double>(part) / static_cast<double>(num_inked); };
  return share(num_letters) < kMaxLetters && share(num_leaders(text)) > kMinLeaders &&
         num_bare_numbers(text) >= kMinPageNumbers;
}

/// The lines of all pages that hold text, as numbers: equal lines have the same one. A page loses lines at its ends
/// alone, so that however many go, the work is in proportion to them.
class EdgeLines {
 public:
  explicit EdgeLines(const std::vector<PageText>& pages) {
    std::unordered_map<std::string_view, std::uint32_t> numbers;
    for (const PageText& page : pages) {
      Page lines;
      for (std::string_view rest = page.text; !rest.empty();) {
        const std::string_view words = text::strip(text::take_line(rest));
        if (words.empty()) continue;
        lines.numbers.push_back(numbers.try_emplace(words, static_cast<std::uint32_t>(words_.size())).first->second);
        if (lines.numbers.back() == words_.size()) words_.push_back(words);
      }
      lines.end = lines.numbers.size();
      pages_.push_back(std::move(lines));
    }
  }

  /// Takes off what stands at the edge of `cutoff` pages; the number of lines.
  std::size_t take_frequent(std::size_t cutoff) {
    Counts firsts, lasts;
    for (const Page& page : pages_) {
      const std::size_t edge = std::min(kEdge, page.size());
      count_edge(page, page.begin, page.begin + edge, firsts);
      count_edge(page, page.end - edge, page.end, lasts);
    }
    std::size_t num_taken = 0;
    for (Page& page : pages_) {
      const std::size_t before = page.size();
      page.take_first(firsts, cutoff);
      page.take_last(lasts, cutoff);
      num_taken += before - page.size();
    }
    return num_taken;
  }

  /// What is left of a page, "" when nothing is.
  std::string text(std::size_t index) const {
    const Page& page = pages_[index];
    std::string out;
    for (std::size_t i = page.begin; i < page.end; ++i) {
      if (i > page.begin) out += '\n';
      out += words_[page.numbers[i]];
    }
    return out;
  }

 private:
  using Counts = std::unordered_map<std::uint32_t, std::size_t>;

  static bool is_frequent(const Counts& counts, std::uint32_t line, std::size_t cutoff) {
    const auto found = counts.find(line);
    return found != counts.end() && found->second >= cutoff;
  }

  struct Page {
    std::vector<std::uint32_t> numbers;
    std::size_t begin = 0, end = 0;  ///< of `numbers`: what is left

    std::size_t size() const { return end - begin; }
    /// Of the first lines those that stay move up to the rest.
    void take_first(const Counts& counts, std::size_t cutoff) {
      std::size_t to = std::min(begin + kEdge, end);
      for (std::size_t i = to; i-- > begin;)
        if (!is_frequent(counts, numbers[i], cutoff)) numbers[--to] = numbers[i];
      begin = to;
    }
    void take_last(const Counts& counts, std::size_t cutoff) {
      std::size_t to = end - std::min(kEdge, size());
      for (std::size_t i = to; i < end; ++i)
        if (!is_frequent(counts, numbers[i], cutoff)) numbers[to++] = numbers[i];
      end = to;
    }
  };

  /// Every line once.
  static void count_edge(const Page& page, std::size_t begin, std::size_t end, Counts& counts) {
    for (std::size_t i = begin; i < end; ++i) {
      const auto first = page.numbers.begin() + static_cast<std::ptrdiff_t>(begin);
      const auto here = page.numbers.begin() + static_cast<std::ptrdiff_t>(i);
      if (std::find(first, here, *here) == here) ++counts[*here];
    }
  }

  std::vector<std::string_view> words_;  ///< by number
  std::vector<Page> pages_;
};

std::set<std::string, std::less<>> frequent(const std::map<std::string, std::size_t, std::less<>>& counts,
                                            std::size_t cutoff) {
  std::set<std::string, std::less<>> lines;
  for (const auto& [line, count] : counts)
    if (count >= cutoff) lines.insert(line);
  return lines;
}

}  // namespace

std::vector<int> drop_front_matter(std::vector<PageText>& pages) {
  std::vector<int> dropped;
  std::size_t first = 0;
  while (first < std::min(kProbe, pages.size()) && is_front_matter(pages[first].text)) ++first;
  std::size_t last = pages.size();
  while (last > first && pages.size() - last < kProbe && is_front_matter(pages[last - 1].text)) --last;
  for (std::size_t i = 0; i < pages.size(); ++i)
    if (i < first || i >= last) dropped.push_back(pages[i].page);
  pages.erase(pages.begin() + static_cast<std::ptrdiff_t>(last), pages.end());
  pages.erase(pages.begin(), pages.begin() + static_cast<std::ptrdiff_t>(first));
  return dropped;
}

std::size_t strip_page_edges(std::vector<PageText>& pages) {
  if (pages.size() < kMinPages) return 0;
  EdgeLines lines(pages);
  std::size_t total = 0;
  for (std::size_t taken = 1; taken > 0; total += taken) taken = lines.take_frequent(cutoff_of(pages.size()));
  std::vector<PageText> kept;
  for (std::size_t i = 0; i < pages.size(); ++i)
    if (std::string text = lines.text(i); !text.empty()) kept.push_back({pages[i].page, std::move(text)});
  pages = std::move(kept);
  return total;
}

Document join_pages(const std::vector<PageText>& pages) {
  Document document;
  for (const PageText& page : pages) {
    if (!document.pages.empty()) document.text += "\n\n";
    document.pages.push_back({document.text.size(), page.page});
    document.text += page.text;
  }
  return document;
}

std::size_t strip_block_headers(Document& document) {
  constexpr std::string_view kBetween = "\n\n";
  const std::string_view text = document.text;
  std::vector<std::string_view> blocks;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(kBetween, begin), text.size());
    blocks.push_back(text.substr(begin, end - begin));
    begin = end + kBetween.size();
  }
  if (blocks.size() < kMinPages) return 0;
  std::map<std::string, std::size_t, std::less<>> counts;
  std::size_t num_blocks = 0;
  for (const std::string_view block : blocks) {
    if (text::is_blank(block)) continue;
    ++num_blocks;
    std::string_view rest = text::strip(block);
    ++counts[std::string(text::strip(text::take_line(rest)))];
  }
  const auto repeated = frequent(counts, cutoff_of(num_blocks));
  if (repeated.empty()) return 0;
  std::vector<Edit> edits;
  std::size_t num_taken = 0;
  for (const std::string_view block : blocks) {
    if (text::is_blank(block)) continue;
    const auto lines = text::split_lines(block);
    std::size_t first = 0;
    while (first < lines.size() && repeated.find(text::strip(lines[first])) != repeated.end()) ++first;
    if (first == 0) continue;
    num_taken += first;
    const auto begin = static_cast<std::size_t>(block.data() - text.data());
    const std::size_t end =
        first == lines.size() ? begin + block.size() : static_cast<std::size_t>(lines[first].data() - text.data());
    edits.push_back({begin, end, {}});
  }
  apply_edits(document, edits);
  return num_taken;
}

}  // namespace forgelm::ingest
