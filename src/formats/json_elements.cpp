// JSON that is not lines: one array of objects, an object with one array of objects in it, objects one after the other.
// The elements are told apart by brackets and quotes alone and then read one by one, so memory is one element and a
// block, and a broken element does not spoil the others. Layouts are told apart by content: datasets does so too, and
// people name an array .jsonl and lines .json. Trap: a file of one chat, {"messages": [{"role": ...}]}, is a row and
// not a wrapper of rows.
#include <algorithm>
#include <limits>

#include "forgelm/core/text.hpp"
#include "row_source.hpp"

namespace forgelm::formats {
namespace {

constexpr std::size_t kMaxProbedBytes = std::size_t{1} << 20;  // of a value that stands beside the rows
constexpr std::size_t kShownText = 20;

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

/// Walks over the bytes of a file with the place of the next one.
class JsonWalker {
 public:
  JsonWalker(ByteStream stream, std::size_t block_bytes)
      : stream_(std::move(stream)), block_bytes_(std::max<std::size_t>(block_bytes, 16)) {}

  /// The next byte, or nothing at the end.
  std::optional<char> peek() {
    if (at_ == buffer_.size() && !refill()) return std::nullopt;
    return buffer_[at_];
  }
  void step() { pass(1); }
  std::optional<char> skip_spaces() {
    for (auto c = peek(); c; c = peek()) {
      const auto begin = buffer_.begin() + static_cast<std::ptrdiff_t>(at_);
      const auto end = std::find_if_not(begin, buffer_.end(), is_space);
      pass(static_cast<std::size_t>(end - begin));
      if (end != buffer_.end()) return *end;
    }
    return std::nullopt;
  }

  /// Takes the value that starts here: to its last bracket or quote, or up to what ends a number or a word. With
  /// `depth` 1, the rest of a container whose opening bracket is behind us. Keeps at most `max_bytes` of it in `out`
  /// and sets `is_cut` beyond. False when the file ends first.
  bool take_value(std::string& out, std::size_t max_bytes, bool& is_cut, int depth = 0) {
    out.clear();
    is_cut = false;
    Taking taking;
    taking.depth = depth;
    while (peek()) {
      const std::size_t begin = at_;
      const std::size_t end = taking.run(buffer_, begin);
      const std::size_t kept = std::min(end - begin, max_bytes - out.size());
      is_cut = is_cut || kept < end - begin;
      out.append(buffer_, begin, kept);
      pass(end - begin);
      if (taking.is_done) return true;
    }
    return taking.is_word;
  }

  void discard_to(std::uint64_t offset) {
    while (offset_ < offset && peek())
      pass(static_cast<std::size_t>(std::min<std::uint64_t>(offset - offset_, buffer_.size() - at_)));
  }
  void discard_all() { discard_to(std::numeric_limits<std::uint64_t>::max()); }

  std::uint64_t line() const noexcept { return line_; }
  std::uint64_t column() const noexcept { return column_; }
  /// Bytes before the next one, without a byte order mark.
  std::uint64_t offset() const noexcept { return offset_; }
  ByteStream& stream() noexcept { return stream_; }
  const ByteStream& stream() const noexcept { return stream_; }
  std::uint64_t bytes_read() const noexcept { return stream_.offset() - (buffer_.size() - at_); }

 private:
  struct Taking {
    int depth = 0;
    bool is_in_string = false, is_escaped = false, is_word = false, is_done = false;

    std::size_t run(const std::string& text, std::size_t at) {
      for (; at < text.size(); ++at) {
        const char c = text[at];
        if (is_in_string) {
          if (is_escaped) is_escaped = false;
          else if (c == '\\') is_escaped = true;
          else if (c == '"' && !(is_in_string = false) && depth == 0) return is_done = true, at + 1;
        } else if (c == '"') {
          if (is_word) return is_done = true, at;
          is_in_string = true;
        } else if (c == '{' || c == '[') {
          if (is_word) return is_done = true, at;
          ++depth;
        } else if (c == '}' || c == ']') {
          if (depth == 0) return is_done = true, at;
          if (--depth == 0) return is_done = true, at + 1;
        } else if (depth == 0) {
          if (c == ',' || c == ':' || is_space(c)) return is_done = true, at;
          is_word = true;
        }
      }
      return at;
    }
  };

