// Splitters find where rows end in a stream of bytes, without looking into them more than that takes. They see every
// byte once, in pieces of any size, and give the same ends whatever the pieces. A row that is not blank counts.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "forgelm/formats/rows.hpp"

namespace forgelm::formats {

class Splitter {
 public:
  struct Ends {
    std::size_t first = std::string_view::npos;  ///< behind the first row that ends in the piece, blank or not
    bool first_has_content = false;              ///< that row is not blank
    std::size_t last = std::string_view::npos;   ///< behind the last one
    std::uint64_t num_rows = 0;                  ///< rows that end in the piece and are not blank
  };
  virtual ~Splitter();
  virtual Ends scan(std::string_view piece) = 0;
  /// Whether anything but blanks stands behind the last end: what makes the rest of the file a row.
  virtual bool has_content() const noexcept = 0;
};

/// Lines; a line is blank when it holds only spaces, tabs and carriage returns.
std::unique_ptr<Splitter> make_line_splitter();
/// CSV records by csv_machine.hpp.
std::unique_ptr<Splitter> make_csv_splitter(char delimiter);
/// Text up to a blank line (TextRows::paragraph), or all of it (TextRows::document).
std::unique_ptr<Splitter> make_paragraph_splitter();
std::unique_ptr<Splitter> make_document_splitter();

inline bool is_blank_in_line(char c) noexcept { return c == ' ' || c == '\t' || c == '\r'; }

}  // namespace forgelm::formats
