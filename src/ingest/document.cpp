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

int PlaceFinder::page(std::size_t at) {
  const auto& pages = document_.pages;
  while (next_page_ < pages.size() && (pages[next_page_].at <= at || page_ == 0)) page_ = pages[next_page_++].page;
  return page_;
}

const std::vector<std::string_view>& PlaceFinder::headings(std::size_t at) {
  for (; next_heading_ < document_.headings.size() && document_.headings[next_heading_].at <= at; ++next_heading_) {
    const Heading& heading = document_.headings[next_heading_];
    while (!levels_.empty() && levels_.back() >= heading.level) {
      levels_.pop_back();
      words_.pop_back();
    }
    levels_.push_back(heading.level);
    words_.push_back(heading.words);
  }
  return words_;
}

}  // namespace forgelm::ingest