  bool refill() {
    buffer_.clear();
    at_ = 0;
    return stream_.read(buffer_, block_bytes_);
  }

  void pass(std::size_t num_bytes) {
    const std::string_view passed = std::string_view(buffer_).substr(at_, num_bytes);
    const auto num_lines = static_cast<std::uint64_t>(std::count(passed.begin(), passed.end(), '\n'));
    const std::string_view tail = num_lines == 0 ? passed : passed.substr(passed.rfind('\n') + 1);
    if (num_lines > 0) column_ = 1;
    line_ += num_lines;
    // Code points: bytes that do not continue one.
    column_ += static_cast<std::uint64_t>(std::count_if(tail.begin(), tail.end(), begins_character));
    offset_ += num_bytes;
    at_ += num_bytes;
  }

  ByteStream stream_;
  std::size_t block_bytes_;
  std::string buffer_;
  std::size_t at_ = 0;
  std::uint64_t offset_ = 0, line_ = 1, column_ = 1;
};

enum class Layout { lines, array, wrapped, sequence };

/// How a file of JSON is laid out; `offset`, `line` and `column` are where an inner array's elements start.
struct Shape {
  Layout layout = Layout::lines;
  std::uint64_t offset = 0, line = 1, column = 1;
};

bool is_message(const std::string& text) {
  const auto value = parse_json(text);
  return value.ok() && (value->find("role") != nullptr || value->find("from") != nullptr);
}

/// Looks through the first object of a .json file; nothing when it is not well formed.
class ObjectProbe {
 public:
  explicit ObjectProbe(JsonWalker& walker) : walker_(walker) {}

  std::optional<Shape> run() {
    if (!pass_members()) return std::nullopt;
    const bool is_on_one_line = walker_.line() == first_line_;
    const bool is_alone = !walker_.skip_spaces();
    if (is_alone && num_arrays_ == 1 && !first_is_message_) return found_;
    Shape shape;
    shape.layout = is_on_one_line ? Layout::lines : Layout::sequence;
    return shape;
  }

 private:
  bool pass_members() {
    first_line_ = walker_.line();
    walker_.step();
    if (walker_.skip_spaces() == '}') return walker_.step(), true;
    for (;;) {
      if (walker_.skip_spaces() != '"' || !pass_checked_value() || walker_.skip_spaces() != ':') return false;
      walker_.step();
      if (!(walker_.skip_spaces() == '[' ? pass_array() : pass_checked_value())) return false;
      const auto next = walker_.skip_spaces();
      if (next != ',' && next != '}') return false;
      walker_.step();
      if (next == '}') return true;
    }
  }

  bool pass_checked_value() {
    bool is_cut = false;
    return walker_.take_value(text_, kMaxProbedBytes, is_cut) && (is_cut || parse_json(text_).ok());
  }

  bool pass_array() {
    const Shape start{Layout::wrapped, walker_.offset(), walker_.line(), walker_.column()};
    walker_.step();
    bool is_cut = false;
    if (walker_.skip_spaces() == '{') {
      if (!walker_.take_value(text_, kMaxProbedBytes, is_cut)) return false;
      if (num_arrays_++ == 0) {
        found_ = start;
        first_is_message_ = !is_cut && is_message(text_);
      }
    }
    return walker_.take_value(text_, 0, is_cut, 1);
  }

  JsonWalker& walker_;
  std::string text_;
  std::uint64_t first_line_ = 1;
  int num_arrays_ = 0;
  Shape found_;
  bool first_is_message_ = false;
};

Shape shape_of(const std::filesystem::path& path, RowFileKind kind, const RowOptions& options) {
  JsonWalker walker(ByteStream(path), options.block_bytes);
  const auto first = walker.skip_spaces();
  Shape shape;
  if (first == '[') shape.layout = Layout::array;
  if (first == '{' && kind == RowFileKind::json) shape = ObjectProbe(walker).run().value_or(shape);
  return shape;
}

class JsonElements final : public RowSource {
 public:
  JsonElements(const std::filesystem::path& path, const Shape& shape, const RowOptions& options)
      : walker_(ByteStream(path, options.with_digest), options.block_bytes),
        layout_(shape.layout),
        limits_(options.limits),
        parser_(options.limits) {
    if (layout_ == Layout::wrapped) walker_.discard_to(shape.offset);
    else walker_.skip_spaces();
    if (layout_ != Layout::sequence) walker_.step();  // the opening bracket
  }

