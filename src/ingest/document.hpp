// The text of one document with what is known of places in it: where pages begin and where headings stand. Whatever
// changes the text goes through apply_edits, so that these places stay right.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace forgelm::ingest {

/// A page that begins at byte `at`; pages count from 1, as readers of a document do.
struct PageStart {
  std::size_t at = 0;
  int page = 0;
};

/// A heading at byte `at`, of level 1 (highest) to 6, with its words alone.
struct Heading {
  std::size_t at = 0;
  int level = 1;
  std::string words;
};

struct Document {
  std::string text;               ///< valid UTF-8, lines end with "\n"
  std::vector<PageStart> pages;   ///< in order; empty where a format has no pages
  std::vector<Heading> headings;  ///< in order
};

/// Bytes [begin, end) of a text give way to `replacement`.
struct Edit {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::string_view replacement;
};

/// `edits` are in order and do not overlap. A place inside of what is taken out moves to where that stood.
void apply_edits(Document& document, std::span<const Edit> edits);

/// Tells where places of a document stand, asked for in rising order, so that all of them cost what one does.
class PlaceFinder {
 public:
  /// `document` outlives this.
  explicit PlaceFinder(const Document& document) : document_(document) {}

  /// The page that byte `at` stands on; 0 when there are no pages.
  int page(std::size_t at);
  /// The words of the headings that byte `at` stands under, the highest first. They hold until the next call.
  const std::vector<std::string_view>& headings(std::size_t at);

 private:
  const Document& document_;
  std::size_t next_page_ = 0, next_heading_ = 0;
  int page_ = 0;
  std::vector<int> levels_;
  std::vector<std::string_view> words_;
};

}  // namespace forgelm::ingest
