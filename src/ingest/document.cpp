#include "document.hpp"

namespace forgelm::ingest {
namespace {

/// Moves offsets that come in rising order from the old text to the new one.
class Mover {
 public:
  explicit Mover(std::span<const Edit> edits) : edits_(edits) {}

  std::size_t moved(std::size_t at) {
    while (next_ < edits_.size() && edits_[next_].end <= at) {
      removed_ += edits_[next_].end - edits_[next_].begin;
      added_ += edits_[next_].replacement.size();
      ++next_;
    }
    const bool is_inside = next_ < edits_.size() && edits_[next_].begin < at;
    return (is_inside ? edits_[next_].begin : at) - removed_ + added_;
  }

 private:
  std::span<const Edit> edits_;
  std::size_t next_ = 0;
  std::size_t removed_ = 0;
  std::size_t added_ = 0;
};

}  // namespace

void apply_edits(Document& document, std::span<const Edit> edits) {
  if (edits.empty()) return;
  std::string text;
  text.reserve(document.text.size());
  std::size_t at = 0;
  for (const Edit& edit : edits) {
    text.append(document.text, at, edit.begin - at);
    text += edit.replacement;
    at = edit.end;
  }
  text.append(document.text, at);
  Mover pages(edits), headings(edits);
  for (PageStart& page : document.pages) page.at = pages.moved(page.at);
  for (Heading& heading : document.headings) heading.at = headings.moved(heading.at);
  document.text = std::move(text);
}

int page_at(const Document& document, std::size_t at) noexcept {
  int page = 0;
  for (const PageStart& start : document.pages) {
    if (start.at > at && page != 0) break;
    page = start.page;
  }
  return page;
}

std::vector<std::string> heading_path_at(const Document& document, std::size_t at) {
  std::vector<const Heading*> path;
  for (const Heading& heading : document.headings) {
    if (heading.at > at) break;
    while (!path.empty() && path.back()->level >= heading.level) path.pop_back();
    path.push_back(&heading);
  }
  std::vector<std::string> words;
  for (const Heading* heading : path) words.push_back(heading->words);
  return words;
}

}  // namespace forgelm::ingest