  bool next(ParsedRow& row) override {
    if (is_done_) return false;
    row.row = Row{Json(), num_given_, 0};
    row.problem.clear();
    row.hint.clear();
    if (!go_to_element(row)) return false;
    ++num_given_;
    if (row.ok()) read_element(row);
    return true;
  }
  std::uint64_t bytes_read() const noexcept override { return walker_.bytes_read(); }
  std::uint64_t size_bytes() const noexcept override { return walker_.stream().size_bytes(); }
  std::string digest_hex() override { return walker_.stream().digest_hex(); }

 private:
  /// Ends the reading: nothing behind this can be told apart.
  bool give_up(ParsedRow& row, std::string_view message) {
    row.row.line = walker_.line();
    row.problem = placed(walker_.stream().name(), walker_.line(), walker_.column(), message);
    return finish(), true;
  }

  void finish() {
    is_done_ = true;
    walker_.discard_all();
  }

  /// Steps over what stands before an element. False at the end; a broken array is a problem in `row`.
  bool go_to_element(ParsedRow& row) {
    auto c = walker_.skip_spaces();
    if (layout_ == Layout::sequence) return c ? true : (finish(), false);
    if (c == ']' && !is_behind_comma_) return close(row);
    if (num_given_ > 0 && c && !is_behind_comma_) {
      if (c != ',') return give_up(row, cat("expected ',' or ']' behind an element, found ", shown(*c)));
      walker_.step();
      is_behind_comma_ = true;
      c = walker_.skip_spaces();
    }
    if (!c) return give_up(row, "the file ends inside its array of rows");
    if (*c == ',' || *c == ']' || *c == '}' || *c == ':') return give_up(row, cat("expected a row, found ", shown(*c)));
    return true;
  }

  bool close(ParsedRow& row) {
    walker_.step();
    const auto c = layout_ == Layout::array ? walker_.skip_spaces() : std::nullopt;
    if (c) return give_up(row, cat("expected the end of the file behind its array of rows, found ", shown(*c)));
    return finish(), false;
  }

  static std::string shown(char c) { return quote(std::string_view(&c, 1), kShownText); }

  void read_element(ParsedRow& row) {
    const std::uint64_t line = walker_.line(), column = walker_.column();
    row.row.line = line;
    if (num_given_ == 1) has_texts_ = layout_ != Layout::sequence && walker_.peek() == '"';
    bool is_cut = false;
    const bool is_whole = walker_.take_value(text_, limits_.max_row_bytes, is_cut);
    is_behind_comma_ = false;
    const auto& name = walker_.stream().name();
    if (is_cut) {
      row.problem = placed(name, line, column, too_long_message(limits_));
    } else if (!is_whole) {
      row.problem = placed(name, line, column, "the file ends inside this row");
    } else if (text_.empty()) {
      give_up(row, cat("expected a row, found ", shown(walker_.peek().value_or(' '))));
    } else {
      const std::size_t size = text_.size();
      text_.append(kJsonPadding, ' ');
      JsonRowProblem problem;
      if (parser_.parse(std::string_view(text_).substr(0, size), row.row.value, problem, has_texts_)) return;
      row.problem = placed(name, line + problem.line, problem.line == 0 ? column + problem.column - 1 : problem.column,
                           problem.message);
      row.hint = std::move(problem.hint);
    }
    row.row.value = Json();
    if (!is_whole) finish();
  }

  JsonWalker walker_;
  Layout layout_;
  RowLimits limits_;
  JsonRowParser parser_;
  std::string text_;
  std::uint64_t num_given_ = 0;
  bool is_behind_comma_ = false;
  bool has_texts_ = false;  ///< the array's first element is a text
  bool is_done_ = false;
};

}  // namespace

std::unique_ptr<RowSource> open_json_elements(const std::filesystem::path& path, RowFileKind kind,
                                              const RowOptions& options) {
  const Shape shape = shape_of(path, kind, options);
  if (shape.layout == Layout::lines) return nullptr;
  return std::make_unique<JsonElements>(path, shape, options);
}

}  // namespace forgelm::formats
