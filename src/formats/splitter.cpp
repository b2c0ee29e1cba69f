#include "splitter.hpp"

#include <algorithm>
#include <cstring>

#include "csv_machine.hpp"

namespace forgelm::formats {
namespace {

/// Notes that a row ends before `end`, and starts the next one.
void end_row(Splitter::Ends& ends, std::size_t end, bool& has_content) {
  if (ends.first == std::string_view::npos) {
    ends.first = end;
    ends.first_has_content = has_content;
  }
  ends.last = end;
  ends.num_rows += has_content ? 1 : 0;
  has_content = false;
}

class LineSplitter final : public Splitter {
 public:
  Ends scan(std::string_view piece) override {
    Ends ends;
    for (std::size_t begin = 0; begin < piece.size();) {
      const std::size_t found = piece.find('\n', begin);
      const std::size_t end = found == std::string_view::npos ? piece.size() : found;
      for (std::size_t i = begin; i < end && !has_content_; ++i) has_content_ = !is_blank_in_line(piece[i]);
      if (found == std::string_view::npos) break;
      begin = end + 1;
      end_row(ends, begin, has_content_);
    }
    return ends;
  }
  bool has_content() const noexcept override { return has_content_; }

 private:
  bool has_content_ = false;
};

/// Quoted parts, which may be long, are jumped over; a record is blank when it has one cell and that holds only blanks
/// and no quotes.
class CsvSplitter final : public Splitter {
 public:
  explicit CsvSplitter(char delimiter) { machine_.delimiter = delimiter; }

  Ends scan(std::string_view piece) override {
    Ends ends;
    for (std::size_t i = 0; i < piece.size(); ++i) {
      if (machine_.state == CsvState::in_quotes) {
        i = std::min(piece.find('"', i), piece.size());
        if (i == piece.size()) break;
      }
      const char c = piece[i];
      if (machine_.step(c) == CsvAction::end_record) {
        end_row(ends, i + 1, has_content_);
      } else if ((c != ' ' && c != '\t') || c == machine_.delimiter) {
        has_content_ = true;
      }
    }
    return ends;
  }
  bool has_content() const noexcept override { return has_content_; }

 private:
  CsvMachine machine_;
  bool has_content_ = false;
};

class ParagraphSplitter final : public Splitter {
 public:
  Ends scan(std::string_view piece) override {
    Ends ends;
    for (std::size_t begin = 0; begin < piece.size();) {
      const std::size_t found = piece.find('\n', begin);
      const std::size_t end = found == std::string_view::npos ? piece.size() : found;
      for (std::size_t i = begin; i < end && !line_has_content_; ++i) line_has_content_ = !is_blank_in_line(piece[i]);
      has_content_ = has_content_ || line_has_content_;
      if (found == std::string_view::npos) break;
      begin = end + 1;
      if (!line_has_content_) end_row(ends, begin, has_content_);
      line_has_content_ = false;
    }
    return ends;
  }
  bool has_content() const noexcept override { return has_content_; }

 private:
  bool line_has_content_ = false;
  bool has_content_ = false;
};

class DocumentSplitter final : public Splitter {
 public:
  Ends scan(std::string_view piece) override {
    has_content_ = has_content_ ||
                   !std::all_of(piece.begin(), piece.end(), [](char c) { return c == '\n' || is_blank_in_line(c); });
    return {};
  }
  bool has_content() const noexcept override { return has_content_; }

 private:
  bool has_content_ = false;
};

}  // namespace

Splitter::~Splitter() = default;
std::unique_ptr<Splitter> make_line_splitter() { return std::make_unique<LineSplitter>(); }
std::unique_ptr<Splitter> make_csv_splitter(char delimiter) { return std::make_unique<CsvSplitter>(delimiter); }
std::unique_ptr<Splitter> make_paragraph_splitter() { return std::make_unique<ParagraphSplitter>(); }
std::unique_ptr<Splitter> make_document_splitter() { return std::make_unique<DocumentSplitter>(); }

}  // namespace forgelm::formats
